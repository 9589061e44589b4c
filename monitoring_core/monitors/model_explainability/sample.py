"""A bounded choice of rows that depends on their content alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.monitors.windows import take
from monitoring_core.stats.distinct import Hashes

DIFFERENT: Final = 8
"""Different rows kept per row that will be explained, so that one that occurs often is rarely lost."""

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio's share of 2^64: multiples of it are spread evenly."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class BoundedRows:  # noqa: PLW1641 - arrays have no hash
    """Different rows of a stream, each with the exact number of its occurrences; ``BoundedRows(size)`` is empty.

    With no more than `DIFFERENT` times `size` different rows all are kept, else those that hash lowest, which makes
    merging exact, associative and commutative. `chosen` takes `size` rows of them, each occurrence with the same
    chance. With more different rows than are kept, each of these has the same chance, with all its occurrences.

    Attributes
    ----------
    size : int or None
        Rows that are to be chosen; None: all.
    hashes : ndarray of uint64, shape (n_kept,)
        Ascending.
    counts : ndarray of int, shape (n_kept,)
        Occurrences.
    batch : Batch
        The rows kept, in the order of their hashes.
    rows : int
        Rows seen.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> def sample(*texts):
    ...     column = column_from_texts(texts)
    ...     return BoundedRows.of(2, Batch({"x": column}), column.numbers.astype(np.uint64))
    >>> whole = sample("1", "2", "3", "2")
    >>> whole.rows, len(whole.batch), len(whole.chosen())
    (4, 3, 2)
    >>> sample("2").merge(sample("3", "2", "1")) == whole
    True
    """

    size: int | None
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    batch: Batch = field(default_factory=lambda: Batch({}))
    rows: int = 0

    @classmethod
    def of(cls, size: int | None, batch: Batch, hashes: Hashes) -> Self:
        """Keep rows of a batch; those with equal hashes are equal."""
        if not hashes.size:
            return cls(size)
        kept, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        few = _kept(size)
        return cls(size, kept[few], counts[few].astype(np.int64), take(batch, first[few]), len(batch))

    def merge(self, other: Self, /) -> Self:
        """Return the rows of both sides together.

        Raises
        ------
        IncompatibleStatesError
            If sizes or columns differ.
        """
        if self.size != other.size:
            raise IncompatibleStatesError("samples differ in size", expected=self.size, got=other.size)
        if not self.rows or not other.rows:
            return self if self.rows else other
        hashes, first, places = np.unique(
            np.concatenate([self.hashes, other.hashes]), return_index=True, return_inverse=True
        )
        counts = np.zeros(hashes.size, dtype=np.int64)
        np.add.at(counts, places, np.concatenate([self.counts, other.counts]))
        few = _kept(self.size)
        batch = take(_joined(self.batch, other.batch), first[few])
        return type(self)(self.size, hashes[few], counts[few], batch, self.rows + other.rows)

    def chosen(self) -> Batch:
        """Return the rows to look at, a row that occurs several times as often as it is chosen."""
        total = int(self.counts.sum())
        if self.size is None or total <= self.size:
            return take(self.batch, np.repeat(np.arange(self.hashes.size), self.counts))
        keys: Hashes = np.empty(0, dtype=np.uint64)
        places: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        ends = np.cumsum(self.counts)
        for start in range(0, total, _BLOCK):
            occurrences = np.arange(start, min(start + _BLOCK, total))
            own = np.searchsorted(ends, occurrences, side="right")
            earlier = (occurrences - (ends - self.counts)[own]).astype(np.uint64)
            keys, places = np.append(keys, self.hashes[own] + earlier * _ODD), np.append(places, own)
            lowest = np.argpartition(keys, min(self.size, keys.size) - 1)[: self.size]
            keys, places = keys[lowest], places[lowest]
        return take(self.batch, np.sort(places))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BoundedRows)
            and (self.size, self.rows) == (other.size, other.rows)
            and np.array_equal(self.hashes, other.hashes)
            and np.array_equal(self.counts, other.counts)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "size": self.size,
            "hashes": [f"{value:016x}" for value in self.hashes.tolist()],
            "counts": self.counts.tolist(),
            "columns": {name: _column_dict(column) for name, column in self.batch.columns.items()},
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            data["size"],
            np.array([int(value, 16) for value in data["hashes"]], dtype=np.uint64),
            np.array(data["counts"], dtype=np.int64),
            Batch({name: _column(column) for name, column in data["columns"].items()}),
            data["rows"],
        )


def _kept(size: int | None) -> slice:
    return slice(None if size is None else DIFFERENT * size)


def _joined(left: Batch, right: Batch) -> Batch:
    if left.columns.keys() != right.columns.keys():
        raise IncompatibleStatesError(
            "samples have different columns", expected=sorted(left.columns), got=sorted(right.columns)
        )
    return Batch({name: _joined_column(column, right[name]) for name, column in left.columns.items()})


def _joined_column(left: Column, right: Column) -> Column:
    codes, numbers = np.concatenate([left.codes, right.codes]), np.concatenate([left.numbers, right.numbers])
    if left.texts is None and right.texts is None:
        return Column(codes, numbers)
    return Column(codes, numbers, np.concatenate([_texts(left), _texts(right)]))


def _texts(column: Column) -> NDArray[np.object_]:
    """Return the texts of a column; those of numbers say what the numbers say."""
    if column.texts is not None:
        return column.texts
    texts = [None if np.isnan(number) else repr(number) for number in column.numbers.tolist()]
    return np.array(texts, dtype=np.object_)


def _column_dict(column: Column) -> dict[str, Any]:
    texts = None if column.texts is None else column.texts.tolist()
    numbers = [None if np.isnan(number) else number for number in column.numbers.tolist()]
    return {"codes": column.codes.tolist(), "numbers": numbers, "texts": texts}


def _column(data: Mapping[str, Any]) -> Column:
    texts = None if data["texts"] is None else np.array(data["texts"], dtype=np.object_)
    return Column(np.array(data["codes"], np.uint8), np.array(data["numbers"], np.float64), texts)
