"""A bounded choice of rows that depends on their content alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch
from monitoring_core.explain.model import Floats
from monitoring_core.explain.row_hashes import row_hashes
from monitoring_core.monitors.windows import take
from monitoring_core.stats.distinct import Hashes

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio's share of 2^64: multiples of it are spread evenly."""


class BoundedRows:
    """Keeps at most `size` rows of a stream, each with the same chance: those that hash lowest.

    A row's hash is of its content and of how many equal ones came before it; so the choice is the same however the
    rows are ordered and split.

    Parameters
    ----------
    size : int or None
        None keeps all rows.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> def kept(*parts):
    ...     sample = BoundedRows(2)
    ...     for part in parts:
    ...         column = column_from_texts(part)
    ...         sample.add(Batch({"x": column}), column.numbers[:, None])
    ...     return sorted(value for batch in sample.batches for value in batch["x"].numbers.tolist())
    >>> len(kept(["1", "2", "3"])), kept(["1", "2", "3"]) == kept(["3"], ["2", "1"])
    (2, True)
    """

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._keys: Hashes = np.empty(0, dtype=np.uint64)
        self._known: Hashes = np.empty(0, dtype=np.uint64)
        self._counts: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.batches: list[Batch] = []
        """The rows kept, in their order."""

    def add(self, batch: Batch, content: Floats) -> None:
        """Take rows of the stream; those with equal rows in the matrix `content` count as equal."""
        self.batches.append(batch)
        if self._size is None or not len(batch):
            return
        hashes = row_hashes(content)
        self._keys = np.concatenate([self._keys, hashes + self._occurrences(hashes) * _ODD])
        if self._keys.size > self._size:
            kept = np.sort(np.argpartition(self._keys, self._size - 1)[: self._size])
            self._keys = self._keys[kept]
            self.batches = list(_kept(self.batches, kept))

    def _occurrences(self, hashes: Hashes) -> Hashes:
        """Return how many equal rows came before each, and count these."""
        distinct, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        order = np.argsort(places, kind="stable")
        within = np.empty(hashes.size, dtype=np.intp)
        within[order] = np.arange(hashes.size) - np.repeat(np.cumsum(counts) - counts, counts)
        known, into = np.unique(np.concatenate([self._known, distinct]), return_inverse=True)
        totals = np.zeros(known.size, dtype=np.intp)
        totals[into[: self._known.size]] = self._counts
        new = into[self._known.size :]
        before = totals[new][places]
        totals[new] += counts
        self._known, self._counts = known, totals
        return np.asarray(before + within, dtype=np.uint64)


def _kept(batches: Iterable[Batch], rows: NDArray[np.intp]) -> Iterator[Batch]:
    """Yield some rows, numbered over all batches."""
    start = 0
    for batch in batches:
        own = rows[(rows >= start) & (rows < start + len(batch))] - start
        start += len(batch)
        if own.size:
            yield take(batch, own)
