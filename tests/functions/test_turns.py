"""Jobs of a fleet start one a second: five hundred hourly endpoints over a day, simulated; and DynamoDB's part."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import boto3
import pytest

from functions.common.contract import RunSpec
from functions.plan.handler import handler
from functions.plan.turns import LEAD_SECONDS, CounterTable, take_turn
from infra.config.schedule import HOUR, MINUTE, parse_schedule

NAMES = [f"endpoint-{number}" for number in range(500)]
NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)


@dataclass
class Counter:
    """What DynamoDB does, as far as it is asked."""

    free: int = 0

    def claim(self, second: int) -> bool:
        if self.free > second:
            return False
        self.free = second + 1
        return True

    def append(self) -> int:
        self.free += 1
        return self.free - 1


def executions(windows: int) -> list[tuple[datetime, str]]:
    """When executions start, in the order of time: EventBridge Scheduler starts them some time within their minute."""
    random, hourly = Random(1), parse_schedule("hourly")  # noqa: S311 - a simulation
    return sorted(
        (datetime.fromtimestamp(HOUR * hour + hourly.spread(name).delay_seconds + random.uniform(0, 59), UTC), name)
        for hour in range(windows)
        for name in NAMES
    )


def test_five_hundred_hourly_endpoints_start_no_two_jobs_in_any_second_of_a_day() -> None:
    counter = Counter()
    turns = [(take_turn(counter, started_at), started_at) for started_at, _ in executions(24)]
    assert len(turns) == 12_000
    assert max(Tally(turn for turn, _ in turns).values()) == 1
    assert all(turn.microsecond == 0 for turn, _ in turns)
    waits = [(turn - started_at).total_seconds() for turn, started_at in turns]
    assert min(waits) >= LEAD_SECONDS
    assert max(waits) <= LEAD_SECONDS + MINUTE / 2  # nobody waits long for others


def test_an_endpoint_more_delays_others_by_a_second_at_most() -> None:
    once = executions(1)
    before, after = Counter(), Counter()
    alone = {name: take_turn(before, at) for at, name in once}
    with_more = {name: take_turn(after, at) for at, name in sorted([*once, (once[250][0], "one more")])}
    assert {(with_more[name] - alone[name]).total_seconds() for name in NAMES} <= {0.0, 1.0}


def test_all_at_once_start_one_after_the_other() -> None:
    counter = Counter()
    turns = [take_turn(counter, NOON) for _ in range(500)]
    assert turns == [NOON + timedelta(seconds=LEAD_SECONDS + place) for place in range(500)]


@pytest.fixture
def counter(aws: None) -> CounterTable:  # noqa: ARG001 - pytest's way to ask for a fixture
    boto3.client("dynamodb").create_table(
        TableName="turns",
        KeySchema=[{"AttributeName": "queue", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "queue", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return CounterTable("turns")


def test_dynamodb_counts_as_the_simulation_does(counter: CounterTable) -> None:
    simulated, random = Counter(), Random(2)  # noqa: S311 - a simulation
    for _ in range(100):
        at = NOON + timedelta(seconds=random.uniform(0, 120))
        assert take_turn(counter, at) == take_turn(simulated, at)


@pytest.mark.usefixtures("s3")
def test_plan_takes_a_turn_for_each_job_and_for_nothing_else(
    put_capture: Callable[..., str], run_spec: RunSpec, counter: CounterTable, context: Any
) -> None:
    put_capture(NOON, ["1,a"])
    runs = {name: run_spec.model_copy(update={"monitor": name}).model_dump(mode="json") for name in "abc"}
    runs["b"]["runtime"] = runs["c"]["runtime"] = "processing"
    runs["c"]["variant"] = "AllTraffic"  # reads other data, so it is another job
    event = {
        "runs": runs,
        "request": {"scheduled_time": "2013-04-01T13:10:00Z"},
        "engines": ["function", "processing"],
        "execution": "exec-1",
        "started_at": "2013-04-01T13:10:00.250Z",
        "turns": counter.name,
    }
    jobs = [one["job"] for one in handler(event, context)["passes"]]
    assert [job and job["starts_at"] for job in jobs] == [None, "2013-04-01T13:11:01Z", "2013-04-01T13:11:02Z"]
