"""GroupTally: rows counted by facet x group x label x predicted label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

MAX_FACETS: Final = 1_000
MAX_GROUPS: Final = 100_000
"""More values of a facet, or groups, than these are no categories any more: that axis is then left out."""


class Cell(NamedTuple):
    """What the rows of one count have in common; every value is the name of a level."""

    facet: str
    group: str
    label: str
    predicted: str


class Levels(NamedTuple):
    """One column as codes into names."""

    codes: NDArray[np.integer[Any]]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class GroupTally:
    """Exact counts by `Cell`; ``GroupTally()`` is empty.

    With more than `MAX_FACETS` facets or `MAX_GROUPS` groups that axis is left out (its level is ``""``), and named
    in `dropped`. Whether that happens depends only on the rows, so merging stays associative.

    Attributes
    ----------
    counts : mapping of Cell to int
        Only positive counts.
    dropped : frozenset of str
        ``facet`` or ``group``.

    Examples
    --------
    >>> left = GroupTally({Cell("d", "", "1", "1"): 2})
    >>> right = GroupTally({Cell("d", "", "1", "1"): 1, Cell("a", "", "0", "1"): 4})
    >>> left.merge(right).counts[Cell("d", "", "1", "1")], left.merge(right).rows
    (3, 7)
    """

    counts: Mapping[Cell, int] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    @classmethod
    def of(cls, facet: Levels, group: Levels, label: Levels, predicted: Levels) -> Self:
        """Count rows, given as one code per row and column."""
        columns = (facet, group, label, predicted)
        shape = tuple(len(column.names) for column in columns)
        if not facet.codes.size:
            return cls()
        size = int(np.prod(shape, dtype=np.int64))
        flat: NDArray[Any] = facet.codes.astype(np.min_scalar_type(size))
        for column in columns[1:]:
            if len(column.names) > 1:
                flat *= flat.dtype.type(len(column.names))
                flat += column.codes.astype(flat.dtype, copy=False)
        if size <= max(flat.size, 1 << 16):
            totals = np.bincount(flat, minlength=size)
            found = np.flatnonzero(totals)
            numbers = totals[found]
        else:
            found, numbers = np.unique(flat, return_counts=True)
        places = zip(*(axis.tolist() for axis in np.unravel_index(found.astype(np.int64), shape)), strict=True)
        cells = (Cell(*(c.names[i] for c, i in zip(columns, place, strict=True))) for place in places)
        return cls._bounded(zip(cells, numbers.tolist(), strict=True), frozenset())

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides."""
        summed = dict(self.counts)
        for cell, count in other.counts.items():
            summed[cell] = summed.get(cell, 0) + count
        return self._bounded(summed.items(), self.dropped | other.dropped)

    @property
    def rows(self) -> int:
        """All rows counted."""
        return sum(self.counts.values())

    @property
    def facets(self) -> tuple[str, ...]:
        """Levels of the facet in the order of their first appearance."""
        return tuple(dict.fromkeys(cell.facet for cell in self.counts))

    @classmethod
    def _bounded(cls, counts: Iterable[tuple[Cell, int]], dropped: frozenset[str]) -> Self:
        kept = dict(counts)
        if len({cell.facet for cell in kept}) > MAX_FACETS:
            dropped |= {"facet"}
        if len({cell.group for cell in kept}) > MAX_GROUPS:
            dropped |= {"group"}
        if not dropped:
            return cls(kept, dropped)
        blank = dict.fromkeys(dropped, "")
        summed: dict[Cell, int] = {}
        for cell, count in kept.items():
            rest = cell._replace(**blank)
            summed[rest] = summed.get(rest, 0) + count
        return cls(summed, dropped)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"counts": [[*cell, count] for cell, count in self.counts.items()], "dropped": sorted(self.dropped)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        counts = {Cell(facet, group, label, predicted): n for facet, group, label, predicted, n in data["counts"]}
        return cls(counts, frozenset(data["dropped"]))
