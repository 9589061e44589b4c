"""Batch transform: what finished jobs have captured, by the job and by the schedule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from functions.common.baselines import BaselineStore, Pointer
from functions.common.clients import client
from functions.common.contract import CaptureSource, Manifest, RunSpec
from functions.common.storage import read
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.errors import ConfigError
from monitoring_core.spec import DataQualitySpec, ModelQualitySpec, ProblemType, SchemaSpec

BUCKET = "watch-bucket"
CAPTURED = f"s3://{BUCKET}/captured/"
DAY = datetime(2013, 4, 1, tzinfo=UTC)
JOB = {
    "TransformJobName": "score-1",
    "TransformJobArn": "arn:aws:sagemaker:us-east-1:111122223333:transform-job/score-1",
    "TransformJobStatus": "Completed",
    "ModelName": "m",
    "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in/"}}},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    "CreationTime": DAY,
    "TransformEndTime": datetime(2013, 4, 1, 3, 20, tzinfo=UTC),
    "DataCaptureConfig": {"DestinationS3Uri": CAPTURED.rstrip("/"), "GenerateInferenceId": True},
}


@pytest.fixture
def batch(run_spec: RunSpec, s3: Any) -> RunSpec:  # noqa: ARG001 - the bucket
    """Data quality over the rows of transform jobs: features joined to the answer, once a day."""
    columns = SchemaSpec(features=("temp", "origin", "late"))
    return with_baseline(
        run_spec.model_copy(
            update={
                "capture_prefix": CAPTURED,
                "source": CaptureSource.BATCH_TRANSFORM,
                "period_seconds": 86_400,
                "spec": DataQualitySpec(columns=columns),
            }
        )
    )


def with_baseline(run: RunSpec) -> RunSpec:
    head = ",".join((*run.spec.columns.features, *filter(None, [run.spec.columns.label])))
    width = 1 if run.spec.columns.label else 0
    body = f"{head}\n" + "".join(f"{i % 40}.5,{'ABC'[i % 3]},{i % 2}{f',{i % 2}' * width}\n" for i in range(400))
    made = make_baseline(
        run.spec,
        read_dataset(Source("train.csv", body.encode())),
        model="m",
        dataset="d",
        dataset_sha256="0",
        created_at=DAY,
    )
    store = BaselineStore(run.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=DAY))
    return run


def put_job(s3: Any, name: str, hour: str, rows: int) -> None:
    """Leave what a transform job leaves: an output with ids and times, and a manifest that names it."""
    lines = [f"{i % 40}.5,{'ABC'[i % 3]},{i % 2},{name}-{i},2013-03-31T23:59:00Z" for i in range(rows)]
    s3.put_object(Bucket=BUCKET, Key=f"out/{name}.csv.out", Body="\n".join(lines).encode())
    for side, uri in (("output", f"s3://{BUCKET}/out/"), ("input", f"s3://{BUCKET}/in/")):
        body = json.dumps([{"prefix": uri}, f"{name}.csv{'.out' if side == 'output' else ''}"])
        s3.put_object(Bucket=BUCKET, Key=f"captured/{side}/{hour}/{name}.json", Body=body.encode())


@pytest.fixture
def sagemaker(aws: None) -> Iterator[Stubber]:  # noqa: ARG001 - pytest's way to ask for a fixture
    with Stubber(client("sagemaker")) as stub:
        yield stub


def run(spec: RunSpec, context: Any, **request: Any) -> Manifest:
    event = {"runs": {spec.monitor: spec.model_dump(mode="json")}, "request": request}
    [planned] = plan(event, context)["passes"]
    [outcome] = evaluate(json.loads(json.dumps(planned)), context)["runs"]
    return Manifest.model_validate_json(read(outcome["manifest"]))


def test_a_finished_job_starts_the_run_of_the_window_it_ended_in(
    s3: Any, batch: RunSpec, context: Any, sagemaker: Stubber
) -> None:
    put_job(s3, "score-1", "2013/04/01/03", 200)
    sagemaker.add_response("describe_transform_job", JOB, {"TransformJobName": "score-1"})
    manifest = run(batch, context, transform_job="score-1")
    assert str(manifest.window) == "2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"
    assert (manifest.status, manifest.rows, manifest.objects, manifest.quarantined) == ("Completed", 200, 1, 0)


def test_the_plan_tells_when_the_job_ended(s3: Any, batch: RunSpec, context: Any, sagemaker: Stubber) -> None:
    put_job(s3, "score-1", "2013/04/01/03", 200)
    sagemaker.add_response("describe_transform_job", JOB, {"TransformJobName": "score-1"})
    event = {"runs": {batch.monitor: batch.model_dump(mode="json")}, "request": {"transform_job": "score-1"}}
    [planned] = plan(event, context)["passes"]
    assert [one["plan"]["job_end"] for one in planned["runs"]] == ["2013-04-01T03:20:00Z"]


def test_a_schedule_takes_all_that_was_captured_in_its_window(s3: Any, batch: RunSpec, context: Any) -> None:
    put_job(s3, "early", "2013/03/31/23", 50)
    put_job(s3, "one", "2013/04/01/00", 100)
    put_job(s3, "two", "2013/04/01/23", 60)
    put_job(s3, "late", "2013/04/02/00", 70)
    manifest = run(batch, context, scheduled_time="2013-04-02T00:10:00Z")
    assert (manifest.rows, manifest.objects) == (160, 2)


def test_a_processing_job_finds_the_objects_that_manifests_name(
    s3: Any, batch: RunSpec, context: Any, run_job: Callable[..., Any], tmp_path: Path
) -> None:
    put_job(s3, "one", "2013/04/01/00", 100)
    put_job(s3, "two", "2013/04/01/23", 60)
    event = {
        "runs": {batch.monitor: batch.model_dump(mode="json")},
        "request": {"scheduled_time": "2013-04-02T00:10:00Z"},
        "limits": {"function_rows": 1},
        "engines": ["function", "processing"],
    }
    [planned] = json.loads(json.dumps(plan(event, context)))["passes"]
    run_job(planned, tmp_path, 2)
    [outcome] = evaluate(planned, context)["runs"]
    manifest = Manifest.model_validate_json(read(outcome["manifest"]))
    assert (manifest.engine, manifest.rows, manifest.quarantined) == ("processing", 160, 0)


def test_rows_meet_their_labels_by_the_inference_id(s3: Any, batch: RunSpec, context: Any) -> None:
    quality = ModelQualitySpec(
        columns=SchemaSpec(features=("temp", "origin", "late"), label="was_late"),
        problem_type=ProblemType.BINARY,
        inference_attribute="late",
        ground_truth_attribute="was_late",
    )
    labels = {"ground_truth_prefixes": (f"s3://{BUCKET}/labels/",), "spec": quality, "monitor": "model-quality"}
    labelled = with_baseline(batch.model_copy(update=labels))
    put_job(s3, "score-1", "2013/04/01/03", 100)
    record = '{"groundTruthData": {"data": "%d", "encoding": "CSV"}, "eventMetadata": {"eventId": "score-1-%d"}}'
    body = "\n".join(record % (i % 2, i) for i in range(80))
    s3.put_object(Bucket=BUCKET, Key="labels/2013/04/01/05/0000.jsonl", Body=body.encode())
    manifest = run(labelled, context, scheduled_time="2013-04-02T00:10:00Z")
    assert manifest.labels is not None
    assert (manifest.labels.events, manifest.labels.matched, manifest.rows) == (100, 80, 80)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"TransformJobStatus": "Failed"}, "transform job score-1 is Failed; start the run when it Completed"),
        ({"DataCaptureConfig": {"DestinationS3Uri": CAPTURED}}, "captures no data with inference ids"),
        (
            {"DataCaptureConfig": {"DestinationS3Uri": "s3://other/", "GenerateInferenceId": True}},
            "no monitor watches what transform jobs capture at s3://other/; this state machine watches: s3://watch-",
        ),
    ],
)
def test_a_job_that_nothing_watches_says_why(
    batch: RunSpec, context: Any, sagemaker: Stubber, job: dict[str, Any], message: str
) -> None:
    sagemaker.add_response("describe_transform_job", JOB | job, {"TransformJobName": "score-1"})
    with pytest.raises(ConfigError, match=message):
        run(batch, context, transform_job="score-1")


def test_a_job_in_another_bucket_is_not_for_a_processing_job(s3: Any, batch: RunSpec, context: Any) -> None:
    s3.create_bucket(Bucket="elsewhere")
    s3.put_object(Bucket="elsewhere", Key="x.csv.out", Body=b"1.5,A,0,id,2013-04-01T00:00:00Z\n" * 3)
    manifest = json.dumps([{"prefix": "s3://elsewhere/"}, "x.csv.out"]).encode()
    s3.put_object(Bucket=BUCKET, Key="captured/output/2013/04/01/05/a.json", Body=manifest)
    event = {
        "runs": {batch.monitor: batch.model_dump(mode="json")},
        "request": {"scheduled_time": "2013-04-02T00:10:00Z"},
        "limits": {"function_rows": 1},
        "engines": ["function", "processing"],
    }
    with pytest.raises(ConfigError, match=r"s3://elsewhere/x\.csv\.out is not below s3://watch-bucket/"):
        plan(event, context)
