"""The algebra: what a mergeable statistic is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Protocol, Self, TypeVar


class Mergeable(Protocol):
    """A statistic of rows that can be computed in parts.

    ``merge`` is associative and commutative and changes neither side. Each class documents its
    empty element, for which ``empty.merge(x) == x``.
    """

    def merge(self, other: Self, /) -> Self:
        """Return the statistic of both sides' rows together."""
        ...


M = TypeVar("M", bound=Mergeable)


def merge_all(parts: Iterable[M], empty: M) -> M:
    """Merge any number of parts, in order.

    Examples
    --------
    >>> from monitoring_core.stats.type_counts import TypeCounts
    >>> merge_all([TypeCounts(integral=2), TypeCounts(integral=3)], TypeCounts()).integral
    5
    >>> merge_all([], TypeCounts()).present
    0
    """
    return reduce(lambda left, right: left.merge(right), parts, empty)
