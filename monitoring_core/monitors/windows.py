"""The baseline as windows: rows grouped by a time column."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.errors import DataError


def split_by_time(batches: Iterable[Batch], column: str, period: timedelta) -> list[list[Batch]]:
    """Group rows into windows of one period, aligned to 1970-01-01T00:00:00Z, and leave out the time column.

    Parameters
    ----------
    batches : iterable of Batch
        In any order of time.
    column : str
        Times as ISO 8601 text (without a zone: UTC) or as seconds since 1970.
    period : timedelta
        Length of a window.

    Returns
    -------
    list of list of Batch
        One list per window that has rows, in order of time.

    Raises
    ------
    ColumnNotFoundError
        If a batch has no such column.
    DataError
        If a value is no time.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> times = column_from_texts(["2013-01-01T23:00:00Z", "2013-01-02"])
    >>> batch = Batch({"at": times, "x": column_from_texts(["1", "2"])})
    >>> [window[0]["x"].numbers.tolist() for window in split_by_time([batch], "at", timedelta(days=1))]
    [[1.0], [2.0]]
    """
    windows: dict[int, list[Batch]] = {}
    for batch in batches:
        index = np.floor_divide(_seconds(batch[column], column), period.total_seconds()).astype(np.int64)
        rest = without(batch, column)
        for window in np.unique(index).tolist():
            windows.setdefault(window, []).append(take(rest, np.flatnonzero(index == window)))
    return [windows[window] for window in sorted(windows)]


def without(batch: Batch, column: str) -> Batch:
    """Return the batch without one column."""
    return Batch({name: values for name, values in batch.columns.items() if name != column})


def take(batch: Batch, rows: NDArray[np.intp]) -> Batch:
    """Return some rows of a batch."""
    return Batch(
        {
            name: Column(c.codes[rows], c.numbers[rows], None if c.texts is None else c.texts[rows])
            for name, c in batch.columns.items()
        }
    )


def _seconds(column: Column, name: str) -> NDArray[np.float64]:
    if column.texts is None:
        missing = np.flatnonzero(np.isnan(column.numbers))
        if missing.size:
            raise DataError(f"row {missing[0]} of the time column {name!r} has no value; every row needs a time")
        return column.numbers
    texts, index = np.unique(np.array([text or "" for text in column.texts], dtype=np.str_), return_inverse=True)
    return np.array([_parse(text, name) for text in texts.tolist()])[index]


def _parse(text: str, name: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise DataError(
            f"{text!r} in the time column {name!r} is not a time; write ISO 8601, for example 2013-04-01T00:00:00Z"
        ) from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
