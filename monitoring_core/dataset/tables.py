"""Tables in memory: pandas, and everything that speaks Arrow (pyarrow, polars, DuckDB ...)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.typed import TypedReader, connect
from monitoring_core.errors import UnsupportedFormatError


def read_table(table: Any, quarantine: Quarantine | None = None, *, name: str = "table") -> Iterator[Batch]:
    """Read a table that is in memory; types come from its schema (see `TypedReader`).

    Parameters
    ----------
    table : pandas.DataFrame, or any object with ``__arrow_c_stream__``
        A pyarrow table, a polars frame ... A stream that can be read once, such as a
        pyarrow.RecordBatchReader, is read batch by batch.
    quarantine : Quarantine, optional
        Takes rows with an infinite number.
    name : str, optional
        For messages.

    Yields
    ------
    Batch
        In the order of the table.

    Raises
    ------
    UnsupportedFormatError
        If it is another kind of object.

    Examples
    --------
    >>> import pandas as pd
    >>> (batch,) = read_table(pd.DataFrame({"x": [1, 2], "y": ["a", None]}))
    >>> {name: column.codes.tolist() for name, column in batch.columns.items()}
    {'x': [2, 2], 'y': [4, 0]}
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    first_row = 0
    for part in table if hasattr(table, "__next__") else [table]:
        for batch in _read(part, name, first_row, quarantine):
            yield batch
            first_row += len(batch)


def _read(table: Any, name: str, first_row: int, quarantine: Quarantine) -> Iterator[Batch]:
    import duckdb

    with connect() as connection:
        try:
            connection.register("data", table)
        except duckdb.Error as error:
            raise UnsupportedFormatError(
                f"cannot read a {type(table).__name__}; give a pandas DataFrame or an object with __arrow_c_stream__"
            ) from error
        reader = TypedReader(name, connection.sql("from data"), quarantine)
        ((count,),) = connection.sql("select count(*) from data").fetchall()
        for start in range(0, count, reader.chunk_rows):
            rows = connection.sql(f"select {reader.projection} from data limit {reader.chunk_rows} offset {start}")  # noqa: S608
            yield from reader.batches(rows, first_row + start)
