"""Columns to vectors."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.spec.embedding_drift import VectorColumns
from monitoring_core.stats.distinct import Hashes, hash_numbers
from monitoring_core.stats.row_hashes import row_hashes


class Vectors(NamedTuple):
    """Complete vectors of a batch, with the hash of each, and how many rows had none."""

    rows: NDArray[np.float64]
    hashes: Hashes
    incomplete: int


def column_names(spec: VectorColumns, batch: Batch) -> tuple[str, ...]:
    """Return the columns of a vector, in order.

    Raises
    ------
    ColumnNotFoundError
        If a column, or every column of a prefix, is missing.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> batch = Batch({name: column_from_texts([]) for name in ("e_10", "e_2", "other", "e_x")})
    >>> column_names(VectorColumns(name="e", prefix="e"), batch)
    ('e_2', 'e_10')
    """
    if spec.prefix is None:
        return spec.columns
    pattern = re.compile(rf"{re.escape(spec.prefix)}_([0-9]+)")
    found = [(int(match[1]), name) for name in batch.columns if (match := pattern.fullmatch(name))]
    if not found:
        raise ColumnNotFoundError(f"{spec.prefix}_0", batch.columns)
    return tuple(name for _, name in sorted(found))


def vectors_of(spec: VectorColumns, batch: Batch) -> Vectors:
    """Return the vectors of a batch; a row with a missing element or one that is no number has none."""
    columns = [batch[name] for name in column_names(spec, batch)]
    rows = np.column_stack([column.numbers for column in columns])
    complete = np.isfinite(rows).all(axis=1)
    hashes = row_hashes(columns, len(batch))
    return Vectors(rows[complete], hashes[complete], int(np.count_nonzero(~complete)))


def project(rows: NDArray[np.float64], dimensions: int) -> NDArray[np.float64]:
    r"""Project vectors on fixed random directions, which keeps distances in proportion (Johnson-Lindenstrauss).

    .. math:: y = R x / \sqrt k, \quad R_{ij} = \pm 1

    Vectors that are not longer than `dimensions` stay as they are.

    References
    ----------
    .. [1] Achlioptas (2003), Journal of Computer and System Sciences 66(4).

    Examples
    --------
    >>> project(np.ones((1, 3)), 3).tolist(), project(np.ones((2, 100)), 8).shape
    ([[1.0, 1.0, 1.0]], (2, 8))
    """
    length = rows.shape[1]
    if length <= dimensions:
        return rows
    places = np.arange(length * dimensions, dtype=np.float64) + 1
    signs = np.where(hash_numbers(places) & np.uint64(1), 1.0, -1.0).reshape(length, dimensions)
    projected: NDArray[np.float64] = rows @ signs / np.sqrt(dimensions)
    return projected
