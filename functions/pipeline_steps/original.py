"""The original training set: its columns, and a copy with the columns that training needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from monitoring_core.errors import UnsupportedFormatError


def columns_of(path: Path) -> tuple[str, ...]:
    """Return the column names of a CSV file with a header, or of a Parquet file.

    Raises
    ------
    UnsupportedFormatError
        If the file is neither.
    """
    with duckdb.connect() as connection:
        return tuple(connection.sql(f"FROM {_reader(path)} LIMIT 0").columns)


def write_original(path: Path, columns: Sequence[str], target: Path) -> None:
    """Write `columns` of the data set as CSV with a header; the texts of a CSV file stay as they are."""
    names = ", ".join(_quoted(name, '"') for name in columns)
    with duckdb.connect() as connection:
        connection.sql(f"SELECT {names} FROM {_reader(path)}").write_csv(str(target), header=True)  # noqa: S608 - quoted


def _reader(path: Path) -> str:
    suffixes = path.suffixes
    if ".csv" in suffixes:
        return f"read_csv({_quoted(str(path), chr(39))}, header = true, all_varchar = true)"
    if ".parquet" in suffixes:
        return f"read_parquet({_quoted(str(path), chr(39))})"
    raise UnsupportedFormatError(f"{path.name} is no training set; give *.csv (with a header), *.csv.gz or *.parquet")


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark
