"""Tally: exact counts of categories, bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from monitoring_core.errors import IncompatibleStatesError

CAPACITY: Final = 2048
"""Distinct values listed one by one; a column with more is free text, not a set of categories."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Exact counts by category, with everything beyond a capacity in one overflow count.

    Categories in `known` (those of the baseline) are always counted one by one. The others are, until
    there are more than `CAPACITY` of them; then all of them together move to `other`. Whether that
    happens depends only on the rows, never on their order or on how they were split, so merging stays
    associative and every count stays exact.

    ``Tally()`` is empty; ``Tally(known=...)`` is the empty element for those categories.

    Attributes
    ----------
    counts : mapping of str to int
        Only positive counts.
    other : int
        Values of unlisted categories.
    known : frozenset of str
        Categories that never move to `other`.

    Examples
    --------
    >>> left, right = Tally.of(["a", "b", "a"]), Tally.of(["b"])
    >>> dict(left.merge(right).counts)
    {'a': 2, 'b': 2}
    >>> many = Tally.of((str(i) for i in range(3000)), known=frozenset({"7"}))
    >>> dict(many.counts), many.other, many.total
    ({'7': 1}, 2999, 3000)
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: Iterable[str], known: frozenset[str] = frozenset()) -> Self:
        """Count values."""
        return cls.from_counts(Counter(values), known)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], known: frozenset[str] = frozenset(), other: int = 0) -> Self:
        """Make a tally of counts, moving what exceeds the capacity to `other`."""
        positive = {key: count for key, count in counts.items() if count}
        unlisted = positive.keys() - known
        if not other and len(unlisted) <= CAPACITY:
            return cls(positive, 0, known)
        kept = {key: count for key, count in positive.items() if key in known}
        return cls(kept, other + sum(positive[key] for key in unlisted), known)

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides.

        Raises
        ------
        IncompatibleStatesError
            If the known categories differ.
        """
        if self.known != other.known:
            raise IncompatibleStatesError(
                "tallies know different categories",
                expected=f"{len(self.known)} known",
                got=f"{len(other.known)} known",
            )
        if not self.counts and not other.counts:
            return type(self)({}, self.other + other.other, self.known)
        summed = dict(self.counts)
        for key, count in other.counts.items():
            summed[key] = summed.get(key, 0) + count
        return self.from_counts(summed, self.known, self.other + other.other)

    @property
    def total(self) -> int:
        """All values counted."""
        return sum(self.counts.values()) + self.other

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"counts": dict(self.counts), "other": self.other, "known": sorted(self.known)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(dict(data["counts"]), data["other"], frozenset(data["known"]))
