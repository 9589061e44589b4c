"""What one question to the account came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How good the news is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    advice : str
        What to do; empty where there is nothing to do.
    """

    level: Level
    about: str
    found: str
    advice: str = ""


def ok(about: str, found: str) -> Finding:
    """Return good news."""
    return Finding(Level.OK, about, found)


def warning(about: str, found: str, advice: str) -> Finding:
    """Return what may be meant so."""
    return Finding(Level.WARNING, about, found, advice)


def failed(about: str, found: str, advice: str) -> Finding:
    """Return what will not work."""
    return Finding(Level.FAILED, about, found, advice)


def unknown(about: str, found: str, advice: str) -> Finding:
    """Return what could not be found out."""
    return Finding(Level.UNKNOWN, about, found, advice)
