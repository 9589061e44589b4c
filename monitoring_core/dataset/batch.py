"""Batch: columns of equal length, each value with its type as Amazon's analyzer infers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import ColumnNotFoundError, DataError


class TypeCode(IntEnum):
    """Inferred type of one value, decided on its text (contract 4.2)."""

    MISSING = 0
    FRACTIONAL = 1
    INTEGRAL = 2
    BOOLEAN = 3
    STRING = 4


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a batch.

    Attributes
    ----------
    codes : ndarray of uint8, shape (n_rows,)
        A `TypeCode` per value.
    numbers : ndarray of float64, shape (n_rows,)
        The value where it is integral or fractional, ``nan`` elsewhere.
    texts : ndarray of object (str or None), shape (n_rows,), or None
        The text of each value, ``None`` where missing. The whole array is None
        only when every present value is a number: the numbers say it all then.
    """

    codes: NDArray[np.uint8]
    numbers: NDArray[np.float64]
    texts: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return int(self.codes.size)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Named columns of equal length; the unit that every reader yields and every monitor observes."""

    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"columns of a batch must have equal lengths, got {lengths}")

    def __len__(self) -> int:
        return next((len(column) for column in self.columns.values()), 0)

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnNotFoundError(name, self.columns) from None
