"""Schedules: every form gives equal windows and an expression in the grammar of each service."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from infra.config.schedule import Schedule, parse_schedule

HOUR, DAY = 3600, 86_400
MANAGED: Final = re.compile(r"cron\(0 (\*|[01]?\d|2[0-3]|([01]?\d|2[0-3])/(0?[1-9]|1\d|2[0-4])) \? \* \* \*\)")
"""The grammar of Model Monitor (contract 10.2)."""


@pytest.mark.parametrize(
    ("text", "period", "offset", "scheduler", "managed"),
    [
        ("hourly", HOUR, 0, "cron(10 * * * ? *)", "cron(0 * ? * * *)"),
        ("daily", DAY, 0, "cron(10 0 * * ? *)", "cron(0 0 ? * * *)"),
        ("every 6 hours", 6 * HOUR, 0, "cron(10 0/6 * * ? *)", "cron(0 0/6 ? * * *)"),
        ("every 1 day", DAY, 0, "cron(10 0 * * ? *)", "cron(0 0 ? * * *)"),
        ("every 15 minutes", 900, 0, "cron(7/15 * * * ? *)", None),
        ("every 5 minutes", 300, 0, "cron(2/5 * * * ? *)", None),
        ("rate(12 hours)", 12 * HOUR, 0, "cron(10 0/12 * * ? *)", "cron(0 0/12 ? * * *)"),
        ("rate(30 minutes)", 1800, 0, "cron(10/30 * * * ? *)", None),
        ("cron(0 * ? * * *)", HOUR, 0, "cron(0 * * * ? *)", "cron(0 * ? * * *)"),
        ("cron(0 5 ? * * *)", DAY, 5 * HOUR, "cron(0 5 * * ? *)", "cron(0 5 ? * * *)"),
        ("cron(20 5 * * ? *)", DAY, 5 * HOUR, "cron(20 5 * * ? *)", None),
        ("cron(0 1/6 ? * * *)", 6 * HOUR, HOUR, "cron(0 1/6 * * ? *)", "cron(0 1/6 ? * * *)"),
        ("cron(0 00/24 ? * * *)", DAY, 0, "cron(0 0 * * ? *)", "cron(0 0 ? * * *)"),
        ("cron(30 6 ? * MON *)", 7 * DAY, 4 * DAY + 6 * HOUR, "cron(30 6 ? * MON *)", None),
    ],
)
def test_a_schedule_gives_windows_and_expressions(
    text: str, period: int, offset: int, scheduler: str, managed: str | None
) -> None:
    schedule = parse_schedule(text)
    assert (schedule.period_seconds, schedule.offset_seconds) == (period, offset)
    assert (schedule.scheduler_expression, schedule.managed_expression) == (scheduler, managed)


@pytest.mark.parametrize(
    "text",
    [
        "weekly", "every 7 hours", "every 45 minutes", "every 2 days", "rate(0 hours)", "rate(1 fortnight)",
        "cron(* * * * ? *)", "cron(0/15 * * * ? *)", "cron(60 1 ? * * *)", "cron(0 24 ? * * *)", "cron(0 5 1 * ? *)",
        "cron(0 5 ? 1 * *)", "cron(0 5 ? * * 2026)", "cron(0 5 ? * MON-FRI *)", "cron(0 0/5 ? * * *)",
        "cron(0 5 ? * *)", "cron(0 30/2 ? * * *)", 5, None,
    ],
)  # fmt: skip
def test_a_schedule_without_equal_windows_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"allowed|must be"):
        parse_schedule(text)


VALID = st.one_of(
    st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]).map(lambda n: f"every {n} hours"),
    st.sampled_from([5, 10, 15, 20, 30]).map(lambda n: f"rate({n} minutes)"),
    st.builds("cron({} {} ? * * *)".format, st.integers(0, 59), st.integers(0, 23)),
    st.builds(
        "cron({} {}/{} ? * * *)".format, st.integers(0, 59), st.integers(0, 23), st.sampled_from([1, 2, 3, 4, 6, 8, 12])
    ),
    st.builds(
        "cron({} {} ? * {} *)".format, st.integers(0, 59), st.integers(0, 23), st.sampled_from(["SUN", "WED", "7"])
    ),
)


@given(VALID)
def test_the_managed_expression_keeps_to_the_grammar_of_model_monitor(text: str) -> None:
    expression = parse_schedule(text).managed_expression
    assert expression is None or MANAGED.fullmatch(expression)


def _firings(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    """Moments of EventBridge's cron, told by a Unix cron library (which has no year and counts Sunday as 0)."""
    minute, hour, day, month, weekday, _ = schedule.scheduler_expression.removeprefix("cron(").removesuffix(")").split()
    ranged = [re.sub(r"^(\d+)/", rf"\1-{last}/", field) for field, last in ((minute, 59), (hour, 23))]
    cron = croniter(" ".join([*ranged, day.replace("?", "*"), month, weekday.replace("?", "*")]), start)
    return [cron.get_next(datetime) for _ in range(count)]


@given(VALID)
def test_windows_of_consecutive_firings_tile_time(text: str) -> None:
    schedule = parse_schedule(text)
    moments = _firings(schedule, datetime(2026, 3, 1, tzinfo=UTC), 30)
    ends = [moment - timedelta(seconds=schedule.delay_seconds) for moment in moments]
    assert {int(end.timestamp() - schedule.offset_seconds) % schedule.period_seconds for end in ends} == {0}
    gaps = {(later - earlier).total_seconds() for earlier, later in pairwise(ends)}
    assert gaps == {schedule.period_seconds}
