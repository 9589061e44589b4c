"""Windows of the past by command, on the deployed stack: one by itself, and many in a backfill."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.local.deploy.record import check_permissions
from tests.local.deploy.shown import DAY, PAST, PAST_DAYS, STACK, Shown, span

pytestmark = [pytest.mark.slow, pytest.mark.network]

MONITOR: Final = "quality-function"


def test_auto_takes_the_function_for_a_day_of_flights_and_a_job_for_the_month(shown: Shown) -> None:
    window = span(PAST, PAST + DAY)
    done = shown.watchkeeper("run", "--deployed", "--window", window, "--monitor", "quality-auto", "--stack", STACK)
    assert done.returncode in {0, 1}, done.stderr
    small, large = shown.manifest("quality-auto", PAST), shown.manifest("quality-auto")
    assert (small.engine, large.engine) == ("function", "processing")
    assert small.engine_reason.startswith("function: up to function_bytes (1,048,576) and function_rows (10,000); ")
    assert large.engine_reason.startswith(
        "processing: more than function_bytes (1,048,576) and function_rows (10,000); "
    )
    read = r"24 capture objects begun in the window, 1,\d{3},\d{3} bytes, .* about \d+,\d{3} rows in all, "
    assert re.search(read, large.engine_reason)


def test_a_backfill_runs_each_window_once_the_oldest_first(shown: Shown) -> None:
    ask = ("backfill", span(PAST, PAST + PAST_DAYS * DAY), "--monitor", MONITOR, "--stack", STACK, "--json")
    before = len(runs(shown))
    first = shown.watchkeeper(*ask)
    assert first.returncode == 1, first.stderr
    found, days = json.loads(first.stdout), [PAST + number * DAY for number in range(PAST_DAYS)]
    assert [one["window"] for one in found["windows"]] == [span(day, day + DAY) for day in days]
    assert runs(shown)[before:] == [one["execution"] for one in found["windows"]]
    assert [shown.manifest(MONITOR, day).engine for day in days] == ["function"] * PAST_DAYS

    again = json.loads(shown.watchkeeper(*ask).stdout)
    assert again["windows"] == found["windows"]
    assert len(runs(shown)) == before + PAST_DAYS
    assert {concurrency(shown, one["execution"]) for one in (found, again)} == {2}  # as configured

    repeated = json.loads(shown.watchkeeper(*ask, "--attempt", "again", "--max-concurrency", "1").stdout)
    assert len(runs(shown)) == before + 2 * PAST_DAYS
    assert concurrency(shown, repeated["execution"]) == 1
    check_permissions("backfill", shown.deployment)


def runs(shown: Shown) -> list[str]:
    """Return the executions of the state machine that have ended, in this order."""
    name = shown.output("StateMachineArn").rpartition(":")[2]
    ended = shown.deployment.account.journal("execution")
    return [entry["subject"] for entry in ended if f":{name}:" in entry["subject"]]


def concurrency(shown: Shown, execution: str) -> Any:
    """Return how many windows a backfill may have had under way at the same time."""
    states = shown.deployment.client("stepfunctions")
    [run] = states.list_map_runs(executionArn=execution)["mapRuns"]
    return states.describe_map_run(mapRunArn=run["mapRunArn"])["maxConcurrency"]
