"""Several monitors, one reading of the data: in a Lambda function, and in jobs of one and two machines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.common.baselines import BaselineStore, Pointer
from functions.common.clients import client
from functions.common.contract import Manifest, RunSpec
from functions.common.storage import list_objects, read, split_uri
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from functions.publish.handler import handler as publish
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.spec import DataIntegritySpec, DataQualitySpec, ModelQualitySpec, ProblemType, SchemaSpec

BUCKET = "watch-bucket"
NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)
PREFIX = f"s3://{BUCKET}/"
COLUMNS = SchemaSpec(outputs=("late",), features=("temp", "origin"), label="was_late")
EVENT = "00000000-0000-4000-8000-000000000001"
Build = Callable[..., Any]


def rows(n: int, shift: float = 0.0) -> list[str]:
    return [f"{i % 40 + shift + 0.5},{('EWR', 'JFK', 'LGA')[i % 3]}" for i in range(n)]


def put_baseline(run: RunSpec) -> None:
    body = "late,temp,origin,was_late\n" + "".join(f"{i % 2},{row},{i % 2}\n" for i, row in enumerate(rows(400)))
    if not run.ground_truth_prefixes:
        body = "\n".join(line.rpartition(",")[0] for line in body.splitlines())
    made = make_baseline(
        run.spec,
        read_dataset(Source("train.csv", body.encode())),
        model="m",
        dataset="d",
        dataset_sha256="0",
        created_at=NOON - timedelta(days=30),
    )
    store = BaselineStore(run.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=NOON))


@pytest.fixture
def runs(run_spec: RunSpec, s3: Any) -> list[RunSpec]:  # noqa: ARG001 - the bucket
    """Data quality and data integrity on captured rows, model quality on those that have a label."""
    quality = ModelQualitySpec(
        columns=COLUMNS, problem_type=ProblemType.BINARY, inference_attribute="late", ground_truth_attribute="was_late"
    )
    labels = {"ground_truth_prefixes": (f"{PREFIX}labels/", f"{PREFIX}more-labels/"), "lag_seconds": 3600}
    found = [
        run_spec.model_copy(
            update={"monitor": spec.name, "schedule": f"flights-prod-{spec.name}", "spec": spec, **more}
        )
        for spec, more in (
            (DataQualitySpec(columns=COLUMNS), {}),
            (DataIntegritySpec(columns=COLUMNS), {}),
            (quality, labels),
        )
    ]
    for run in found:
        put_baseline(run)
    return found


@pytest.fixture
def traffic(put_capture: Build, s3: Any) -> None:
    for minute in range(6):
        begun = NOON + timedelta(minutes=9 * minute)
        put_capture(begun, rows(60, shift=1.0), extra=b"garbage\n" * minute, event_id=EVENT)
    put_capture(NOON - timedelta(minutes=1), rows(90), event_id=EVENT)  # half a minute of them after noon
    label = '{"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "%s"}}\n'
    known = label % EVENT + label % "nobody" + "garbage\n"
    s3.put_object(Bucket=BUCKET, Key="labels/2013/04/01/12/0000.jsonl", Body=known.encode())
    s3.put_object(Bucket=BUCKET, Key="more-labels/2013/04/01/13/0000.jsonl", Body=(label % "no one").encode())
    s3.put_object(Bucket=BUCKET, Key="more-labels/2013/04/01/14/0000.jsonl", Body=(label % "too late").encode())


def passes(runs: list[RunSpec], context: Any, **more: Any) -> list[dict[str, Any]]:
    event = {
        "runs": {run.monitor: run.model_dump(mode="json") for run in runs},
        "request": {"window": "2013-04-01T12:00:00Z/2013-04-01T13:00:00Z"},
        "execution": "exec-1",
        **more,
    }
    found: list[dict[str, Any]] = json.loads(json.dumps(plan(event, context)))["passes"]
    return found


def judge(item: dict[str, Any], context: Any) -> dict[str, dict[str, Any]]:
    return {outcome["monitor"]: outcome for outcome in json.loads(json.dumps(evaluate(item, context)))["runs"]}


def reports() -> dict[str, bytes]:
    """The files of all reports that say what was found."""
    names = ("statistics.json", "constraints.json", "constraint_violations.json", "evaluation.json", "quarantine.jsonl")
    return {item.uri: read(item.uri) for item in list_objects(f"{PREFIX}reports/") if item.uri.endswith(names)}


def meaning(body: bytes) -> list[str]:
    """The lines of a file, up to the order of additions, of the sample in a sketch and of quarantined records."""
    text = re.sub(r"-?\d+\.\d{9,}(e-?\d+)?", lambda number: f"{float(number[0]):.12g}", body.decode())
    return sorted(line.rstrip(",") for line in text.splitlines())


def test_what_reads_the_same_data_shares_a_pass(runs: list[RunSpec], traffic: None, context: Any) -> None:  # noqa: ARG001
    captured, labelled = passes(runs, context)
    assert [[item["run"]["monitor"] for item in one["runs"]] for one in (captured, labelled)] == [
        ["data-quality", "data-integrity"],
        ["model-quality"],
    ]
    assert captured["id"] != labelled["id"]
    other = [runs[0], runs[1].model_copy(update={"period_seconds": 1800})]
    assert len(passes(other, context, request={"scheduled_time": "2013-04-01T13:10:00Z"})) == 2


def test_the_data_is_read_once_for_all_monitors_of_a_pass(
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
) -> None:
    captured, _ = passes(runs, context)
    read_keys: list[str] = []

    def count(params: dict[str, Any], **_: Any) -> None:
        read_keys.append(params["url_path"])

    client("s3").meta.events.register("before-call.s3.GetObject", count)
    outcomes = judge(captured, context)
    assert outcomes["data-quality"]["status"].startswith("Completed")
    assert outcomes["data-integrity"]["status"].startswith("Completed")
    capture = [key for key in read_keys if "/capture/" in key]
    assert len(capture) == len(set(capture)) == 7


@pytest.mark.parametrize("hosts", [1, 2])
def test_jobs_of_any_size_come_to_the_verdict_of_the_function(
    hosts: int,
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
    tmp_path: Path,
    run_job: Build,
) -> None:
    found = {monitor: one for item in passes(runs, context) for monitor, one in judge(item, context).items()}
    expected = reports()
    manifests = {monitor: Manifest.model_validate_json(read(one["manifest"])) for monitor, one in found.items()}
    assert {manifest.engine for manifest in manifests.values()} == {"function"}
    assert len(expected) >= 12

    for run in runs:
        for stored in list_objects(run.report_prefix(manifests[run.monitor].window)):
            bucket, key = split_uri(stored.uri)
            client("s3").delete_object(Bucket=bucket, Key=key)
    limits = {"function_rows": 1}
    for index, item in enumerate(passes(runs, context, limits=limits, engines=["function", "processing"])):
        assert item["engine"] == "processing"
        said = run_job(item, tmp_path / str(index), hosts)
        assert {line.partition(":")[0] for line in said} == {"Completed"}
        for monitor, outcome in judge(item, context).items():
            manifest = Manifest.model_validate_json(read(outcome["manifest"]))
            same = set(Manifest.model_fields) - {"engine", "engine_reason", "files"}
            assert manifest.model_dump(include=same) == manifests[monitor].model_dump(include=same)
            assert manifest.engine == "processing"
    actual = reports()
    assert actual.keys() == expected.keys()
    for uri, body in expected.items():
        if hosts == 1 or uri.endswith("constraint_violations.json"):
            assert actual[uri] == body, uri
        else:
            assert meaning(actual[uri]) == meaning(body), uri


def test_a_job_gets_what_it_reads_as_manifests(
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
) -> None:
    _, item = passes(runs, context, limits={"function_rows": 1}, engines=["function", "processing"])
    job = item["job"]
    folder = f"{PREFIX}work/flights-prod/{item['id']}/"
    assert job["pass_uri"] == f"{folder}input/pass.json"
    assert job["output"] == f"{folder}states/"
    assert json.loads(read(job["pass_uri"])) == item
    assert len(job["name"]) <= 63
    inputs = {one["InputName"]: one["S3Input"] for one in job["inputs"]}
    assert {name: one["S3DataDistributionType"] for name, one in inputs.items()} == {
        "capture": "ShardedByS3Key",
        "near": "ShardedByS3Key",
        "labels-0": "FullyReplicated",
        "labels-1": "FullyReplicated",
        "baselines": "FullyReplicated",
        "pass": "FullyReplicated",
    }
    head, *keys = json.loads(read(inputs["labels-1"]["S3Uri"]))
    assert (head, keys) == ({"prefix": f"{PREFIX}more-labels/"}, ["2013/04/01/13/0000.jsonl"])
    assert inputs["near"]["LocalPath"] == "/opt/ml/processing/input/near"
    again = passes(runs, context, limits={"function_rows": 1}, engines=["function", "processing"])
    assert again[1] == item
    other = passes(runs, context, limits={"function_rows": 1}, engines=["function", "processing"], execution="exec-2")
    assert other[1]["job"]["name"] != job["name"]


@pytest.mark.parametrize("engine", ["function", "processing"])
def test_a_monitor_that_fails_does_not_stop_the_other(
    engine: str,
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
    tmp_path: Path,
    run_job: Build,
    capsys: pytest.CaptureFixture[str],
) -> None:
    quality, integrity, _ = runs
    lost = quality.model_copy(update={"monitor": "lost", "schedule": "flights-prod-lost"})  # no baseline
    wrong = DataIntegritySpec(columns=COLUMNS, unique=("no_such_column",))
    broken = integrity.model_copy(update={"monitor": "broken", "schedule": "flights-prod-broken", "spec": wrong})
    store = BaselineStore(integrity.baselines)
    pointer = store.pointer()
    assert pointer is not None
    BaselineStore(broken.baselines).save(store.current())
    BaselineStore(broken.baselines).move(pointer)
    limits = {"function_rows": 1 if engine == "processing" else 1_000_000}
    [item] = passes([lost, quality, broken], context, limits=limits, engines=["function", "processing"])
    assert item["engine"] == engine
    if engine == "processing":
        run_job(item, tmp_path, 2)
    outcomes = judge(item, context)
    assert outcomes["data-quality"]["status"] == "Completed"
    assert outcomes["lost"]["error"]["Error"] == "BaselineError"
    assert "there is no baseline: " in outcomes["lost"]["error"]["Cause"]
    assert "no_such_column" in outcomes["broken"]["error"]["Cause"]
    assert publish({**item, "result": {"runs": list(outcomes.values())}}, context)["failed"] is True
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    failed = {line["MonitoringSchedule"]: line["RunsFailed"] for line in lines if "RunsFailed" in line}
    assert failed == {"flights-prod-lost": 1, "flights-prod-data-quality": 0, "flights-prod-broken": 1}


def test_an_error_of_the_whole_pass_fails_all_of_its_runs(
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
) -> None:
    captured, _ = passes(runs, context)
    assert publish({**captured, "error": {"Error": "States.TaskFailed", "Cause": "killed"}}, context)["failed"] is True
    manifests = [item.uri for item in list_objects(f"{PREFIX}reports/")]
    assert len(manifests) == 2
    assert {Manifest.model_validate_json(read(uri)).reason for uri in manifests} == {"States.TaskFailed: killed"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fold"], "Failed: {root}/processing/input/pass/pass.json does not exist; the job needs the input `pass`"),
        (["fold", "twice"], "Failed: unknown words on the command line: fold twice; allowed: fold, fit, or none"),
    ],
)
def test_a_job_that_cannot_fold_says_why(words: list[str], message: str, tmp_path: Path) -> None:
    told = tmp_path / "output" / "message"
    environment = {**os.environ, "output_message_file": str(told)}
    command = [sys.executable, "-m", "functions.analyzer", *words]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, check=False)  # noqa: S603
    assert ended.returncode == 255
    assert told.read_text().startswith(message.format(root=tmp_path))
