"""When a monitor runs, and which window each run covers.

Every run covers the time since the run before it, so a schedule must fire at equal distances: `H/N` in a
cron means every N hours around the clock, through hour H. All forms are turned into a period and an
offset; the two services that fire get the expression in their own grammar: EventBridge Scheduler, and
Model Monitor (contract 10.2).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800
DELIVERY_SECONDS: Final = 600
"""Capture files arrive up to some minutes after the request; runs wait so long after their window's end."""

SPREAD_SECONDS: Final = 2400
"""Runs of a fleet start within so long after their window's end, or within two thirds of a shorter window: that leaves
them the time to end before the next window does."""

_WORDS = {"hourly": HOUR, "daily": DAY}
_EVERY = re.compile(r"(?:every (\d+) (minute|hour|day)s?|rate\((\d+) (minute|hour|day)s?\))")
_UNIT_SECONDS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_HOUR = r"([01]?\d|2[0-3])"
_HOURS = re.compile(rf"\*|(?:\*|{_HOUR})/(\d{{1,2}})|{_HOUR}")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EPOCH_WEEKDAY = 4  # 1970-01-01 was a Thursday; Amazon counts from Sunday
_MINUTE_STEPS = (5, 10, 15, 20, 30)
_HOUR_STEPS = (1, 2, 3, 4, 6, 8, 12, 24)

