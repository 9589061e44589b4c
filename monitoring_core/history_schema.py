"""The history table: names and types of its columns, for the writer and for the Glue table alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HistoryColumn:
    """One column.

    Attributes
    ----------
    glue_type : str
        Its type in Glue and Athena.
    duckdb_type : str
        Its type in the Parquet file's writer.
    """

    name: str
    glue_type: str
    duckdb_type: str
    comment: str


def _text(name: str, comment: str) -> HistoryColumn:
    return HistoryColumn(name, "string", "VARCHAR", comment)


def _time(name: str, comment: str) -> HistoryColumn:
    return HistoryColumn(name, "timestamp", "TIMESTAMP", comment)


def _number(name: str, comment: str) -> HistoryColumn:
    return HistoryColumn(name, "double", "DOUBLE", comment)


PARTITION_KEYS: Final = (
    _text("endpoint", "Name of the endpoint"),
    _text("monitor", "Name of the monitor"),
    _text("date", "Day of the window's start, yyyy-mm-dd, UTC"),
)
"""Columns that are in the path (``endpoint=.../monitor=.../date=...``), not in the file."""

COLUMNS: Final = (
    _text("run_id", "Names endpoint, monitor and window"),
    _time("window_start", "Start of the window, UTC, inclusive"),
    _time("window_end", "End of the window, UTC, exclusive"),
    HistoryColumn("revision", "int", "INTEGER", "1; higher for a run on late labels: the highest of a window counts"),
    _text("metric", "What was measured"),
    _text("feature", "Column it was measured on; empty for the whole data set"),
    _text("segment", "Slice of the rows; empty for all"),
    _number("value", "The number; null where it is undefined or was not measured"),
    HistoryColumn("n", "bigint", "BIGINT", "Rows the number rests on"),
    _number("lower", "Lower end of the number's interval"),
    _number("upper", "Upper end of the number's interval"),
    _number("limit_lower", "Smallest value that passes"),
    _number("limit_upper", "Largest value that passes"),
    _text("outcome", "passed, violated or not-evaluated; null where nothing was checked"),
    _text("check_type", "AWS's constraint_check_type where one exists"),
    _text("severity", "info, warning or critical; null where nothing was checked"),
    _text("reason", "Why it was violated or not evaluated"),
    _text("engine", "What folded the data"),
    _text("version", "Version of the software"),
)
