"""The times at which the captured data were wrong, by what the monitors found.

A model that is trained on them learns the fault, and one that is compared on them is judged by it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.common.contract import Manifest
from functions.common.storage import MANIFEST, list_objects, read
from functions.pipeline_steps.arguments import NONE
from monitoring_core.window import Window

READERS: Final = 10
"""Manifests fetched at once: as many as a client has connections."""
_ENDED: Final = re.compile(rf"/(\d{{4}}/\d\d/\d\d/\d\d)/(?:[^/]+/)?{re.escape(MANIFEST)}$")


@dataclass(frozen=True, slots=True)
class Fault:
    """A window in which a monitor found what looks like a fault of the data or of their capture."""

    window: Window
    manifest: str
    sentence: str


def list_faults(reports: str, window: Window) -> list[Fault]:
    """Return the faults that monitors found in a time, by what their runs say now.

    Parameters
    ----------
    reports : str
        S3 URI below which the endpoint's runs have their reports; `NONE`: nothing is looked for.
    window : Window
        Runs whose windows overlap it count.
    """
    if reports == NONE:
        return []
    first = f"{window.start:%Y/%m/%d/%H}"
    ended = [item.uri for item in list_objects(reports) if (hour := _ENDED.search(item.uri)) and hour[1] >= first]
    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(_fault, ended))
    return [fault for fault in found if fault is not None and _overlap(fault.window, window)]


class Times:
    """The union of windows.

    Examples
    --------
    >>> from datetime import UTC
    >>> spells = Times(Window.parse(f"2013-04-0{day}T00:00:00Z/2013-04-0{day + 1}T12:00:00Z") for day in (1, 2, 7))
    >>> [datetime(2013, 4, day, tzinfo=UTC) in spells for day in (1, 3, 4, 7, 9)]
    [True, True, False, True, False]
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self._spells = list(_merged(windows))

    def __contains__(self, time: object) -> bool:
        """Tell whether a time lies in one of the windows."""
        if not isinstance(time, datetime):
            return False
        i = bisect_right(self._spells, time, key=lambda spell: spell.start)
        return i > 0 and self._spells[i - 1].contains(time)


def _merged(windows: Iterable[Window]) -> Iterator[Window]:
    current: Window | None = None
    for window in sorted(windows, key=lambda one: one.start):
        if current is None or window.start > current.end:
            if current is not None:
                yield current
            current = window
        else:
            current = Window(current.start, max(current.end, window.end))
    if current is not None:
        yield current


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end


def _fault(uri: str) -> Fault | None:
    manifest = Manifest.model_validate_json(read(uri))
    fault = manifest.fault
    return Fault(manifest.window, uri, fault.sentence) if fault else None
