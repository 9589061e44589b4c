"""Parquet files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.dataset.typed import TypedReader, connect
from monitoring_core.errors import UnsupportedFormatError

if TYPE_CHECKING:
    import duckdb

_WILDCARDS: Final = frozenset("*?[")


def read_parquet(source: Source, quarantine: Quarantine | None = None) -> Iterator[Batch]:
    """Read a Parquet file in chunks; types come from its schema (see `TypedReader`).

    Parameters
    ----------
    source : Source
        A Parquet file.
    quarantine : Quarantine, optional
        Takes rows with an infinite number.

    Yields
    ------
    Batch
        In the order of the file.

    Raises
    ------
    UnsupportedFormatError
        If it is not a Parquet file, or damaged.
    """
    import duckdb

    quarantine = Quarantine() if quarantine is None else quarantine
    with _local_file(source) as path, connect() as connection:
        try:
            yield from _read(connection, source.name, str(path), quarantine)
        except duckdb.Error as error:
            raise UnsupportedFormatError(f"{source.name} is not a readable Parquet file: {error}") from error


def _read(connection: duckdb.DuckDBPyConnection, name: str, path: str, quarantine: Quarantine) -> Iterator[Batch]:
    file = {"path": path}
    reader = TypedReader(name, connection.sql("from read_parquet($path)", params=file), quarantine)
    ((count,),) = connection.sql("select count(*) from read_parquet($path)", params=file).fetchall()
    for start in range(0, count, reader.chunk_rows):
        rows = connection.sql(
            f"select {reader.projection} from read_parquet($path, file_row_number = true) "  # noqa: S608 - names are quoted
            "where file_row_number >= $start and file_row_number < $stop",
            params={**file, "start": start, "stop": start + reader.chunk_rows},
        )
        yield from reader.batches(rows, start)


@contextmanager
def _local_file(source: Source) -> Iterator[Path]:
    """Give the path of a file; bytes, and names that would be taken for a pattern, get a temporary one."""
    if isinstance(source.data, Path) and _WILDCARDS.isdisjoint(str(source.data)):
        yield source.data
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.parquet")
        with path.open("wb") as file:
            file.writelines(source.chunks())
        yield path
