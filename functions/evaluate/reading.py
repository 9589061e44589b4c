"""Captured rows of a window, from S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from functions.common.capture import CaptureListing
from functions.common.storage import StoredObject, read
from monitoring_core.dataset import Batch, Quarantine, Reason, Source, read_capture
from monitoring_core.spec import SchemaSpec

PLACED: Final = frozenset(
    {
        Reason.NUMBER_OUT_OF_RANGE,
        Reason.UNKNOWN_ENCODING,
        Reason.UNREADABLE_CONTENT_TYPE,
        Reason.PAYLOAD_NOT_BASE64,
        Reason.PAYLOAD_NOT_CSV,
        Reason.PAYLOAD_NOT_JSON,
        Reason.PAYLOAD_EMPTY,
        Reason.ROWS_DIFFER,
        Reason.COLUMNS_DIFFER,
    }
)
"""Reasons of records whose own time could be read, so that they are known to be of the window."""


def read_window(capture: CaptureListing, columns: SchemaSpec, quarantine: Quarantine) -> Iterator[Batch]:
    """Yield the rows of a window; objects are fetched one at a time.

    A bad record counts in the window of its own time or, where that cannot be read, in the window in which its
    object was begun: every bad record counts once.
    """
    yield from read_capture(_sources(capture.own), columns, capture.window, quarantine)
    nearby = Quarantine()
    yield from read_capture(_sources(capture.near), columns, capture.window, nearby)
    quarantine.by_reason.update({reason: n for reason, n in nearby.by_reason.items() if reason in PLACED})
    quarantine.examples.extend(record for record in nearby.examples if record.reason in PLACED)
    quarantine.out_of_window += nearby.out_of_window


def _sources(objects: Iterable[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in objects)
