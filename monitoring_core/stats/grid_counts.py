"""GridCounts: counts of numbers by class, exact while the distinct numbers are few, on a fine grid beyond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError

CAPACITY: Final = 4096
"""Cells of a grid: 100 kB for two classes, and an area under the curve that is off by less than 0.0003."""

FINEST: Final = 1022
"""Cells of the finest grid are ``2 ** -1022`` wide."""

_FIRST_TRIED: Final = 16
_COARSEST: Final = -1022

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GridCounts:  # noqa: PLW1641 - arrays have no hash
    r"""Rows by number and class.

    Up to `capacity` distinct numbers are counted one by one. When there are more, every number moves to
    the lower end of its cell on the grid of width :math:`2^{-k}`, for the largest k (at most `FINEST`) that
    leaves no more than `capacity` cells occupied. A cell of one grid is exactly two cells of the next
    finer one, so k depends only on the rows, never on their order or on how they were split, and merging
    is associative. The grid adapts to any range: no edges have to be known.

    ``GridCounts.empty(classes)`` is the empty element.

    Attributes
    ----------
    values : ndarray of float64, shape (n_cells,)
        Strictly increasing: the numbers themselves, or the lower ends of their cells.
    counts : ndarray of int64, shape (n_cells, n_classes)
        Rows of each class.
    level : int or None
        k; None where every number is exact.
    capacity : int or None
        None never leaves exactness, at the price of unbounded size.

    Examples
    --------
    >>> scores, classes = np.array([0.1, 0.7, 0.7]), np.array([0, 1, 0])
    >>> state = GridCounts.of(scores, classes, 2)
    >>> state.values.tolist(), state.counts.tolist()
    ([0.1, 0.7], [[1, 0], [1, 1]])
    >>> coarse = GridCounts.of(np.array([0.1, 0.4, 0.6, 0.7]), np.zeros(4, dtype=np.intp), 1, capacity=3)
    >>> coarse.values.tolist(), coarse.width
    ([0.0, 0.25, 0.5], 0.25)
    """

    values: Floats
    counts: NDArray[np.int64]
    level: int | None = None
    capacity: int | None = CAPACITY

    @classmethod
    def empty(cls, classes: int, capacity: int | None = CAPACITY) -> Self:
        """Return the counts of no rows."""
        return cls(np.empty(0), np.empty((0, classes), dtype=np.int64), None, capacity)

    @classmethod
    def of(
        cls, numbers: Floats, classes: NDArray[np.integer[Any]], n_classes: int, *, capacity: int | None = CAPACITY
    ) -> Self:
        """Count finite numbers, each with the index of its class."""
        if not numbers.size:
            return cls.empty(n_classes, capacity)
        level, cells = _fit(_distinct(np.sort(numbers)), None, capacity)
        index = np.searchsorted(cells, _floor(numbers, level))
        counts = np.bincount(index * n_classes + classes, minlength=cells.size * n_classes)
        return cls(cells, counts.reshape(cells.size, n_classes).astype(np.int64), level, capacity)

    def merge(self, other: Self, /) -> Self:
        """Return the sum of both sides, on the finer grid that fits both.

        Raises
        ------
        IncompatibleStatesError
            If classes or capacities differ.
        """
        if (self.capacity, self.counts.shape[1]) != (other.capacity, other.counts.shape[1]):
            raise IncompatibleStatesError(
                "counts have different capacities or classes",
                expected=(self.capacity, self.counts.shape[1]),
                got=(other.capacity, other.counts.shape[1]),
            )
        common = _coarser(self.level, other.level)
        parts = [_floor(side.values, common) for side in (self, other)]
        level, cells = _fit(_distinct(np.sort(np.concatenate(parts))), common, self.capacity)
        counts = np.zeros((cells.size, self.counts.shape[1]), dtype=np.int64)
        for part, side in zip(parts, (self, other), strict=True):
            np.add.at(counts, np.searchsorted(cells, _floor(part, level)), side.counts)
        return type(self)(cells, counts, level, self.capacity)

    @property
    def width(self) -> float:
        """Width of a cell; 0 where every number is exact."""
        return 0.0 if self.level is None else 2.0**-self.level

    @property
    def total(self) -> int:
        """Rows counted."""
        return int(self.counts.sum())

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, GridCounts)
            and (self.level, self.capacity) == (other.level, other.capacity)
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.counts, other.counts)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "values": self.values.tolist(),
            "counts": self.counts.T.tolist(),
            "level": self.level,
            "capacity": self.capacity,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        counts = np.array(data["counts"], dtype=np.int64).T
        return cls(np.asarray(data["values"], dtype=np.float64), counts, data["level"], data["capacity"])


def _distinct(ordered: Floats) -> Floats:
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if ordered.size else ordered


def _floor(numbers: Floats, level: int | None) -> Floats:
    """Return the lower ends of the cells; a number too large to have a finer part is its own."""
    if level is None:
        return numbers + 0.0  # -0.0 is 0.0
    with np.errstate(over="ignore"):
        scaled = numbers * 2.0**level
        return np.where(np.isfinite(scaled), np.floor(scaled) * 2.0**-level, numbers) + 0.0


def _coarser(left: int | None, right: int | None) -> int | None:
    levels = [level for level in (left, right) if level is not None]
    return min(levels, default=None)


def _fit(distinct: Floats, level: int | None, capacity: int | None) -> tuple[int | None, Floats]:
    """Return the finest level, at most `level`, on which sorted numbers occupy no more cells than fit, and those."""
    if capacity is None or distinct.size <= capacity:
        return level, distinct
    fits, fails = _COARSEST, (FINEST if level is None else level - 1) + 1
    cells = _distinct(_floor(distinct, fits))
    tried = min(_FIRST_TRIED, fails - 1)
    while fails - fits > 1:
        finer = _distinct(_floor(distinct, tried))
        if finer.size > capacity:
            fails, distinct = tried, finer  # a grid is made of the cells of any finer one
        else:
            fits, cells = tried, finer
        tried = (fits + fails) // 2
    return fits, cells
