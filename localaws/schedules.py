"""The schedule expressions of EventBridge and EventBridge Scheduler: ``cron(...)``, ``rate(...)``, ``at(...)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EXPRESSION = re.compile(r"(cron|rate|at)\((.*)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)(s?)")
_CRON_FIELDS = 6
_NEVER_AFTER = datetime(2100, 1, 1, tzinfo=UTC)


class ScheduleExpressionError(ValueError):
    """An expression that AWS would refuse, or that is not understood here."""

    def __init__(self, expression: str, why: str) -> None:
        super().__init__(
            f"schedule expression {expression!r} is not valid: {why}; allowed are "
            "cron(minutes hours day-of-month month day-of-week year), "
            "rate(value minute|minutes|hour|hours|day|days) and at(yyyy-mm-ddThh:mm:ss)"
        )


@dataclass(frozen=True)
class Cron:
    """A six-field cron expression of AWS, evaluated in `zone`."""

    pattern: str
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first matching instant strictly after `moment`, in UTC."""
        if moment >= _NEVER_AFTER:
            return None
        try:
            local = croniter(self.pattern, moment.astimezone(self.zone), second_at_beginning=True).get_next(datetime)
        except CroniterError:  # no such day any more, e.g. a year in the past
            return None
        found: datetime = local.astimezone(UTC)
        return found


@dataclass(frozen=True)
class Rate:
    """Every `step`, counted from `origin`."""

    step: timedelta
    origin: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first instant of the rhythm strictly after `moment`."""
        if moment < self.origin:
            return self.origin
        return self.origin + ((moment - self.origin) // self.step + 1) * self.step


@dataclass(frozen=True)
class Once:
    """One instant."""

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the instant while it is still ahead of `moment`."""
        return self.moment if moment < self.moment else None


Schedule = Cron | Rate | Once


def parse(expression: str, *, origin: datetime, timezone: str = "UTC") -> Schedule:
    """Read a schedule expression.

    Parameters
    ----------
    expression : str
        ``cron(...)``, ``rate(...)`` or ``at(...)``.
    origin : datetime
        What a rate counts from: when the schedule was made, or its start date.
    timezone : str
        Zone that ``cron`` and ``at`` are written in.

    Raises
    ------
    ScheduleExpressionError
        Names the expression and what is allowed.

    Examples
    --------
    >>> noon = datetime(2013, 1, 1, 12, tzinfo=UTC)
    >>> parse("cron(0 9 ? * MON-FRI *)", origin=noon).next_after(noon).isoformat()
    '2013-01-02T09:00:00+00:00'
    >>> parse("rate(1 hour)", origin=noon).next_after(noon).isoformat()
    '2013-01-01T13:00:00+00:00'
    >>> parse("at(2013-01-01T13:00:00)", origin=noon, timezone="America/New_York").next_after(noon).isoformat()
    '2013-01-01T18:00:00+00:00'
    >>> parse("rate(1 hours)", origin=noon)
    Traceback (most recent call last):
    ...
    localaws.schedules.ScheduleExpressionError: schedule expression 'rate(1 hours)' is not valid: 1 takes the singular \
unit; allowed are cron(minutes hours day-of-month month day-of-week year), \
rate(value minute|minutes|hour|hours|day|days) and at(yyyy-mm-ddThh:mm:ss)
    """
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise ScheduleExpressionError(expression, "it is none of cron(...), rate(...), at(...)")
    form, text = match.groups()
    try:
        zone = ZoneInfo(timezone)
        if form == "cron":
            return _cron(text, zone)
        return _rate(text, origin) if form == "rate" else Once(_at(text, zone))
    except (ValueError, KeyError, CroniterError) as error:
        raise ScheduleExpressionError(expression, str(error)) from error


def _at(text: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).astimezone(UTC)


def _rate(text: str, origin: datetime) -> Rate:
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError("a rate is a whole number and a unit")
    count, unit, plural = int(match[1]), match[2], bool(match[3])
    if count < 1:
        raise ValueError("a rate must be at least 1")
    if plural != (count > 1):
        raise ValueError(f"{count} takes the {'plural' if count > 1 else 'singular'} unit")
    return Rate(count * _UNITS[unit], origin)


def _cron(text: str, zone: ZoneInfo) -> Cron:
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        raise ValueError(f"cron takes {_CRON_FIELDS} fields, got {len(fields)}")
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    if "W" in day:
        raise ValueError("W (nearest weekday) is not simulated")
    # croniter counts weekdays from 0 = Sunday, AWS from 1 = Sunday; it wants seconds first and the year last.
    weekday = re.sub(r"(?<![#/\d])\d", lambda number: str(int(number[0]) - 1), weekday)
    weekday = re.sub(r"(\d)L", r"L\1", weekday)  # "the last Friday" is written the other way round there
    pattern = " ".join(["0", minute, hour, day.replace("?", "*"), month, weekday.replace("?", "*"), year])
    if not croniter.is_valid(pattern, second_at_beginning=True):
        raise ValueError("a field is out of range or not understood")
    return Cron(pattern, zone)
