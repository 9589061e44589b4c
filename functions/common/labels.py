"""Which objects hold the labels that were collected in a span of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from functions.common.storage import StoredObject, list_objects
from monitoring_core.window import Window

_HOUR = re.compile(r"\d{4}/\d\d/\d\d/([01]\d|2[0-3])/[^/]+")
_DAY = len("2013/04/01")


def list_labels(prefixes: Iterable[str], span: Window) -> list[StoredObject]:
    """List the labels that were collected in a span of time, in the order of prefixes and keys.

    Objects of its days that lie in no hour are taken, too.
    """
    days = list(dict.fromkeys(hour[:_DAY] for hour in span.hours()))
    return [item for prefix in prefixes for day in days for item in _of_day(prefix, day, span.end)]


def _of_day(prefix: str, day: str, end: datetime) -> Iterator[StoredObject]:
    for stored in list_objects(f"{prefix}{day}/"):
        match = _HOUR.fullmatch(stored.uri, len(prefix))
        if match is None or datetime.strptime(match[0][:13], "%Y/%m/%d/%H").replace(tzinfo=UTC) < end:
            yield stored
