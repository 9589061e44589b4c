"""When a monitoring schedule fires: the narrow grammar SageMaker accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

NOW = "NOW"
_EXPRESSION = re.compile(r"cron\(0 (?:(?P<every>\*)|(?P<start>\d{1,2})(?:/(?P<step>\d{1,2}))?) \? \* \* \*\)")
_DURATION = re.compile(r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
_HOURS = 24


class ScheduleError(ValueError):
    """An expression or an offset that SageMaker would refuse."""


@dataclass(frozen=True)
class Rhythm:
    """Every `step` hours of the day, counted from the hour `start` and starting over there each day.

    Examples
    --------
    >>> from datetime import UTC
    >>> evening = datetime(2013, 1, 1, 18, 30, tzinfo=UTC)
    >>> parse("cron(0 * ? * * *)").next_after(evening).isoformat()
    '2013-01-01T19:00:00+00:00'
    >>> parse("cron(0 17/12 ? * * *)").next_after(evening).isoformat()
    '2013-01-02T05:00:00+00:00'
    """

    start: int
    step: int

    @property
    def period(self) -> timedelta:
        """The time from one firing to the next; the window of a run without offsets."""
        return timedelta(hours=self.step)

    def next_after(self, moment: datetime) -> datetime:
        """Return the first firing strictly after `moment`."""
        hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        while (hour.hour - self.start) % _HOURS % self.step:
            hour += timedelta(hours=1)
        return hour


def parse(expression: str) -> Rhythm:
    """Read a schedule expression; an empty one means once a day, at midnight.

    Raises
    ------
    ScheduleError
        If it is none of the forms SageMaker has: hourly, daily at an hour, every so many hours from an hour.

    Examples
    --------
    >>> parse("cron(0 5 ? * * *)")
    Rhythm(start=5, step=24)
    >>> parse("cron(*/5 * ? * * *)")
    Traceback (most recent call last):
    ...
    localaws.sagemaker.cron.ScheduleError: the schedule expression 'cron(*/5 * ? * * *)' is not one SageMaker accepts: \
cron(0 * ? * * *), cron(0 [00-23] ? * * *), cron(0 [00-23]/[01-24] ? * * *) or NOW
    """
    match = _EXPRESSION.fullmatch(expression or "cron(0 0 ? * * *)")
    start, step = (
        (int(match["start"] or 0), int(match["step"] or (1 if match["every"] else _HOURS))) if match else (0, 0)
    )
    if match is None or start >= _HOURS or not 1 <= step <= _HOURS:
        raise ScheduleError(
            f"the schedule expression {expression!r} is not one SageMaker accepts: cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *), cron(0 [00-23]/[01-24] ? * * *) or NOW"
        )
    return Rhythm(start, step)


def offset(text: str) -> timedelta:
    """Read an ISO 8601 duration, as start and end offsets are written.

    Raises
    ------
    ScheduleError
        If it is none.

    Examples
    --------
    >>> offset("-P8D"), offset("-PT1H")
    (datetime.timedelta(days=-8), datetime.timedelta(days=-1, seconds=82800))
    """
    match = _DURATION.fullmatch(text)
    if match is None or text.strip("-") in ("P", "PT"):
        raise ScheduleError(f"the offset {text!r} is not an ISO 8601 duration such as -PT1H or -P8D")
    length = timedelta(**{unit: int(match[unit] or 0) for unit in ("days", "hours", "minutes")})
    return -length if match["sign"] else length
