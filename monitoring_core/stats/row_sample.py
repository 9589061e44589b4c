"""RowSample: a bounded sample of different rows, each with the exact number of its occurrences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.distinct import Hashes, hash_numbers, hash_texts
from monitoring_core.stats.group_tally import Levels

_MIXER = np.uint64(0x9E3779B97F4A7C15)


def _no_hashes() -> Hashes:
    return np.empty(0, dtype=np.uint64)


def _no_values() -> NDArray[np.float64]:
    return np.empty((0, 0))


def _no_levels() -> NDArray[np.object_]:
    return np.empty((0, 0), dtype=np.object_)


def _no_counts() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class RowSample:  # noqa: PLW1641 - arrays have no hash
    """The `capacity` rows with the smallest hashes of their content; ``RowSample(capacity)`` is empty.

    Which rows are kept depends on their content only. Equal rows are kept once and counted; the smallest of a union
    are among the smallest of the parts, so merging is exact, associative and commutative, and with no more different
    rows than `capacity` nothing is lost.

    Attributes
    ----------
    capacity : int or None
        Different rows kept; None: all.
    columns : tuple of str
        Names of the numeric columns, sorted.
    hashes : ndarray of uint64, shape (n_kept,)
        Ascending.
    values : ndarray of float, shape (n_kept, n_columns)
    levels : ndarray of str, shape (n_kept, n_levels)
        Categories that come with each row.
    counts : ndarray of int, shape (n_kept,)
    complete, incomplete : int
        Rows seen with a value in every column, and rows without, which are never kept.
    """

    capacity: int | None = None
    columns: tuple[str, ...] = ()
    hashes: Hashes = field(default_factory=_no_hashes)
    values: NDArray[np.float64] = field(default_factory=_no_values)
    levels: NDArray[np.object_] = field(default_factory=_no_levels)
    counts: NDArray[np.int64] = field(default_factory=_no_counts)
    complete: int = 0
    incomplete: int = 0

    @classmethod
    def of(cls, capacity: int | None, columns: Mapping[str, NDArray[np.float64]], levels: Sequence[Levels]) -> Self:
        """Sample rows; a ``nan`` makes a row incomplete.

        Examples
        --------
        >>> where = Levels(np.array([0, 0, 1, 1]), ("a", "d"))
        >>> sample = RowSample.of(10, {"x": np.array([1.0, 1.0, 1.0, np.nan])}, [where])
        >>> sorted(zip(sample.levels[:, 0].tolist(), sample.counts.tolist())), sample.incomplete
        ([('a', 2), ('d', 1)], 1)
        """
        names = tuple(sorted(columns))
        size = len(levels[0].codes)
        whole = np.ones(size, dtype=np.bool_)
        hashes = np.zeros(size, dtype=np.uint64)
        for name in names:
            whole &= ~np.isnan(columns[name])
            hashes += _mixed(hash_numbers(columns[name]), name)
        for place, level in enumerate(levels):
            hashes += _mixed(hash_texts(level.names)[level.codes], f"level {place}")
        complete = int(whole.sum())
        if not size:
            return cls(capacity)
        kept, first, counts = _smallest(hashes, whole, capacity)
        if not kept.size:
            return cls(capacity, names, incomplete=size)
        values = np.empty((len(kept), len(names)))
        for place, name in enumerate(names):
            values[:, place] = columns[name][first]
        texts = np.empty((len(kept), len(levels)), dtype=np.object_)
        for place, level in enumerate(levels):
            texts[:, place] = np.array(level.names, dtype=np.object_)[level.codes[first]]
        return cls(capacity, names, kept, values, texts, counts.astype(np.int64), complete, size - complete)

    def merge(self, other: Self, /) -> Self:
        """Return the sample of both sides' rows; a row without a column of the other side is incomplete.

        Raises
        ------
        IncompatibleStatesError
            If the capacities differ.
        """
        if self.capacity != other.capacity:
            raise IncompatibleStatesError("samples differ in capacity", expected=self.capacity, got=other.capacity)
        if not self._rows or not other._rows:
            return self if self._rows else other
        names = tuple(sorted({*self.columns, *other.columns}))
        left, right = self._as_wide_as(names), other._as_wide_as(names)
        if not left.hashes.size or not right.hashes.size:
            some = left if left.hashes.size else right
            return type(self)(
                self.capacity, names, some.hashes, some.values, some.levels, some.counts, *_sums(left, right)
            )
        both = np.concatenate([left.hashes, right.hashes])
        kept, first, inverse = np.unique(both, return_index=True, return_inverse=True)
        counts = np.bincount(inverse, weights=np.concatenate([left.counts, right.counts])).astype(np.int64)
        first = first[: self.capacity]
        return type(self)(
            self.capacity,
            names,
            kept[: self.capacity],
            np.concatenate([left.values, right.values])[first],
            np.concatenate([left.levels, right.levels])[first],
            counts[: self.capacity],
            *_sums(left, right),
        )

    @property
    def _rows(self) -> int:
        return self.complete + self.incomplete

    def _as_wide_as(self, names: tuple[str, ...]) -> Self:
        if names == self.columns:
            return self
        return type(self)(self.capacity, names, incomplete=self._rows)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, RowSample)
            and (self.capacity, self.columns, self.complete, self.incomplete)
            == (other.capacity, other.columns, other.complete, other.incomplete)
            and all(
                np.array_equal(left, right)
                for left, right in (
                    (self.hashes, other.hashes),
                    (self.values, other.values),
                    (self.levels, other.levels),
                    (self.counts, other.counts),
                )
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "capacity": self.capacity,
            "columns": list(self.columns),
            "hashes": [f"{value:016x}" for value in self.hashes.tolist()],
            "values": self.values.tolist(),
            "levels": self.levels.tolist(),
            "counts": self.counts.tolist(),
            "complete": self.complete,
            "incomplete": self.incomplete,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        if not data["hashes"]:
            return cls(
                data["capacity"], tuple(data["columns"]), complete=data["complete"], incomplete=data["incomplete"]
            )
        return cls(
            data["capacity"],
            tuple(data["columns"]),
            np.array([int(value, 16) for value in data["hashes"]], dtype=np.uint64),
            np.array(data["values"], dtype=np.float64),
            np.array(data["levels"], dtype=np.object_),
            np.array(data["counts"], dtype=np.int64),
            data["complete"],
            data["incomplete"],
        )


def _smallest(
    hashes: Hashes, whole: NDArray[np.bool_], capacity: int | None
) -> tuple[Hashes, NDArray[np.intp], NDArray[np.intp]]:
    """Return the smallest different hashes, their first rows and counts."""
    rows = np.flatnonzero(whole)
    if capacity is not None and rows.size > capacity * 8:  # most are far too large: drop them before sorting
        limit = np.uint64(int(2**64 * min(1.0, 4 * capacity / rows.size)) - 1)
        few = np.flatnonzero(whole & (hashes <= limit))
        if np.unique(hashes[few]).size >= capacity:
            rows = few
    kept, first, counts = np.unique(hashes[rows], return_index=True, return_counts=True)
    return kept[:capacity], rows[first[:capacity]], counts[:capacity]


def _mixed(hashes: Hashes, name: str) -> Hashes:
    """Make a hash depend on its column; sums of such hashes do not depend on the order of columns."""
    mixed = (hashes ^ hash_texts([name])) * _MIXER
    result: Hashes = mixed ^ (mixed >> np.uint64(29))
    return result


def _sums(left: RowSample, right: RowSample) -> tuple[int, int]:
    return left.complete + right.complete, left.incomplete + right.incomplete
