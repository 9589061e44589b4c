"""The command line and the deployed function give the same verdict, in the same bytes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.common import clients
from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import RunSpec
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.spec import ModelQualitySpec, ProblemType, SchemaSpec

Cli = Callable[..., subprocess.CompletedProcess[str]]
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:aws:lambda:us-east-1:1:f", aws_request_id="1"
)
SPEC = ModelQualitySpec(
    columns=SchemaSpec(outputs=("probability",), features=("carrier", "temp", "distance"), label="late"),
    problem_type=ProblemType.BINARY,
    probability_attribute="probability",
    segments=("carrier",),
)
RUN = RunSpec(
    endpoint="ep",
    monitor="model-quality",
    schedule="ep-model-quality",
    bucket="data",
    capture_prefix="s3://data/capture/ep/",
    period_seconds=86_400,
    ground_truth_prefixes=("s3://data/ground-truth/",),
    lag_seconds=86_400,
    spec=SPEC,
)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        clients.client.cache_clear()
        client = boto3.client("s3")
        client.create_bucket(Bucket="data")
        yield client
    clients.client.cache_clear()


@pytest.mark.usefixtures("flights")
def test_labelled_traffic_has_the_functions_verdict(cli: Cli, tmp_path: Path, account: Any) -> None:
    created = datetime(2013, 6, 1, tzinfo=UTC)
    made = make_baseline(
        SPEC,
        read_dataset(Source.of(tmp_path / "train.csv")),
        model="m",
        dataset="train.csv",
        dataset_sha256="0",
        created_at=created,
    )
    store = BaselineStore(RUN.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=created))
    for path in (tmp_path / "bad").rglob("*/*.jsonl"):
        key = str(path.relative_to(tmp_path / "bad")).replace("capture/", "capture/ep/", 1)
        account.put_object(Bucket="data", Key=key, Body=path.read_bytes())
    request = {"monitors": [RUN.monitor], "scheduled_time": "2013-07-03T00:10:00Z"}
    [planned] = plan({"runs": {RUN.monitor: RUN.model_dump(mode="json")}, "request": request}, CONTEXT)["passes"]
    [outcome] = evaluate(json.loads(json.dumps(planned)), CONTEXT)["runs"]
    manifest = outcome["manifest"]
    folder = manifest.removeprefix("s3://data/").removesuffix("manifest.json")
    listed = account.list_objects_v2(Bucket="data", Prefix=folder)["Contents"]
    deployed = {item["Key"].rpartition("/")[2]: item["Key"] for item in listed}

    (tmp_path / "b").mkdir()
    for name, content in made.files.items():
        (tmp_path / "b" / name).write_bytes(content)
    (tmp_path / "spec.json").write_text(SPEC.model_dump_json())
    where = ("bad/capture", "--labels", "bad/ground-truth", "-b", "b", "--spec", "spec.json", "-o", "out")
    done = cli("run", *where, "--window", "2013-07-01T00:00:00Z/2013-07-02T00:00:00Z")
    assert done.returncode == 1, done.stderr

    same = {
        "constraint_violations.json",
        "constraints.json",
        "evaluation.json",
        "segments.json",
        "statistics.json",
    }
    assert same <= deployed.keys()
    for name in same:
        theirs = account.get_object(Bucket="data", Key=deployed[name])["Body"].read()
        assert (tmp_path / "out" / name).read_bytes() == theirs, name
    theirs = json.loads(account.get_object(Bucket="data", Key=deployed["manifest.json"])["Body"].read())
    ours = json.loads((tmp_path / "out" / "manifest.json").read_text())
    for name in ("status", "rows", "violations", "drift_excess", "worst", "baseline_id", "window"):
        assert ours[name] == theirs[name]
    assert {**ours["labels"], "late": 0} == theirs["labels"]
