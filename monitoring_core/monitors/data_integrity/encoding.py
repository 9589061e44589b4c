"""Texts whose encoding was broken on the way."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from monitoring_core.dataset.batch import Column, TypeCode
from monitoring_core.stats.share import Share

_BROKEN: Final = re.compile(
    "[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"  # replacement and control characters
    "|[\u00c2\u00c3][\u0080-\u00bf]"  # UTF-8 read as Latin-1: two characters for one accented letter
    "|\u00e2\u20ac"  # UTF-8 read as Windows-1252: the beginning of quotes and dashes
)


def broken_texts(column: Column) -> Share:
    r"""Count the texts of a column that hold signs of a wrong encoding.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> broken_texts(column_from_texts(["Zürich", "ZÃ¼rich", "caf\ufffd", None, "1"]))
    Share(part=2, whole=3)
    """
    if column.texts is None:
        return Share()
    texts, times = np.unique(column.texts[column.codes == TypeCode.STRING].astype(np.str_), return_counts=True)
    broken = sum(count for text, count in zip(texts.tolist(), times.tolist(), strict=True) if _BROKEN.search(text))
    return Share(broken, int(times.sum()))
