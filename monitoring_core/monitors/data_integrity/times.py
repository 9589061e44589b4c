"""Columns of times, as seconds since 1970; what is no time is missing."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Column


def seconds_of(column: Column) -> NDArray[np.float64]:
    """Return the time of each row; ``nan`` where it has none.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> seconds_of(column_from_texts(["1970-01-01T00:01:00Z", "60", "soon", None])).tolist()
    [60.0, 60.0, nan, nan]
    """
    if column.texts is None:
        return column.numbers
    texts, index = np.unique(np.array([text or "" for text in column.texts], dtype=np.str_), return_inverse=True)
    parsed = np.array([_seconds(text) for text in texts.tolist()], dtype=np.float64)[index]
    return np.where(np.isnan(column.numbers), parsed, column.numbers)


def _seconds(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
