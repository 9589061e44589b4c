"""Reservoir: a bounded sample of rows that merges, and counts duplicates on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.distinct import Hashes


@dataclass(frozen=True, slots=True, eq=False)
class Reservoir:  # noqa: PLW1641 - arrays have no hash
    """The distinct rows with the smallest hashes, and how often each occurs; ``Reservoir.empty(...)`` is empty.

    A row's priority is the hash of its content, so which rows are kept depends on the rows alone: not on
    their order, and not on how they were split. Whatever is among the smallest of all is among the
    smallest of its part, so counts stay exact and merging is associative and commutative. Rows that do not
    repeat are a simple random sample; equal rows are kept or left together, with their count as weight.

    Attributes
    ----------
    capacity : int
        Distinct rows kept at most.
    hashes : ndarray of uint64, shape (k,)
        Increasing.
    counts : ndarray of int64, shape (k,)
        How often each row occurs, exactly.
    rows : ndarray of float64, shape (k, d)
        The rows; with d = 0 only their hashes are kept.

    Examples
    --------
    >>> from monitoring_core.stats.distinct import hash_texts
    >>> sample = Reservoir.of(hash_texts(["x", "y", "x", "z"]), capacity=2)
    >>> sample.merge(sample).counts.tolist() == [2 * count for count in sample.counts.tolist()]
    True
    >>> Reservoir.of(hash_texts(["x", "y", "x", "z"]), capacity=9).duplicates
    (1, 4)
    """

    capacity: int
    hashes: Hashes
    counts: NDArray[np.int64]
    rows: NDArray[np.float64]

    @classmethod
    def empty(cls, *, capacity: int, width: int = 0) -> Self:
        """Sample of no rows."""
        return cls.of(np.empty(0, dtype=np.uint64), np.empty((0, width)), capacity=capacity)

    @classmethod
    def of(cls, hashes: Hashes, rows: NDArray[np.float64] | None = None, *, capacity: int) -> Self:
        """Sample rows, given the hash of each row's content."""
        kept, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        first, counts = first[:capacity], counts[:capacity].astype(np.int64)
        values = np.empty((first.size, 0)) if rows is None else rows[first]
        return cls(capacity, kept[:capacity], counts, values)

    def merge(self, other: Self, /) -> Self:
        """Return the sample of both sides' rows together.

        Raises
        ------
        IncompatibleStatesError
            If capacity or width differ.
        """
        ours, theirs = (self.capacity, self.rows.shape[1]), (other.capacity, other.rows.shape[1])
        if ours != theirs:
            raise IncompatibleStatesError("reservoirs differ in capacity or width", expected=ours, got=theirs)
        hashes, first, inverse = np.unique(
            np.concatenate([self.hashes, other.hashes]), return_index=True, return_inverse=True
        )
        counts = np.zeros(hashes.size, dtype=np.int64)
        np.add.at(counts, inverse, np.concatenate([self.counts, other.counts]))
        rows = np.concatenate([self.rows, other.rows])[first]
        kept = slice(self.capacity)
        return type(self)(self.capacity, hashes[kept], counts[kept], rows[kept])

    @property
    def duplicates(self) -> tuple[int, int]:
        """Rows of the sample that repeat an earlier one, and all rows of the sample.

        Their ratio is exact while there are at most `capacity` distinct rows, and beyond that an estimate from
        a random sample of the distinct rows.
        """
        total = int(self.counts.sum())
        return total - self.hashes.size, total

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Reservoir)
            and self.capacity == other.capacity
            and np.array_equal(self.hashes, other.hashes)
            and np.array_equal(self.counts, other.counts)
            and np.array_equal(self.rows, other.rows)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "capacity": self.capacity,
            "width": self.rows.shape[1],
            "hashes": [f"{value:016x}" for value in self.hashes.tolist()],
            "counts": self.counts.tolist(),
            "rows": self.rows.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            data["capacity"],
            np.array([int(value, 16) for value in data["hashes"]], dtype=np.uint64),
            np.array(data["counts"], dtype=np.int64),
            np.array(data["rows"], dtype=np.float64).reshape(len(data["rows"]), data["width"]),
        )
