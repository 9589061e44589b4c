"""Captured records that came twice, or not at all: what they look like to a monitor is no reason to train on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Manifest, RunSpec, Runtime
from functions.common.storage import read
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from functions.retrain.handler import handler as retrain
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset

from .conftest import BUCKET, SCHEDULE, capture_line

END = datetime(2013, 4, 9, tzinfo=UTC)
START = END - timedelta(days=1)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
Build = Callable[..., Any]


def rows(n: int, shift: float = 0.0) -> list[str]:
    return [f"{i % 40 + i % 7 * shift + 0.5},{('EWR', 'JFK', 'LGA')[i % 3]}" for i in range(n)]


@pytest.fixture
def run(run_spec: RunSpec, s3: Any) -> RunSpec:  # noqa: ARG001 - the bucket
    """Data quality of days, with its baseline in force."""
    daily = run_spec.model_copy(update={"period_seconds": 86_400})
    body = "late,temp,origin\n" + "".join(f"{i % 2},{row}\n" for i, row in enumerate(rows(2000)))
    source = Source("train.csv", body.encode())
    facts: dict[str, Any] = {"model": "m", "dataset": "d", "dataset_sha256": "0", "created_at": START - WEEK}
    made = make_baseline(daily.spec, read_dataset(source), **facts)
    store = BaselineStore(daily.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=START))
    return daily


def put(s3: Any, hour: datetime, body: bytes, *, name: str = "00-00-000-a", variant: str = "AllTraffic") -> None:
    s3.put_object(Bucket=BUCKET, Key=f"capture/flights-prod/{variant}/{hour:%Y/%m/%d/%H}/{name}.jsonl", Body=body)


def records(hour: datetime, shift: float = 0.0, n: int = 60) -> bytes:
    return b"".join(capture_line(hour + timedelta(seconds=i), row, str(i % 2)) for i, row in enumerate(rows(n, shift)))


def drifted_day(s3: Any) -> dict[datetime, bytes]:
    """Write a day of traffic that is not as the training set; return what each hour holds."""
    found = {START + i * HOUR: records(START + i * HOUR, shift=9.0) for i in range(24)}
    for hour, body in found.items():
        put(s3, hour, body)
    return found


def planned(run: RunSpec, context: Any, **more: Any) -> dict[str, Any]:
    request = {"scheduled_time": f"{END:%Y-%m-%dT00:10:00Z}"}
    asked = {"runs": {run.monitor: run.model_dump(mode="json")}, "request": request, "execution": "e", **more}
    [item] = json.loads(json.dumps(plan(asked, context)))["passes"]
    return dict(item)


def judged(item: Mapping[str, Any], context: Any) -> Manifest:
    [outcome] = evaluate(json.loads(json.dumps(item)), context)["runs"]
    return Manifest.model_validate_json(read(outcome["manifest"]))


@pytest.fixture
def decision(
    monkeypatch: pytest.MonkeyPatch, inbox: Any, alarm_change: Build, context: Any
) -> Callable[[], dict[str, str]]:
    """Ring the alarm for what was found; return what was decided."""
    keys = ("endpoint", "incident_id")
    boto3.client("dynamodb").create_table(
        TableName="incidents",
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=True)],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("sagemaker").create_pipeline(
        PipelineName="p",
        PipelineDefinition='{"Version": "2020-12-01", "Steps": []}',
        ClientRequestToken="0" * 32,
        RoleArn="arn:aws:iam::111122223333:role/pipeline",
    )
    watched = {f"{SCHEDULE}-violations": {"schedule": SCHEDULE, "kind": "data-quality"}}
    for name, value in {
        "BUCKET": BUCKET,
        "ENDPOINT": "flights-prod",
        "INCIDENT_TABLE": "incidents",
        "PIPELINE_NAME": "p",
        "ALARMS": json.dumps(watched),
        "COOLDOWN_SECONDS": "86400",
        "TOPIC_ARN": inbox.topic_arn,
    }.items():
        monkeypatch.setenv(name, value)
    return lambda: retrain(alarm_change(at=END + timedelta(minutes=15)), context)


def reason(inbox: Any) -> str:
    ((_, text),) = inbox.messages()
    return str(text)


def test_a_drift_calls_for_a_retraining(s3: Any, run: RunSpec, decision: Build, context: Any) -> None:
    drifted_day(s3)
    found = judged(planned(run, context), context)
    assert found.diagnosis is not None
    assert found.diagnosis.kind == "population-shift"
    assert decision()["decision"] == "started"


def test_the_same_drift_in_a_capture_that_was_played_back_again_does_not(
    s3: Any, run: RunSpec, decision: Build, inbox: Any, context: Any
) -> None:
    for hour, body in drifted_day(s3).items():
        put(s3, hour, body, name="30-00-000-again")
    found = judged(planned(run, context), context)
    assert found.diagnosis is not None
    assert found.diagnosis.kind == "capture-fault"
    assert decision()["decision"] == "vetoed"
    assert "50% of the captured events are repetitions of others" in reason(inbox)


def test_the_same_drift_with_hours_missing_does_not(
    s3: Any, run: RunSpec, decision: Build, inbox: Any, context: Any
) -> None:
    for hour in drifted_day(s3):
        put(s3, hour - DAY, b"{}\n")
        put(s3, hour - WEEK, b"{}\n")
        if hour.hour >= 12:
            s3.delete_object(Bucket=BUCKET, Key=f"capture/flights-prod/AllTraffic/{hour:%Y/%m/%d/%H}/00-00-000-a.jsonl")
    found = judged(planned(run, context), context)
    assert found.diagnosis is not None
    assert found.diagnosis.kind == "capture-fault"
    assert decision()["decision"] == "vetoed"
    assert "nothing was captured in 50% of the hours that have traffic" in reason(inbox)


def test_a_job_on_two_machines_sees_repetitions_across_them(
    s3: Any, run: RunSpec, run_job: Build, context: Any, tmp_path: Path
) -> None:
    for hour, body in drifted_day(s3).items():
        put(s3, hour, body, name="30-00-000-again")
    on_machines = run.model_copy(update={"runtime": Runtime.PROCESSING})
    item = planned(on_machines, context, engines=["function", "processing"])
    run_job(item, tmp_path, 2)
    assert judged(item, context).diagnosis == judged(planned(run, context), context).diagnosis


def test_rows_that_are_alike_and_a_shadow_that_answers_too_are_no_repetitions(
    s3: Any, run: RunSpec, context: Any
) -> None:
    for hour, body in drifted_day(s3).items():
        put(s3, hour, body, variant="shadow")
        put(s3, hour, records(hour, shift=9.0, n=30), name="45-00-000-more")
    found = judged(planned(run, context), context)
    assert found.diagnosis is not None
    assert found.diagnosis.kind == "population-shift"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((range(24), range(24)), range(24), 0.0),
        ((range(24), range(24)), range(18), 0.25),
        ((range(8, 20), range(8, 20)), range(8, 20), 0.0),  # nights are no gaps
        ((range(24), range(8, 20)), range(8, 20), 0.0),  # nor is a Sunday, a week after one
        ((range(24), range(0)), range(12), None),  # nothing is known of a week before
        ((range(0), range(0)), range(12), None),
    ],
)
def test_hours_are_missing_only_where_there_was_traffic_a_day_and_a_week_before(
    before: tuple[range, range], now: range, expected: float | None, s3: Any, run: RunSpec, context: Any
) -> None:
    for back, hours in zip((DAY, WEEK, timedelta(0)), (*before, now), strict=True):
        for hour in hours:
            put(s3, START + hour * HOUR - back, b"{}\n")
    assert planned(run, context)["runs"][0]["plan"]["empty_hours_share"] == expected


def test_a_window_of_one_hour_has_no_gaps(s3: Any, run_spec: RunSpec, run: RunSpec, context: Any) -> None:
    for back in (timedelta(0), DAY, WEEK):
        put(s3, END - HOUR - back, b"{}\n")
    hourly = run.model_copy(update={"period_seconds": run_spec.period_seconds})
    assert planned(hourly, context)["runs"][0]["plan"]["empty_hours_share"] is None
