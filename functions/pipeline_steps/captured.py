"""The captured records that are recent enough, straight from S3.

Captured data grows for as long as it is retained. What may be read is decided by the hour in an object's key, before
anything is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.common.capture import EDGE
from functions.common.storage import list_objects, read
from monitoring_core.dataset.source import Source

READERS: Final = 10
"""Objects fetched at once: as many as a client has connections."""
_HOUR: Final = re.compile(r"/(\d{4}/\d\d/\d\d/\d\d)/[^/]+$")


@dataclass(frozen=True, slots=True)
class Captured:
    """The capture objects of one retraining.

    Attributes
    ----------
    start : datetime
        Records are used from here on.
    uris : tuple of str
        Objects that may hold records from `start` on, in the order of their keys.
    too_old : int
        Objects that were begun before, and are not fetched.
    not_captured : int
        Objects whose key names no hour: data capture did not write them.
    """

    start: datetime
    uris: tuple[str, ...]
    too_old: int
    not_captured: int

    def sources(self) -> Iterator[Source]:
        """Yield the objects' contents, in order; few are in memory at once."""
        with ThreadPoolExecutor(READERS) as pool:
            for first in range(0, len(self.uris), READERS):
                yield from pool.map(_fetch, self.uris[first : first + READERS])


def list_captured(prefix: str, end: datetime, max_age: timedelta) -> Captured:
    """List the capture objects below `prefix` that are not older than `max_age`.

    The age is counted back from `end` or, where that is later, from the newest object.
    """
    begun = {item.uri: _hour(item.uri) for item in list_objects(prefix)}
    hours = {uri: hour for uri, hour in begun.items() if hour is not None}
    newest = max(hours.values(), default=end)
    start = min(end, newest + timedelta(hours=1)) - max_age
    recent = [uri for uri, hour in hours.items() if start - EDGE <= hour <= end]
    return Captured(
        start=start,
        uris=tuple(recent),
        too_old=sum(hour < start - EDGE for hour in hours.values()),
        not_captured=len(begun) - len(hours),
    )


def _hour(uri: str) -> datetime | None:
    match = _HOUR.search(uri)
    return datetime.strptime(match[1], "%Y/%m/%d/%H").replace(tzinfo=UTC) if match else None


def _fetch(uri: str) -> Source:
    return Source(uri, read(uri))
