"""Simulated time: everything due happens, in order, exactly once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.account import LocalAccountError
from localaws.clock import Clock
from localaws.schedules import ScheduleExpressionError, parse
from tests.local.lab import ROLE, Lab

NOON = datetime(2013, 1, 31, 12, tzinfo=UTC)


def schedule(lab: Lab, name: str, expression: str, target: str, **more: Any) -> None:
    text = json.dumps({"name": name, "time": "<aws.scheduler.scheduled-time>"})
    lab.client("scheduler").create_schedule(
        **{
            "Name": name,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": target, "RoleArn": ROLE, "Input": text},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 * ? * * *)", ["2013-01-31 13:00", "2013-01-31 14:00"]),
        ("cron(0/30 0 ? * MON-FRI *)", ["2013-02-01 00:00", "2013-02-01 00:30", "2013-02-04 00:00"]),
        ("cron(0 0 ? * 2 *)", ["2013-02-04 00:00", "2013-02-11 00:00"]),  # 1 is Sunday, so 2 is Monday
        ("cron(0 0 ? * 6L *)", ["2013-02-22 00:00", "2013-03-29 00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2013-02-04 00:00", "2013-03-04 00:00"]),
        ("cron(0 0 L * ? *)", ["2013-02-28 00:00", "2013-03-31 00:00"]),
        ("cron(15 10 1,15 * ? 2013-2014)", ["2013-02-01 10:15", "2013-02-15 10:15"]),
        ("cron(0 0 1 1 ? 2012)", []),
        ("rate(90 minutes)", ["2013-01-31 13:30", "2013-01-31 15:00"]),
        ("rate(1 day)", ["2013-02-01 12:00", "2013-02-02 12:00"]),
        ("at(2013-02-01T00:00:00)", ["2013-02-01 00:00"]),
        ("at(2013-01-01T00:00:00)", []),
    ],
)
def test_a_schedule_expression_means_what_amazon_says(expression: str, expected: list[str]) -> None:
    schedule, moment = parse(expression, origin=NOON), NOON
    found: list[str] = []
    while len(found) < len(expected) and (following := schedule.next_after(moment)) is not None:
        moment = following
        found.append(f"{moment:%Y-%m-%d %H:%M}")
    assert found == expected


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 * * * * *)",  # day of month and day of week
        "cron(0 * ? * ? *)",
        "cron(0 * ? * *)",
        "cron(61 * ? * * *)",
        "cron(0 0 15W * ? *)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 hour)",
        "rate(1 week)",
        "at(tomorrow)",
        "every hour",
    ],
)
def test_a_schedule_expression_that_amazon_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleExpressionError, match="is not valid"):
        parse(expression, origin=NOON)


def test_a_cron_schedule_follows_the_clock_of_its_zone() -> None:
    berlin = parse("cron(0 9 ? * * *)", origin=NOON, timezone="Europe/Berlin")
    winter = berlin.next_after(datetime(2013, 3, 30, tzinfo=UTC))
    summer = berlin.next_after(datetime(2013, 3, 31, tzinfo=UTC))
    assert (winter, summer) == (datetime(2013, 3, 30, 8, tzinfo=UTC), datetime(2013, 3, 31, 7, tzinfo=UTC))


class Ticks:
    """A timeline that fires every `step`, and writes down when."""

    def __init__(self, name: str, step: timedelta, log: list[tuple[str, datetime]]) -> None:
        self._name, self._schedule, self._log = (
            name,
            parse(f"rate({step // timedelta(minutes=1)} minutes)", origin=NOON),
            log,
        )

    def next_time(self, after: datetime, /) -> datetime | None:
        return self._schedule.next_after(after)

    def fire(self, at: datetime, /) -> None:
        self._log.append((self._name, at))


def test_the_clock_fires_in_order_of_time_and_settles_after_each() -> None:
    log: list[tuple[str, datetime]] = []
    settled: list[int] = []
    clock = Clock(NOON, lambda: settled.append(len(log)))
    clock.add(Ticks("a", timedelta(minutes=30), log))
    clock.add(Ticks("b", timedelta(minutes=20), log))
    clock.advance_to(NOON + timedelta(hours=1))
    assert [(name, at.minute) for name, at in log] == [("b", 20), ("a", 30), ("b", 40), ("a", 0), ("b", 0)]
    assert settled == [0, 1, 2, 3, 4, 5]
    assert clock.now == NOON + timedelta(hours=1)


def test_time_does_not_go_back(lab: Lab) -> None:
    with pytest.raises(LocalAccountError, match="time cannot go back"):
        lab.account.advance_to(lab.account.now - timedelta(seconds=1))


def test_schedules_fire_when_due_and_know_the_time_they_were_due(lab: Lab) -> None:
    queue, start = lab.queue("scheduled"), lab.account.now
    schedule(lab, "hourly", "cron(0 * ? * * *)", queue)
    schedule(lab, "off", "cron(0 * ? * * *)", queue, State="DISABLED")
    schedule(lab, "once", f"at({start:%Y-%m-%d}T01:30:00)", queue, ActionAfterCompletion="DELETE")
    schedule(lab, "late", "cron(0 * ? * * *)", queue, StartDate=start + timedelta(hours=2))
    schedule(lab, "early", "cron(0 * ? * * *)", queue, EndDate=start + timedelta(hours=1))
    lab.account.advance_to(start + timedelta(hours=2, minutes=59))
    fired = [(body["time"][11:16], body["name"]) for body in lab.bodies(queue)]
    assert fired == [("01:00", "early"), ("01:00", "hourly"), ("01:30", "once"), ("02:00", "hourly"), ("02:00", "late")]
    names = {one["Name"] for one in lab.client("scheduler").list_schedules()["Schedules"]}
    assert names == {"hourly", "off", "late", "early"}


def test_a_schedule_can_call_any_operation(lab: Lab) -> None:
    queue = lab.queue("universal")
    url = lab.client("sqs").get_queue_url(QueueName="universal")["QueueUrl"]
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        "RoleArn": ROLE,
        "Input": json.dumps({"QueueUrl": url, "MessageBody": '"<aws.scheduler.execution-id>"'}),
    }
    schedule(lab, "universal", "rate(1 hour)", queue, Target=target)
    lab.account.advance_to(lab.account.now + timedelta(hours=2))
    first, second = lab.bodies(queue)
    assert first != second


def test_a_schedule_that_could_never_fire_is_refused(lab: Lab) -> None:
    with pytest.raises(ClientError, match="day-of-month and day-of-week"):
        schedule(lab, "wrong", "cron(0 * * * * *)", lab.queue("never"))


def test_a_rule_with_a_schedule_sends_a_scheduled_event(lab: Lab) -> None:
    queue, start = lab.queue("by-the-clock"), lab.account.now
    lab.client("events").put_rule(Name="clock", ScheduleExpression="rate(12 hours)")
    lab.client("events").put_targets(Rule="clock", Targets=[{"Id": "q", "Arn": queue}])
    lab.account.advance_to(start + timedelta(days=1))
    events = lab.bodies(queue)
    assert [event["time"] for event in events] == [
        (start + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (12, 24)
    ]
    assert {(event["detail-type"], event["source"]) for event in events} == {("Scheduled Event", "aws.events")}
