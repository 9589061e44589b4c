"""Read the captured records of a window, or a part of them that a function can read, and draw from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from functions.common.capture import list_capture
from functions.common.review import ReviewItem
from functions.common.storage import StoredObject, read
from functions.review.selection import Selection, draw
from monitoring_core.dataset import Source
from monitoring_core.dataset.capture import read_events
from monitoring_core.window import Window

MAX_BYTES: Final = 256 * 1024**2
"""A function reads so much within its time; of a larger window as many whole objects are read as fit."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn, and from how many of the window's objects."""

    items: list[ReviewItem]
    objects: int
    objects_read: int


def draw_window(capture_prefix: str, window: Window, selection: Selection) -> Drawn:
    """Draw from the captured records of a window."""
    listing = list_capture(capture_prefix, window)
    found = [*listing.own, *listing.near]
    read_from = _that_fit(found)
    events = read_events(_fetched(read_from), selection.columns, window)
    return Drawn(draw(events, selection, window.compact()), len(found), len(read_from))


def _that_fit(found: Sequence[StoredObject]) -> list[StoredObject]:
    """Return as many objects as can be read, at least one, in an order that their names alone decide."""
    ordered = sorted(found, key=lambda item: hashlib.sha256(item.uri.encode()).digest())
    sums = accumulate(item.size for item in ordered)
    return [
        item for number, (item, total) in enumerate(zip(ordered, sums, strict=True)) if not number or total <= MAX_BYTES
    ]


def _fetched(objects: Sequence[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in sorted(objects, key=lambda item: item.uri))
