"""When the alarms of a template ring: evaluated hour by hour, on metrics that CloudWatch shows as late as it may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template as Found

from functions.common.metric_time import metric_time
from infra.config import EndpointConfig
from infra.constructs.alarms import MonitorAlarms
from localaws.cloudwatch.metrics import Sample
from monitoring_core.alarms import AlarmDefinition, AlarmState, Datum, MetricStore, evaluate
from monitoring_core.window import Window

START = datetime(2013, 4, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST = 20  # windows that have a verdict; silence follows
JOB = timedelta(minutes=50)  # Model Monitor's 20 minutes of grace, and the longest job of the configuration
DELAY = timedelta(minutes=11)


@dataclass(frozen=True)
class Value:
    """A metric's value of one window, and when CloudWatch shows it."""

    name: str
    stamp: datetime
    arrival: datetime
    value: float

    @property
    def shown(self) -> datetime:
        sample = Sample(self.stamp, 1.0, self.value, self.value, self.value, ())
        return self.arrival + sample.shown_after(self.arrival)


def definitions(schedule: str, runtime: str, **alarms: Any) -> dict[str, AlarmDefinition]:
    """The alarms of one monitor, as CloudFormation hands them to PutMetricAlarm."""
    document = {
        "endpoint": {"name": "ep", "existing": True},
        "capture": {"destination": "s3://captured/data/"},
        "schema": {"features": ["temp"]},
        "baseline": {"dataset": "s3://data/train.csv"},
        "monitors": [{"kind": "data-quality", "schedule": schedule, "runtime": runtime}],
        "alarms": alarms,
    }
    config = EndpointConfig.model_validate(document)
    stack = Stack(App(), "Stack")
    MonitorAlarms(stack, "Alarms", config=config, monitor=config.monitors[0])
    found = Found.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values()
    made = [AlarmDefinition.from_api({**r["Properties"], "AlarmArn": "arn:aws:a", **_AT}) for r in found]
    return {alarm.alarm_name.rpartition("-")[2]: alarm for alarm in made}


_AT = {"AlarmConfigurationUpdatedTimestamp": START}


def values(runtime: str, period: timedelta, windows: Iterable[int], **of_a_window: float) -> list[Value]:
    """What the runs over some windows publish."""
    found = []
    for k in windows:
        window = Window(START + k * period, START + (k + 1) * period)
        stamp = metric_time(window.end)
        arrival = window.end + (JOB if runtime == "managed" else DELAY)
        found += [Value(name, stamp, arrival, value) for name, value in of_a_window.items()]
    return found


def changes(alarm: AlarmDefinition, shown: list[Value], until: datetime) -> list[tuple[str, datetime]]:
    """Return the states of an alarm and since when, evaluated each hour and ten minutes later."""
    state, found = AlarmState.initial(START), []
    metric = next(query.metric_stat for query in alarm.queries if query.metric_stat).metric
    now = START
    while (now := now + timedelta(minutes=10)) <= until:
        if now.minute not in {0, 10, 20}:
            continue
        data = [
            Datum(metric.namespace, one.name, metric.dimension_values, one.stamp, one.value)
            for one in shown
            if one.shown <= now
        ]
        after = evaluate(alarm, MetricStore(data).fetch, now, state)
        if after is not state:
            found.append((str(after.value), now))
        state = after
    return found


SCHEDULES = [
    ("hourly", "function", HOUR),
    ("daily", "function", DAY),
    ("hourly", "managed", HOUR),
    ("every 3 hours", "managed", 3 * HOUR),
    ("daily", "managed", DAY),
]


@pytest.mark.parametrize("periods", [1, 2, 3])
@pytest.mark.parametrize(("schedule", "runtime", "period"), SCHEDULES)
def test_the_heartbeat_alarm_is_quiet_while_runs_end_and_rings_when_they_stop(
    schedule: str, runtime: str, period: timedelta, periods: int
) -> None:
    alarm = definitions(schedule, runtime, heartbeat_periods=periods)["heartbeat"]
    shown = values(runtime, period, range(LAST), RunsCompleted=1.0)
    last_end = START + LAST * period
    states = changes(alarm, shown, last_end + 12 * period)
    assert [value for value, _ in states] == ["ALARM", "OK", "ALARM"]  # the first until the first run has ended
    rang = states[-1][1] - last_end
    tolerated = 2 if periods == 1 else 0
    assert (periods - 1) * period < rang <= (periods + tolerated) * period + HOUR


def test_a_daily_violation_rings_when_its_run_has_ended() -> None:
    """Stamped with the window's start, the value would be shown two days later."""
    alarm = definitions("daily", "function")["violations"]
    shown = values("function", DAY, [0, 1, 2], Violations=0.0) + values("function", DAY, [3], Violations=2.0)
    assert changes(alarm, shown, START + 5 * DAY)[-1] == ("ALARM", START + 4 * DAY + timedelta(minutes=20))


@pytest.mark.parametrize(("schedule", "period"), [("hourly", HOUR), ("every 3 hours", 3 * HOUR), ("daily", DAY)])
def test_a_managed_violation_rings_once_it_is_shown(schedule: str, period: timedelta) -> None:
    alarm = definitions(schedule, "managed")["violations"]
    drifted = values("managed", period, [4], Violations=1.0)
    shown = values("managed", period, [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11], Violations=0.0) + drifted
    states = changes(alarm, shown, START + 13 * period)
    assert [value for value, _ in states] == ["OK", "ALARM", "OK"]
    assert timedelta() <= states[1][1] - drifted[0].shown <= HOUR


def test_a_window_without_a_verdict_counts_as_silence() -> None:
    """NoData and Failed publish zeros; they are no sign of life."""
    alarm = definitions("daily", "function")["heartbeat"]
    shown = values("function", DAY, range(5), RunsCompleted=1.0) + values(
        "function", DAY, range(5, 12), RunsCompleted=0.0
    )
    value, rang = changes(alarm, shown, START + 12 * DAY)[-1]
    assert (value, rang) == ("ALARM", START + 8 * DAY)


@pytest.mark.parametrize(("bad", "state"), [(0.0, "OK"), (9.0, "OK"), (11.0, "ALARM"), (1e6, "ALARM")])
def test_unreadable_records_ring_above_their_share(bad: float, state: str) -> None:
    alarm = definitions("hourly", "function")["quarantined"]
    shown = values("function", HOUR, [0, 1], Rows=991.0, QuarantinedRecords=bad)
    assert changes(alarm, shown, START + 2 * HOUR + timedelta(minutes=20))[-1][0] == state


def test_a_run_that_is_published_twice_counts_once() -> None:
    stats = {name: alarm.statistic for name, alarm in definitions("hourly", "function").items() if alarm.statistic}
    assert stats == {"violations": "Maximum", "failed": "Maximum"}
