"""How many rows captured objects hold, from the head of one of them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Final

from functions.common.storage import StoredObject, read_head

HEAD_BYTES: Final = 256 * 1024
MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # zlib's code for a gzip header and trailer


def estimate_rows(objects: Sequence[StoredObject]) -> int:
    """Return about how many lines the objects have, as many to a byte as the head of the largest one has.

    A request with several rows is one line.
    """
    largest = max(objects, key=lambda item: (item.size, item.uri), default=None)
    if largest is None or not largest.size:
        return 0
    head = read_head(largest.uri, HEAD_BYTES)
    return math.ceil(sum(item.size for item in objects) / bytes_per_line(head))


def bytes_per_line(head: bytes) -> float:
    r"""Return how many stored bytes a line takes; a head without an end of line is one line.

    Examples
    --------
    >>> bytes_per_line(b"12345\n12345\n123")
    6.0
    >>> import gzip
    >>> stored = gzip.compress(b"12345\n" * 1000)
    >>> bytes_per_line(stored) == len(stored) / 1000
    True
    """
    text, stored = _text(head) if head.startswith(_GZIP_MAGIC) else (head, len(head))
    lines = text.count(b"\n")
    if not lines:
        return float(len(head))
    return (text.rindex(b"\n") + 1) / lines * stored / len(text)


def _text(head: bytes) -> tuple[bytes, int]:
    """Return the beginning of the compressed text, and how many stored bytes it took."""
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = inflate.decompress(head, MAX_TEXT_BYTES)
    except zlib.error:  # damaged: reading will say so
        return b"", len(head)
    return text, len(head) - len(inflate.unconsumed_tail)
