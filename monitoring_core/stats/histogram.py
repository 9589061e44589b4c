"""Histogram: exact counts of numbers at edges that the baseline fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import IncompatibleStatesError


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:  # noqa: PLW1641 - arrays have no hash
    """Cumulative counts at fixed edges, on both sides of every edge.

    A tie with an edge is decided by counting it twice over: `below` counts values strictly smaller
    than the edge, `through` counts values smaller or equal. So the empirical distribution function is
    known exactly at every edge from the left and from the right, also for discrete columns, and the
    largest difference to a distribution that jumps only at the edges is exact.

    ``Histogram.of(np.empty(0), edges)`` is the empty element for those edges.

    Attributes
    ----------
    edges : ndarray of float64, shape (n_edges,)
        Strictly increasing.
    below, through : ndarray of int64, shape (n_edges,)
        Values ``< edge`` and ``<= edge``.
    total : int
        Values counted, those beyond the last edge included.

    Examples
    --------
    >>> h = Histogram.of(np.array([1.0, 1.0, 2.0, 9.0]), np.array([1.0, 2.0]))
    >>> h.below.tolist(), h.through.tolist(), h.total
    ([0, 2], [2, 3], 4)
    >>> h.merge(h).through.tolist()
    [4, 6]
    """

    edges: NDArray[np.float64]
    below: NDArray[np.int64]
    through: NDArray[np.int64]
    total: int

    @classmethod
    def of(cls, ordered: NDArray[np.float64], edges: NDArray[np.float64]) -> Self:
        """Count values that are already sorted (one sort serves every statistic of a column)."""
        return cls(
            edges,
            np.searchsorted(ordered, edges, side="left").astype(np.int64),
            np.searchsorted(ordered, edges, side="right").astype(np.int64),
            int(ordered.size),
        )

    @classmethod
    def of_weighted(cls, values: ArrayLike, weights: ArrayLike) -> Self:
        """Histogram of weighted values on their own distinct values as edges.

        Examples
        --------
        >>> h = Histogram.of_weighted([2.0, 1.0, 2.0], [1, 4, 1])
        >>> h.edges.tolist(), h.through.tolist()
        ([1.0, 2.0], [4, 6])
        """
        edges, index = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)
        at = np.zeros(edges.size, dtype=np.int64)
        np.add.at(at, index, np.asarray(weights, dtype=np.int64))
        through = np.cumsum(at)
        return cls(edges, through - at, through, int(at.sum()))

    def thinned(self, limit: int) -> Self:
        """Return the same counts at `limit` edges at most, equally far apart in rank; the first and the last stay.

        Examples
        --------
        >>> Histogram.of_weighted(range(100), [1] * 100).thinned(5).edges.tolist()
        [0.0, 24.0, 49.0, 74.0, 99.0]
        """
        if self.edges.size <= limit:
            return self
        kept = np.unique(np.searchsorted(self.through, np.linspace(0, self.through[-1], limit)))
        return type(self)(self.edges[kept], self.below[kept], self.through[kept], self.total)

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides.

        Raises
        ------
        IncompatibleStatesError
            If the edges differ.
        """
        if self.edges is not other.edges and not np.array_equal(self.edges, other.edges):
            raise IncompatibleStatesError(
                "histograms have different edges", expected=f"{self.edges.size} edges", got=f"{other.edges.size} edges"
            )
        return type(self)(self.edges, self.below + other.below, self.through + other.through, self.total + other.total)

    def bins(self, cuts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return counts between the edges at the positions `cuts`: bins open on the left, closed on the right.

        Examples
        --------
        >>> Histogram.of(np.array([1.0, 1.0, 2.0, 9.0]), np.array([1.0, 2.0])).bins(np.array([0, 1])).tolist()
        [2, 1, 1]
        """
        inner = self.through[cuts]
        return np.diff(np.concatenate([[0], inner, [self.total]])).astype(np.int64)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and self.total == other.total
            and np.array_equal(self.edges, other.edges)
            and np.array_equal(self.below, other.below)
            and np.array_equal(self.through, other.through)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "edges": self.edges.tolist(),
            "below": self.below.tolist(),
            "through": self.through.tolist(),
            "total": self.total,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            np.asarray(data["edges"], dtype=np.float64),
            np.asarray(data["below"], dtype=np.int64),
            np.asarray(data["through"], dtype=np.int64),
            data["total"],
        )
