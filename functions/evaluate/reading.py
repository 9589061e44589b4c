"""Captured rows of a window, from S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from functions.common.capture import CaptureListing
from functions.common.storage import StoredObject, read
from monitoring_core.dataset import Batch, Quarantine, Source, read_capture
from monitoring_core.spec import SchemaSpec


def read_window(capture: CaptureListing, columns: SchemaSpec, quarantine: Quarantine) -> Iterator[Batch]:
    """Return the rows of a window; objects are fetched one at a time.

    A bad record counts in the window of its own time or, where that cannot be read, in the window in which its
    object was begun: every bad record counts once.
    """
    return read_capture(_sources(capture.own), columns, capture.window, quarantine, neighbours=_sources(capture.near))


def _sources(objects: Iterable[StoredObject]) -> Iterator[Source]:
    return (Source(item.uri, read(item.uri)) for item in objects)
