"""Grid: the windows that a schedule makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal windows that end at ``offset + k * period`` after 1970-01-01T00:00:00Z.

    Attributes
    ----------
    period : timedelta
        Length of a window.
    offset : timedelta
        Where the grid is anchored.
    """

    period: timedelta
    offset: timedelta = timedelta(0)

    def ending_by(self, moment: datetime) -> Window:
        """Return the last window that is over at `moment`.

        Examples
        --------
        >>> str(Grid(timedelta(hours=1)).ending_by(datetime(2013, 4, 1, 2, 10, tzinfo=UTC)))
        '2013-04-01T01:00:00Z/2013-04-01T02:00:00Z'
        """
        end = moment - (moment - _EPOCH - self.offset) % self.period
        return Window(end - self.period, end)

    def ending_from(self, moment: datetime) -> Window:
        """Return the first window that ends at `moment` or later.

        Examples
        --------
        >>> str(Grid(timedelta(hours=1)).ending_from(datetime(2013, 4, 1, 2, 10, tzinfo=UTC)))
        '2013-04-01T02:00:00Z/2013-04-01T03:00:00Z'
        """
        last = self.ending_by(moment)
        return last if last.end == moment else Window(last.end, last.end + self.period)

    def around(self, moment: datetime) -> Window:
        """Return the window that contains `moment`.

        Examples
        --------
        >>> str(Grid(timedelta(hours=1)).around(datetime(2013, 4, 1, 2, tzinfo=UTC)))
        '2013-04-01T02:00:00Z/2013-04-01T03:00:00Z'
        """
        last = self.ending_by(moment)
        return Window(last.end, last.end + self.period)

    def has(self, window: Window) -> bool:
        """Return whether `window` is one of the grid's."""
        return window == self.ending_by(window.end)

    def within(self, span: Window) -> Iterator[Window]:
        """Yield the windows that lie in `span` as a whole, the oldest first.

        Examples
        --------
        >>> grid = Grid(timedelta(hours=6))
        >>> span = Window.parse("2013-04-01T01:00:00Z/2013-04-01T18:30:00Z")
        >>> [str(window) for window in grid.within(span)]
        ['2013-04-01T06:00:00Z/2013-04-01T12:00:00Z', '2013-04-01T12:00:00Z/2013-04-01T18:00:00Z']
        """
        window = self.ending_from(span.start + self.period)
        while window.end <= span.end:
            yield window
            window = Window(window.end, window.end + self.period)

    def check(self, window: Window) -> Window:
        """Return `window` if it is one of the grid's.

        Raises
        ------
        ConfigError
            If it is not: two windows must never share a report's place.
        """
        expected = self.ending_by(window.end)
        if window != expected:
            raise ConfigError(
                f"the window {window} is not one of the schedule's, which are {self.period} long; the last one "
                f"that is over at its end is {expected}; give one window of the schedule for each run"
            )
        return window
