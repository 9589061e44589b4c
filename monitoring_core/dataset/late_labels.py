"""Late labels: which past windows are run again, and how a window's runs are told apart.

A window with labels is first run when `lag` has passed after its end. Labels that come later do not change
what was reported: the window is run again, and its new revision is written beside the old one. What a run
was made of is told by the digest of the label objects that it read: with the same labels it is the same
revision, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from monitoring_core.window import Window

_HOUR: Final = timedelta(hours=1)  # what one folder of labels holds


@dataclass(frozen=True, slots=True)
class LabelArrival:
    """Labels that came together.

    Attributes
    ----------
    collected : datetime
        Begin of the hour in which they were collected: that of their object's key (`collection_hour`).
    inferred : datetime or None
        When their event was answered; None where that is not known.
    """

    collected: datetime
    inferred: datetime | None = None


def windows_to_reopen(
    arrivals: Iterable[LabelArrival],
    window_at: Callable[[datetime], Window],
    *,
    lag: timedelta,
    horizon: timedelta,
) -> tuple[Window, ...]:
    """Return the past windows whose labels have changed since they were first run, in order.

    The first run of a window reads the labels collected before ``end + lag``. Labels of an hour that was not
    over by then reopen the window of their event; where the event's time is not known, every window in the horizon.

    Parameters
    ----------
    arrivals : iterable of LabelArrival
        What has arrived since the last run.
    window_at : callable
        Gives the window of the schedule that contains a time.
    lag : timedelta
        How long after its end a window is first run.
    horizon : timedelta
        Windows that ended longer than this before an arrival stay closed.

    Examples
    --------
    >>> from datetime import UTC
    >>> def day(time):
    ...     start = time.replace(hour=0, minute=0, second=0, microsecond=0)
    ...     return Window(start, start + timedelta(days=1))
    >>> noon = datetime(2013, 4, 1, 12, tzinfo=UTC)
    >>> label = LabelArrival(collected=datetime(2013, 4, 5, 7, tzinfo=UTC), inferred=noon)
    >>> limits = {"lag": timedelta(hours=26), "horizon": timedelta(days=7)}
    >>> [str(window) for window in windows_to_reopen([label], day, **limits)]
    ['2013-04-01T00:00:00Z/2013-04-02T00:00:00Z']
    >>> in_time = LabelArrival(datetime(2013, 4, 2, 7, tzinfo=UTC), inferred=noon)
    >>> windows_to_reopen([in_time], day, **limits)
    ()
    """
    found: set[Window] = set()
    for arrival in arrivals:
        if arrival.inferred is not None:
            touched: Iterable[Window] = (window_at(arrival.inferred),)
        else:
            touched = _windows_before(arrival.collected, window_at, horizon)
        found.update(
            window
            for window in touched
            if window.end + lag < arrival.collected + _HOUR and arrival.collected - window.end <= horizon
        )
    return tuple(sorted(found))


def _windows_before(time: datetime, window_at: Callable[[datetime], Window], horizon: timedelta) -> Iterable[Window]:
    window = window_at(time)
    while time - window.end <= horizon:
        yield window
        window = window_at(window.start - timedelta(microseconds=1))


def labels_digest(objects: Iterable[tuple[str, str]]) -> str:
    """Return what identifies a set of label objects: 16 hex digits, whatever their order.

    Parameters
    ----------
    objects : iterable of (str, str)
        Key and entity tag of each object.

    Examples
    --------
    >>> labels_digest([("b", "2"), ("a", "1")]) == labels_digest([("a", "1"), ("b", "2")])
    True
    """
    text = "\n".join(f"{key}\t{tag}" for key, tag in sorted(objects))
    return sha256(text.encode()).hexdigest()[:16]


def revision_of(digest: str, earlier: Sequence[str]) -> int:
    """Return the number of the revision with these labels, from 1.

    Parameters
    ----------
    digest : str
        Of the labels at hand.
    earlier : sequence of str
        Those of the revisions there are, in order.

    Examples
    --------
    >>> revision_of("ab", []), revision_of("cd", ["ab"]), revision_of("ab", ["ab", "cd"])
    (1, 2, 1)
    """
    return earlier.index(digest) + 1 if digest in earlier else len(earlier) + 1


def revision_prefix(report_prefix: str, revision: int) -> str:
    """Return where a revision's report is written: the first at the window's own place, later ones below it.

    Examples
    --------
    >>> revision_prefix("reports/e/s/2013/04/02/00/", 1), revision_prefix("reports/e/s/2013/04/02/00/", 3)
    ('reports/e/s/2013/04/02/00/', 'reports/e/s/2013/04/02/00/rev-3/')
    """
    return report_prefix if revision == 1 else f"{report_prefix}rev-{revision}/"
