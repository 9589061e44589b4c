from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Pass, Plan, RunSpec
from functions.common.grid import Grid
from functions.common.storage import BucketNotFoundError
from functions.plan.handler import handler
from monitoring_core.errors import ConfigError

BUCKET, ENDPOINT = "watch-bucket", "flights-prod"
PutCapture = Callable[..., str]
pytestmark = pytest.mark.usefixtures("s3")
NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)


def plan_passes(runs: list[RunSpec], context: Any, *, more: dict[str, Any] | None = None, **request: Any) -> list[Pass]:
    event = {"runs": {run.monitor: run.model_dump(mode="json") for run in runs}, "request": request, **(more or {})}
    return [Pass.model_validate(item) for item in handler(event, context)["passes"]]


def plan(run: RunSpec, context: Any, **request: Any) -> Plan:
    [only] = plan_passes([run], context, **request)
    [planned] = only.runs
    assert (planned.run, planned.plan.engine, planned.plan.engine_reason) == (run, only.engine, only.engine_reason)
    return planned.plan


def test_scheduled_run_takes_the_last_window_that_is_over(run_spec: RunSpec, context: Any) -> None:
    planned = plan(run_spec, context, scheduled_time="2013-04-01T13:10:00Z")
    assert str(planned.window) == "2013-04-01T12:00:00Z/2013-04-01T13:00:00Z"
    assert planned.run_id == "flights-prod/data-quality/20130401T120000Z_20130401T130000Z"
    assert planned.report_prefix == f"s3://{BUCKET}/reports/flights-prod/flights-prod-data-quality/2013/04/01/13/"


def test_offset_moves_the_grid(run_spec: RunSpec, context: Any) -> None:
    daily = run_spec.model_copy(update={"period_seconds": 86_400, "offset_seconds": 5 * 3600})
    planned = plan(daily, context, scheduled_time="2013-04-03T05:10:00Z")
    assert str(planned.window) == "2013-04-02T05:00:00Z/2013-04-03T05:00:00Z"


@given(
    moment=st.datetimes(min_value=datetime(1970, 1, 3), max_value=datetime(2100, 1, 1)),
    period=st.integers(60, 7 * 86_400),
    offset=st.integers(0, 86_400),
)
def test_windows_of_a_grid_touch_and_never_overlap(moment: datetime, period: int, offset: int) -> None:
    grid = Grid(timedelta(seconds=period), timedelta(seconds=offset))
    window = grid.ending_by(moment.replace(tzinfo=UTC))
    assert window.end <= moment.replace(tzinfo=UTC) < window.end + grid.period
    assert grid.ending_by(window.start).end == window.start
    assert grid.check(window) == window


def test_objects_of_all_variants_are_counted_in_the_window_in_which_they_were_begun(
    put_capture: PutCapture, run_spec: RunSpec, context: Any
) -> None:
    put_capture(NOON, ["1,a"])
    put_capture(NOON + timedelta(minutes=59, seconds=59), ["1,a"], variant="Challenger")
    put_capture(NOON - timedelta(minutes=1), ["1,a"])  # may hold records of the window
    put_capture(NOON + timedelta(hours=1), ["1,a"])
    put_capture(NOON - timedelta(hours=2), ["1,a"])  # too far away
    planned = plan(run_spec, context, window="2013-04-01T12:00:00Z/2013-04-01T13:00:00Z")
    assert (planned.engine, planned.objects) == ("function", 2)
    assert "2 near it" in planned.engine_reason


def test_another_endpoint_with_a_longer_name_is_left_alone(
    put_capture: PutCapture, run_spec: RunSpec, context: Any
) -> None:
    put_capture(NOON, ["1,a"], endpoint=f"{ENDPOINT}-2")
    assert plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z").engine == "none"


