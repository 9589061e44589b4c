"""Window: a half-open interval of UTC time, the unit that a run analyses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring_core.errors import DataError


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The half-open interval [start, end) in UTC.

    Parameters
    ----------
    start, end : datetime
        Aware times, converted to UTC; `start` must lie before `end`.

    Raises
    ------
    DataError
        If a time has no zone, or the interval is empty.

    Examples
    --------
    >>> window = Window.parse("2013-04-01T22:30:00Z/2013-04-02T00:00:00Z")
    >>> str(window), window.compact()
    ('2013-04-01T22:30:00Z/2013-04-02T00:00:00Z', '20130401T223000Z_20130402T000000Z')
    >>> list(window.hours())
    ['2013/04/01/22', '2013/04/01/23']
    >>> window.contains(window.start), window.contains(window.end)
    (True, False)
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value: datetime = getattr(self, name)
            if value.tzinfo is None:
                raise DataError(f"the {name} of a window needs a time zone, got {value.isoformat()}; write it as UTC")
            object.__setattr__(self, name, value.astimezone(UTC))
        if self.start >= self.end:
            raise DataError(f"a window must start before it ends, got {self}")

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``START/END``, two ISO 8601 times.

        Examples
        --------
        >>> Window.parse("yesterday")
        Traceback (most recent call last):
        monitoring_core.errors.DataError: 'yesterday' is not a window; write START/END with ISO 8601 times in UTC, \
for example 2013-04-01T00:00:00Z/2013-04-02T00:00:00Z
        """
        start, separator, end = text.partition("/")
        try:
            if separator:
                return cls(datetime.fromisoformat(start.strip()), datetime.fromisoformat(end.strip()))
        except ValueError as error:
            if isinstance(error, DataError):
                raise
        raise DataError(
            f"{text!r} is not a window; write START/END with ISO 8601 times in UTC, "
            "for example 2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"
        )

    def __str__(self) -> str:
        return f"{format_time(self.start)}/{format_time(self.end)}"

    def compact(self) -> str:
        """Return the form for names of runs and files: ``20130401T000000Z_20130402T000000Z``."""
        return f"{self.start:%Y%m%dT%H%M%SZ}_{self.end:%Y%m%dT%H%M%SZ}"

    def contains(self, time: datetime) -> bool:
        """Return whether `time` (aware) lies in [start, end)."""
        return self.start <= time < self.end

    def hours(self) -> Iterator[str]:
        """Yield the ``yyyy/mm/dd/hh`` prefix of every clock hour that the window touches, in order."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield f"{hour:%Y/%m/%d/%H}"
            hour += timedelta(hours=1)


def format_time(time: datetime) -> str:
    """Return `time` in Amazon's form, with seconds resolution.

    Examples
    --------
    >>> format_time(datetime(2013, 4, 1, 12, tzinfo=UTC))
    '2013-04-01T12:00:00Z'
    """
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
