"""Simulated time: it stands still until somebody advances it, and then everything due happens in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timeline(Protocol):
    """A source of things that happen at known times."""

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when something is due next, strictly later than `after`; None when nothing is."""

    def fire(self, at: datetime, /) -> None:
        """Do what is due at `at`, a time that `next_time` returned."""


def utc(moment: datetime) -> datetime:
    """Return `moment` in UTC; a time without a zone is refused.

    Examples
    --------
    >>> utc(datetime(2013, 1, 1))
    Traceback (most recent call last):
    ...
    ValueError: the time 2013-01-01T00:00:00 has no time zone; give one, e.g. datetime(..., tzinfo=UTC)
    """
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no time zone; give one, e.g. datetime(..., tzinfo=UTC)")
    return moment.astimezone(UTC)


class Clock:
    """The account's time.

    Parameters
    ----------
    start : datetime
        The first instant, with a time zone.
    settle : callable
        Waits until everything that was set off has finished. It runs after each instant, so that what happens at one
        time is over before the next thing is due: that makes a simulation repeatable.
    """

    def __init__(self, start: datetime, settle: Callable[[], None]) -> None:
        self._now = utc(start)
        self._settle = settle
        self._timelines: list[Timeline] = []
        self._advancing = threading.Lock()

    @property
    def now(self) -> datetime:
        """The simulated time, in UTC."""
        return self._now

    def naive(self) -> datetime:
        """Return the simulated time as UTC without a zone, which is how moto keeps times."""
        return self._now.replace(tzinfo=None)

    def add(self, timeline: Timeline) -> None:
        """Let `timeline` take part. Of things due at the same time, those added first come first."""
        self._timelines.append(timeline)

    def advance_to(self, until: datetime) -> None:
        """Move to `until`, running everything due on the way (and at `until` itself) in order of time.

        Raises
        ------
        ValueError
            If `until` is in the simulated past.
        """
        until = utc(until)
        with self._advancing:
            if until < self._now:
                raise ValueError(
                    f"time cannot go back: it is {self._now.isoformat()}, asked for {until.isoformat()}; "
                    "start a new account to see an earlier time"
                )
            self._settle()
            while (due := self._next_due()) is not None and due <= until:
                self._step(due)
            self._now = until

    def _next_due(self) -> datetime | None:
        times = [time for timeline in self._timelines if (time := timeline.next_time(self._now)) is not None]
        return min(times, default=None)

    def _step(self, due: datetime) -> None:
        before, self._now = self._now, due
        for timeline in self._timelines:
            if timeline.next_time(before) == due:
                timeline.fire(due)
                self._settle()
