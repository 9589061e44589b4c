"""Share: how many of the rows that could be judged have a property."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; ``Share()`` is empty.

    Examples
    --------
    >>> Share(1, 4).merge(Share(0, 4)).value, Share().value
    (0.125, nan)
    """

    part: int = 0
    whole: int = 0

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides."""
        return type(self)(self.part + other.part, self.whole + other.whole)

    @property
    def value(self) -> float:
        """In [0, 1]; ``nan`` when empty."""
        return self.part / self.whole if self.whole else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**data)