ALLOWED: Final = (
    "allowed: hourly, daily, every N hours (N divides 24), every N minutes (5, 10, 15, 20 or 30), rate(...), or "
    "cron(MINUTE HOUR ? * * *) with HOUR as H, * or H/N, or cron(MINUTE HOUR ? * MON *) for a weekly run"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Equal windows of time and the moment at which each is looked at.

    Attributes
    ----------
    text : str
        As written in the file.
    period_seconds : int
        Length of a window.
    offset_seconds : int
        Windows end at ``offset_seconds + k * period_seconds`` after 1970-01-01T00:00:00Z.
    delay_seconds : int
        How long after a window's end its run starts.

    Examples
    --------
    >>> parse_schedule("every 6 hours").scheduler_expression
    'cron(10 0/6 * * ? *)'
    >>> parse_schedule("cron(0 5 ? * * *)").managed_expression
    'cron(0 5 ? * * *)'
    """

    text: str
    period_seconds: int
    offset_seconds: int
    delay_seconds: int

    @property
    def scheduler_expression(self) -> str:
        """The expression for EventBridge Scheduler, in UTC."""
        if self.period_seconds < HOUR:
            return f"cron({self.delay_seconds // MINUTE}/{self.period_seconds // MINUTE} * * * ? *)"
        minute = self.delay_seconds // MINUTE
        if self.period_seconds == WEEK:
            weekday = _WEEKDAYS[(self.offset_seconds // DAY + _EPOCH_WEEKDAY) % 7]
            return f"cron({minute} {self._hour} ? * {weekday} *)"
        return f"cron({minute} {self._hour} * * ? *)"

    @property
    def managed_expression(self) -> str | None:
        """The expression for a Model Monitor schedule; None where its grammar has none (whole hours up to a day)."""
        on_the_hour = self.delay_seconds == 0 or not self.text.startswith("cron")
        if not on_the_hour or not HOUR <= self.period_seconds <= DAY or self.period_seconds % HOUR:
            return None
        return f"cron(0 {self._hour} ? * * *)"

    def spread(self, endpoint: str) -> Schedule:
        """Return the schedule with a start of its own for an endpoint of a fleet, the same at every synthesis.

        Whatever waits for delivery by itself (not a cron, whose minute the file gives) starts between then and
        `SPREAD_SECONDS`, in a minute that a hash of endpoint and expression picks.

        Examples
        --------
        >>> hourly = parse_schedule("hourly")
        >>> [hourly.spread(name).scheduler_expression for name in ("north", "south")]
        ['cron(17 * * * ? *)', 'cron(31 * * * ? *)']
        """
        if self.text.startswith("cron"):
            return self
        latest = min(SPREAD_SECONDS, self.period_seconds * 2 // 3)
        minutes = (latest - self.delay_seconds) // MINUTE
        delay = self.delay_seconds + _hash(f"{endpoint} {self.scheduler_expression}") % minutes * MINUTE
        return replace(self, delay_seconds=delay)

    @property
    def _hour(self) -> str:
        hour, step = self.offset_seconds % DAY // HOUR, self.period_seconds // HOUR
        if self.period_seconds == HOUR:
            return "*"
        return f"{hour}" if self.period_seconds >= DAY else f"{hour}/{step}"


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def parse_schedule(value: object) -> Schedule:
    """Read a schedule as written in the configuration.

    Raises
    ------
    ValueError
        If it is not one of the allowed forms, or would not fire at equal distances.

    Examples
    --------
    >>> parse_schedule("hourly").period_seconds
    3600
    >>> parse_schedule("every 5 hours")
    Traceback (most recent call last):
    ValueError: windows of 5 hours do not fill a day evenly; allowed: 1, 2, 3, 4, 6, 8, 12 or 24 hours
    """
    if isinstance(value, Schedule):
        return value
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if text in _WORDS:
        return _windows(text, _WORDS[text])
    if match := _EVERY.fullmatch(text):
        return _windows(text, _step(int(match[1] or match[3]), match[2] or match[4]))
    if match := _CRON.fullmatch(text):
        return _cron(text, *match.groups())
    raise ValueError(ALLOWED)


def _windows(text: str, period: int) -> Schedule:
    return Schedule(text, period, 0, min(DELIVERY_SECONDS, period // 2 // MINUTE * MINUTE))


def _step(count: int, unit: str) -> int:
    seconds = count * _UNIT_SECONDS[unit]
    if seconds < HOUR and count not in _MINUTE_STEPS:
        raise ValueError(f"windows of {count} minutes do not fill an hour evenly; allowed: 5, 10, 15, 20 or 30 minutes")
    if seconds >= HOUR and (seconds % HOUR or seconds // HOUR not in _HOUR_STEPS):
        given = f"{count} {unit}{'s' if count != 1 else ''}"
        raise ValueError(f"windows of {given} do not fill a day evenly; allowed: 1, 2, 3, 4, 6, 8, 12 or 24 hours")
    return seconds


def _cron(text: str, minute: str, hour: str, day: str, month: str, weekday: str, year: str) -> Schedule:
    hours = _HOURS.fullmatch(hour)
    if not (minute.isdecimal() and int(minute) < HOUR // MINUTE):
        raise ValueError(f"the minute of a cron must be one number from 0 to 59, got {minute!r}; {ALLOWED}")
    if hours is None:
        raise ValueError(f"the hour of a cron must be H, * or H/N with H from 0 to 23, got {hour!r}; {ALLOWED}")
    if month != "*" or year != "*":
        raise ValueError(f"runs all year round only: month and year of a cron must be *, got {month!r}, {year!r}")
    start = int(hours[3] or hours[1] or 0)
    weekly = (day, weekday) not in {("*", "?"), ("?", "*")}
    if weekly:
        return Schedule(text, WEEK, _weekly_offset(day, weekday, hours[3], start), int(minute) * MINUTE)
    period = DAY if hours[3] else _step(int(hours[2] or 1), "hour")
    return Schedule(text, period, start * HOUR % period, int(minute) * MINUTE)


def _weekly_offset(day: str, weekday: str, fixed_hour: str | None, start: int) -> int:
    days = {**{name: i for i, name in enumerate(_WEEKDAYS)}, **{str(i + 1): i for i in range(7)}}
    if day != "?" or weekday.upper() not in days or fixed_hour is None:
        raise ValueError(f"day fields of a cron must be '? * *', '* * ?' or '? * MON' with one hour; {ALLOWED}")
    return (days[weekday.upper()] - _EPOCH_WEEKDAY) % 7 * DAY + start * HOUR


ScheduleField = Annotated[
    Schedule,
    PlainValidator(parse_schedule),
    PlainSerializer(lambda schedule: schedule.text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["hourly", "daily", "every 6 hours", "cron(0 5 ? * * *)"]}),
]
