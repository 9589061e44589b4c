"""Typed relations: what DuckDB can scan, as batches whose types come from the schema, not from texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.dataset.builder import set_aside_infinite
from monitoring_core.dataset.json_rows import MAX_COLUMNS
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import DataError

if TYPE_CHECKING:
    import duckdb

CHUNK_VALUES: Final = 1_228_800
"""A batch has about this many values: 10 MB of numbers; of 20 columns, half a row group of the usual 122,880."""

_INTEGRAL: Final = frozenset(
    sign + name for sign in ("", "u") for name in ("tinyint", "smallint", "integer", "bigint", "hugeint")
)
_FRACTIONAL: Final = frozenset({"float", "double"})


def connect() -> duckdb.DuckDBPyConnection:
    """Open a database of its own, in memory, that never downloads an extension."""
    import duckdb

    return duckdb.connect(config={"autoinstall_known_extensions": False})


class TypedReader:
    """Turns rows of one relation into batches.

    Integers are integral, floats fractional, booleans boolean, null and NaN missing; strings are
    typed by their text; anything else (times, lists, objects) is text.

    Parameters
    ----------
    name : str
        Where the rows come from, for messages.
    relation : DuckDBPyRelation
        Has the columns; its rows are not looked at.
    quarantine : Quarantine
        Takes rows with an infinite number.
    """

    def __init__(self, name: str, relation: duckdb.DuckDBPyRelation, quarantine: Quarantine) -> None:
        if len(relation.columns) > MAX_COLUMNS:
            raise DataError(f"{name} has {len(relation.columns)} columns; {MAX_COLUMNS} are allowed")
        self._name, self._quarantine = name, quarantine
        self._codes = {column: _code(kind) for column, kind in zip(relation.columns, relation.types, strict=True)}
        self.chunk_rows = max(1, CHUNK_VALUES // max(1, len(self._codes)))

    @property
    def projection(self) -> str:
        """The SELECT list that `batches` expects."""
        return ", ".join(
            f"{_quoted(column)}::{'varchar' if code is None else 'double'} as c{index}"
            for index, (column, code) in enumerate(self._codes.items())
        )

    def batches(self, rows: duckdb.DuckDBPyRelation, first_row: int) -> Iterator[Batch]:
        """Yield the rows of a projected relation; none if it is empty."""
        arrays = rows.fetchnumpy()
        columns = {
            column: _texts(arrays[f"c{index}"]) if code is None else _numbers(arrays[f"c{index}"], code)
            for index, (column, code) in enumerate(self._codes.items())
        }
        batch = Batch(columns)
        lines = range(first_row + 1, first_row + len(batch) + 1)
        batch = set_aside_infinite(batch, lambda: [(self._name, line) for line in lines], self._quarantine)
        if len(batch):
            yield batch


def _code(kind: duckdb.sqltypes.DuckDBPyType) -> TypeCode | None:
    """Return the type of every value of a column, None if its texts decide."""
    if kind.id in _INTEGRAL or (kind.id == "decimal" and dict(kind.children)["scale"] == 0):
        return TypeCode.INTEGRAL
    return TypeCode.FRACTIONAL if kind.id in _FRACTIONAL or kind.id == "decimal" else None


def _quoted(column: str) -> str:
    escaped = column.replace('"', '""')
    return f'"{escaped}"'


def _numbers(array: NDArray[np.float64], code: TypeCode) -> Column:
    numbers = np.ma.filled(array, np.nan)
    codes = np.where(np.isnan(numbers), TypeCode.MISSING, code).astype(np.uint8)
    return Column(codes, numbers)


def _texts(array: NDArray[np.object_]) -> Column:
    texts = np.ma.getdata(array).tolist()
    for row in np.flatnonzero(np.ma.getmaskarray(array)):
        texts[row] = None
    return column_from_texts(texts)
