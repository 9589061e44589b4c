"""Which capture objects a window needs.

Capture files lie in the hour in which they were begun (contract 1.2) and are named by that moment.
A file can hold records that came later than its name says, so the objects of one hour to either
side of the window are read too; records are then taken by their own time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from functions.common.storage import StoredObject, list_folders, list_objects
from monitoring_core.window import Window

EDGE: Final = timedelta(hours=1)
_DAY = len("2013/04/01")
_HOURS_OF_A_DAY = 24
_HOUR = re.compile(r"\d{4}/\d\d/\d\d/([01]\d|2[0-3])/")
_NAME = re.compile(r"(?P<minute>[0-5]\d)-(?P<second>[0-5]\d)-(?P<milli>\d{3})-")


@dataclass(frozen=True, slots=True)
class CaptureObject:
    """A capture object, and the moment at which it was begun."""

    stored: StoredObject
    begun: datetime


@dataclass(frozen=True, slots=True)
class CaptureListing:
    """The capture objects of a window and of its neighbourhood, ordered by URI.

    An object belongs to the one window in which it was begun: that window counts the object, its
    bytes and those of its records that cannot be read, so that nothing is counted twice.
    """

    window: Window
    objects: tuple[CaptureObject, ...]

    @property
    def own(self) -> tuple[StoredObject, ...]:
        """The objects that were begun in the window."""
        return tuple(item.stored for item in self.objects if self.window.contains(item.begun))

    @property
    def near(self) -> tuple[StoredObject, ...]:
        """The other objects, which may hold records of the window."""
        return tuple(item.stored for item in self.objects if not self.window.contains(item.begun))

    def below(self, prefix: str) -> CaptureListing:
        """Return the listing of what lies below a prefix, such as that of one variant."""
        return CaptureListing(self.window, tuple(item for item in self.objects if item.stored.uri.startswith(prefix)))


def list_capture(capture_prefix: str, window: Window) -> CaptureListing:
    """List the objects of all variants below ``capture_prefix`` that may hold records of `window`."""
    span = Window(window.start - EDGE, window.end + EDGE)
    found = (
        item
        for variant in list_folders(capture_prefix)
        for folder in _folders(span)
        for item in _below(variant, folder)
        if span.contains(item.begun)
    )
    return CaptureListing(window, tuple(found))


def _folders(span: Window) -> Iterator[str]:
    """Yield the folders to list: whole days where all of a day is wanted, else hours."""
    for day, hours in groupby(span.hours(), lambda hour: hour[:_DAY]):
        wanted = list(hours)
        yield from [day] if len(wanted) == _HOURS_OF_A_DAY else wanted


def _below(variant: str, folder: str) -> Iterator[CaptureObject]:
    for stored in list_objects(f"{variant}{folder}/"):
        if match := _HOUR.match(stored.uri, len(variant)):
            hour = datetime.strptime(match[0], "%Y/%m/%d/%H/").replace(tzinfo=UTC)
            yield CaptureObject(stored, _begun(stored.uri, hour))


def _begun(uri: str, hour: datetime) -> datetime:
    match = _NAME.match(uri.rpartition("/")[2])
    if match is None:
        return hour
    return hour + timedelta(
        minutes=int(match["minute"]), seconds=int(match["second"]), milliseconds=int(match["milli"])
    )
