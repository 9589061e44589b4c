"""How many rows captured objects hold, from the first records of one of them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from functions.common.storage import StoredObject, read_head
from functions.plan.record_rows import rows_in

HEAD_BYTES: Final = 256 * 1024
MAX_RECORDS: Final = 500
MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # zlib's code for a gzip header and trailer


class Estimate(NamedTuple):
    """A number of rows.

    Attributes
    ----------
    found : str
        What it rests on, in words.
    """

    rows: int
    found: str


class Sample(NamedTuple):
    """What the head of an object holds; `records` and `rows` are of the same lines, `stored` are their bytes."""

    records: int
    rows: int
    stored: float


def estimate_rows(objects: Sequence[StoredObject]) -> Estimate:
    """Return about how many rows the objects hold, as many to a byte as the head of the largest one has."""
    largest = max(objects, key=lambda item: (item.size, item.uri), default=None)
    if largest is None or not largest.size:
        return Estimate(0, "0 rows")
    sample = sample_of(read_head(largest.uri, HEAD_BYTES))
    rows = math.ceil(sum(item.size for item in objects) * sample.rows / sample.stored)
    if not sample.records:
        return Estimate(
            rows, f"about {rows:,} rows in all, as dense as the beginning of the largest object's first record"
        )
    each = f"{sample.rows / sample.records:.4g} to a record in the first {sample.records} of the largest"
    return Estimate(rows, f"about {rows:,} rows in all, {each}")


def sample_of(head: bytes) -> Sample:
    r"""Count rows in the whole lines of a head; where even the first line is cut off, the ends of rows within it.

    Examples
    --------
    >>> sample_of(b"12345\n12345\n123")
    Sample(records=2, rows=2, stored=12.0)
    >>> sample_of(b'{"captureData": {"endpointInput": {"data": "1,2\\n3,4\\n5,')
    Sample(records=0, rows=3, stored=56.0)
    """
    text, stored = _text(head) if head.startswith(_GZIP_MAGIC) else (head, len(head))
    *lines, rest = text.split(b"\n", MAX_RECORDS)
    if not lines:
        return Sample(0, 1 + text.count(rb"\n"), float(len(head)))
    share = (len(text) - len(rest)) / len(text)
    return Sample(len(lines), sum(map(rows_in, lines)), share * stored)


def _text(head: bytes) -> tuple[bytes, int]:
    """Return the beginning of the compressed text, and how many stored bytes it took."""
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = inflate.decompress(head, MAX_TEXT_BYTES)
    except zlib.error:  # damaged: reading will say so
        return b"", len(head)
    return text, len(head) - len(inflate.unconsumed_tail)