def test_more_objects_than_one_page_are_all_counted(s3: Any, run_spec: RunSpec, context: Any) -> None:
    for i in range(1005):
        s3.put_object(Bucket=BUCKET, Key=f"capture/{ENDPOINT}/AllTraffic/2013/04/01/12/00-00-{i % 1000:03}-{i}.jsonl")
    assert plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z").objects == 1005


def test_an_empty_hour_needs_no_engine(run_spec: RunSpec, context: Any) -> None:
    planned = plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z")
    assert (planned.engine, planned.objects, planned.bytes) == ("none", 0, 0)
    assert planned.engine_reason == (
        "no capture object under s3://watch-bucket/capture/flights-prod/ for 2013-04-01T12:00:00Z/2013-04-01T13:00:00Z"
    )


def test_wrong_bucket_is_named(run_spec: RunSpec, context: Any) -> None:
    lost = run_spec.model_copy(update={"capture_prefix": "s3://no-such-bucket/capture/flights-prod/"})
    with pytest.raises(BucketNotFoundError, match=r"s3://no-such-bucket/.*bucket does not exist.*configuration"):
        plan(lost, context, scheduled_time="2013-04-01T13:00:00Z")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"window": "2013-04-01T12:30:00Z/2013-04-01T13:30:00Z"},
            "is not one of the schedule's, which are 1:00:00 long",
        ),
        ({"window": "2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"}, "is not one of the schedule's"),
        ({"window": "yesterday"}, "'yesterday' is not a window; write START/END"),
        (
            {"monitors": ["drift"], "scheduled_time": "2013-04-01T13:00:00Z"},
            "monitor 'drift' not found; .* data-quality",
        ),
    ],
)
def test_a_wrong_request_says_what_is_allowed(
    run_spec: RunSpec, context: Any, request_: dict[str, str], message: str
) -> None:
    with pytest.raises((ConfigError, ValueError), match=message):
        plan(run_spec, context, **request_)


def test_a_request_needs_a_time_or_a_window(run_spec: RunSpec, context: Any) -> None:
    with pytest.raises(ValidationError, match='give one of "scheduled_time", "window"'):
        plan(run_spec, context)


def test_a_capture_prefix_must_end_in_a_slash(run_spec: RunSpec) -> None:
    with pytest.raises(ValidationError, match="capture_prefix"):
        RunSpec.model_validate(run_spec.model_dump() | {"capture_prefix": "s3://b/capture/flights-prod"})


def test_a_request_without_monitors_means_all_that_have_the_window(run_spec: RunSpec, context: Any) -> None:
    daily = run_spec.model_copy(update={"monitor": "daily", "period_seconds": 86_400})
    hour, day = "2013-04-01T12:00:00Z/2013-04-01T13:00:00Z", "2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"

    def monitors(**request: Any) -> list[str]:
        passes = plan_passes([run_spec, daily], context, **request)
        return [item.run.monitor for one in passes for item in one.runs]

    assert monitors(window=hour) == ["data-quality"]
    assert monitors(window=day) == ["daily"]
    assert monitors(scheduled_time="2013-04-02T00:10:00Z") == ["data-quality", "daily"]
    assert monitors(scheduled_time="2013-04-02T00:10:00Z", monitors=["daily"]) == ["daily"]


def test_a_final_run_needs_a_monitor_that_waits_for_labels(run_spec: RunSpec, context: Any) -> None:
    with pytest.raises(ConfigError, match=r"no monitor .* is run again on late labels; .*final_after"):
        plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z", final=True)


def test_the_baseline_in_force_is_pinned_when_the_run_is_planned(run_spec: RunSpec, context: Any) -> None:
    unplanned = plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z")
    assert (unplanned.baseline_id, unplanned.baseline_model) == (None, None)
    moved = Pointer(baseline_id="0123456789abcdef", model="m-7", moved_at=NOON)
    BaselineStore(run_spec.baselines).move(moved)
    planned = plan(run_spec, context, scheduled_time="2013-04-01T13:00:00Z")
    assert (planned.baseline_id, planned.baseline_model) == ("0123456789abcdef", "m-7")
