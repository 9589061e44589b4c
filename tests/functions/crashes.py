"""Functions that are killed between any two writes."""

from __future__ import annotations

from dataclasses import dataclass


class CrashError(Exception):
    """The function is killed."""


@dataclass
class Killer:
    """Kills the function before or after its n-th write."""

    left: int = -1

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise CrashError
