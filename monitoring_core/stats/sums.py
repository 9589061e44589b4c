"""Sums: named totals, the state of most business measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows, and totals by name; ``Sums()`` is empty.

    Examples
    --------
    >>> Sums(2, {"revenue": 10.0}).merge(Sums(1, {"revenue": 5.0, "cost": 1.0}))
    Sums(rows=3, totals={'revenue': 15.0, 'cost': 1.0})
    """

    rows: int = 0
    totals: Mapping[str, float] = field(default_factory=dict)

    def merge(self, other: Self, /) -> Self:
        """Add name by name."""
        names = {**self.totals, **other.totals}
        return type(self)(self.rows + other.rows, {name: self[name] + other[name] for name in names})

    def __getitem__(self, name: str) -> float:
        return self.totals.get(name, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"rows": self.rows, "totals": dict(self.totals)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["rows"], dict(data["totals"]))
