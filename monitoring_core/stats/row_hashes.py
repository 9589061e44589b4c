"""Hashes of rows: one number per row that depends on its content alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Column, TypeCode
from monitoring_core.stats.distinct import Hashes, hash_numbers, hash_texts

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


def row_hashes(columns: Iterable[Column], rows: int) -> Hashes:
    """Return a 64-bit hash per row; the order of columns counts.

    Numbers count by value (1 and 1.0 are equal), everything else by its text; missing equals missing.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> hashes = row_hashes([column_from_texts(["1", "1.0", "2"]), column_from_texts(["a", "a", "a"])], 3)
    >>> (hashes[0] == hashes[1]).item(), (hashes[0] == hashes[2]).item()
    (True, False)
    """
    mixed: Hashes = np.zeros(rows, dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX + column_hashes(column)
    return mixed ^ (mixed >> _SHIFT)


def column_hashes(column: Column) -> Hashes:
    """Return a 64-bit hash per value."""
    numbers: NDArray[np.float64] = np.where(np.isnan(column.numbers), 0.0, column.numbers)
    hashes = hash_numbers(numbers) + np.isnan(column.numbers).astype(np.uint64)
    if column.texts is None:
        return hashes
    other = (column.codes == TypeCode.STRING) | (column.codes == TypeCode.BOOLEAN)
    texts, index = np.unique(column.texts[other].astype(np.str_), return_inverse=True)
    hashes[other] = hash_texts(texts.tolist())[index]
    return hashes
