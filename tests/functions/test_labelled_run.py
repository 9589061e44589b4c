"""Model quality in Lambda: labels that arrive later, and a window that is run again when late ones are in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Manifest, RunSpec
from functions.common.storage import read
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.spec import MetricLimit, ModelQualitySpec, ProblemType, SchemaSpec

BUCKET = "watch-bucket"
DAY = datetime(2013, 4, 1, tzinfo=UTC)
REPORT = f"s3://{BUCKET}/reports/ep/ep-model-quality/2013/04/02/00/"
EVENTS = 400


@pytest.fixture
def labelled(s3: Any) -> RunSpec:  # noqa: ARG001 - the bucket
    columns = SchemaSpec(outputs=("p",), features=("x",), label="y")
    spec = ModelQualitySpec(
        columns=columns,
        problem_type=ProblemType.BINARY,
        probability_attribute="p",
        ground_truth_attribute="y",
        constraints={"accuracy": MetricLimit(at_least=0.9)},
    )
    run = RunSpec(
        endpoint="ep",
        monitor="model-quality",
        schedule="ep-model-quality",
        bucket=BUCKET,
        capture_prefix=f"s3://{BUCKET}/capture/ep/",
        period_seconds=86_400,
        ground_truth_prefixes=(f"s3://{BUCKET}/labels/",),
        lag_seconds=30 * 3600,
        final_seconds=7 * 86_400,
        emit=("accuracy",),
        spec=spec,
    )
    body = "p,x,y\n" + "".join(f"{score:.3f},1,{int(score > 0.5)}\n" for score in scores(2000))
    made = make_baseline(
        spec,
        read_dataset(Source("validation.csv", body.encode())),
        model="m",
        dataset="d",
        dataset_sha256="0",
        created_at=DAY,
    )
    store = BaselineStore(run.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=DAY))
    return run


def scores(n: int) -> list[float]:
    random = np.random.default_rng(0)
    return [float(score) for score in random.uniform(0, 1, n)]


def put_traffic(s3: Any) -> None:
    lines = []
    for i, score in enumerate(scores(EVENTS)):
        sides = {"endpointInput": ("INPUT", "1"), "endpointOutput": ("OUTPUT", f"{score:.3f}")}
        data = {side: {"data": text, "mode": mode, "encoding": "CSV"} for side, (mode, text) in sides.items()}
        time = DAY + timedelta(minutes=3 * i)
        metadata = {"eventId": f"e{i}", "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        lines.append(json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}))
    for hour in range(24):
        part = [line for i, line in enumerate(lines) if i // 20 == hour]
        key = f"capture/ep/AllTraffic/2013/04/01/{hour:02d}/00-00-000-a.jsonl"
        if part:
            s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join(part).encode())


def put_labels(s3: Any, hour: datetime, events: range, *, right: bool) -> None:
    records = [
        {
            "groundTruthData": {"data": str(int((score > 0.5) == right)), "encoding": "CSV"},
            "eventMetadata": {"eventId": f"e{i}"},
            "eventVersion": "0",
        }
        for i, score in enumerate(scores(EVENTS))
        if i in events
    ]
    body = "\n".join(map(json.dumps, records)).encode()
    s3.put_object(Bucket=BUCKET, Key=f"labels/{hour:%Y/%m/%d/%H}/0000.jsonl", Body=body)


def run(spec: RunSpec, context: Any, scheduled: str, *, final: bool = False) -> tuple[Manifest, str]:
    request = {"monitors": [spec.monitor], "scheduled_time": scheduled, "final": final}
    [planned] = plan({"runs": {spec.monitor: spec.model_dump(mode="json")}, "request": request}, context)["passes"]
    [result] = evaluate(json.loads(json.dumps(planned)), context)["runs"]
    return Manifest.model_validate_json(read(result["manifest"])), result["manifest"]


def first_run(spec: RunSpec, context: Any) -> tuple[Manifest, str]:
    """The window of 1 April is due when 30 hours and the rest of the day have passed."""
    return run(spec, context, "2013-04-04T00:10:00Z")


def final_run(spec: RunSpec, context: Any) -> tuple[Manifest, str]:
    return run(spec, context, "2013-04-09T00:10:00Z", final=True)


def test_a_window_is_judged_on_the_labels_that_came_in_time(s3: Any, labelled: RunSpec, context: Any) -> None:
    put_traffic(s3)
    put_labels(s3, DAY + timedelta(hours=30), range(300), right=True)
    put_labels(s3, DAY + timedelta(hours=80), range(300, EVENTS), right=True)  # after the window was due
    manifest, uri = first_run(labelled, context)
    assert uri == f"{REPORT}manifest.json"
    assert (manifest.status, manifest.rows, manifest.violations) == ("Completed", 300, 0)
    assert manifest.labels is not None
    assert (manifest.labels.events, manifest.labels.matched, manifest.labels.coverage) == (EVENTS, 300, 0.75)
    assert json.loads(read(REPORT + "statistics.json"))["binary_classification_metrics"]["accuracy"]["value"] == 1.0
    assert [metric["name"] for metric in json.loads(read(REPORT + "metrics.json"))] == ["accuracy"]


def test_a_window_without_labels_is_no_data_and_says_so(s3: Any, labelled: RunSpec, context: Any) -> None:
    put_traffic(s3)
    manifest, _ = first_run(labelled, context)
    assert (manifest.status, manifest.rows) == ("NoData", 0)
    assert manifest.reason == f"none of the window's {EVENTS} events has a label"


def test_late_labels_make_a_new_revision_beside_the_old_one(
    s3: Any, labelled: RunSpec, context: Any, tmp_path: Any
) -> None:
    put_traffic(s3)
    put_labels(s3, DAY + timedelta(hours=30), range(300), right=True)
    first, uri = first_run(labelled, context)
    before = read(uri)
    put_labels(s3, DAY + timedelta(hours=100), range(300, EVENTS), right=False)
    last, late_uri = final_run(labelled, context)
    assert (first.revision, last.revision) == (1, 2)
    assert late_uri == f"{REPORT}rev-2/manifest.json"
    assert read(uri) == before
    assert last.labels is not None
    assert (last.labels.matched, last.labels.late) == (EVENTS, 100)
    assert (last.status, last.rows) == ("CompletedWithViolations", EVENTS)
    history = "history/endpoint=ep/monitor=model-quality/date=2013-04-01/20130401T000000Z_20130402T000000Z"
    revisions = set()
    for suffix in ("", ".rev-2"):
        path = tmp_path / "history.parquet"
        path.write_bytes(read(f"s3://{BUCKET}/{history}{suffix}.parquet"))
        revisions |= set(duckdb.read_parquet(str(path)).project("revision").fetchall())
    assert revisions == {(1,), (2,)}
    assert final_run(labelled, context) == (last, late_uri)


def test_without_late_labels_the_last_run_is_the_first_one_again(s3: Any, labelled: RunSpec, context: Any) -> None:
    put_traffic(s3)
    put_labels(s3, DAY + timedelta(hours=30), range(300), right=True)
    assert first_run(labelled, context)[1] == final_run(labelled, context)[1] == f"{REPORT}manifest.json"
