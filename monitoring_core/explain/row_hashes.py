"""Equal rows of a matrix, found by 64-bit hashes: much faster to sort than the rows themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitoring_core.explain.model import Floats
from monitoring_core.stats.distinct import Hashes, hash_numbers


def row_hashes(rows: Floats) -> Hashes:
    """Return a hash of the content of each row; the order of the columns counts.

    Examples
    --------
    >>> first, second, third = row_hashes(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])).tolist()
    >>> first == third, first == second
    (True, False)
    """
    factors = np.random.default_rng(0).integers(0, 2**64, rows.shape[1], dtype=np.uint64) | np.uint64(1)
    return hash_numbers(rows) @ factors


def distinct_rows(rows: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the distinct rows are first, and which of them each row equals.

    Should two different rows ever share a hash, all rows count as distinct.

    Examples
    --------
    >>> first, places = distinct_rows(np.array([[1.0], [2.0], [1.0]]))
    >>> np.array([[1.0], [2.0], [1.0]])[first][places].ravel().tolist(), len(first)
    ([1.0, 2.0, 1.0], 2)
    """
    _, first, places = np.unique(row_hashes(rows), return_index=True, return_inverse=True)
    same = (rows[first][places] == rows) | np.isnan(rows)
    return (first, places) if same.all() else (np.arange(len(rows)), np.arange(len(rows)))
