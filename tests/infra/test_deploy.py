"""The examples deploy: every resource of the template exists afterwards in an account on loopback."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra.app import build
from infra.bundling import ROOT
from localaws.account import LocalAccount

from .conftest import cdk_context

pytestmark = [pytest.mark.slow, pytest.mark.network]
ASSETS = "cdk-hnb659fds-assets-123456789012-us-east-1"
INFERENCE = """
def model_fn(folder): return None
def input_fn(body, content_type): return body
def predict_fn(rows, model): return "0.5"
def output_fn(answer, accept): return answer, "text/csv"
"""
CHURN = "churn,churn_probability,account_length,day_minutes,night_calls,plan\n" + "".join(
    f"{i % 2},0.{i % 10},{i},{i * 1.5},{i % 7},{'ab'[i % 2]}\n" for i in range(500)
)
SKETCH = {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[1.0, 2.0, 3.0]]}
NUMERICAL = {
    "common": {"num_present": 3, "num_missing": 0}, "mean": 2.0, "sum": 6.0, "std_dev": 0.8, "min": 1.0, "max": 3.0,
    "distribution": {"kll": {"buckets": [], "sketch": SKETCH}},
}  # fmt: skip
AMOUNT = {"name": "amount", "inferred_type": "Fractional"}
STATISTICS = {
    "version": 0.0, "dataset": {"item_count": 3}, "features": [{**AMOUNT, "numerical_statistics": NUMERICAL}]
}  # fmt: skip
CONSTRAINTS = {"version": 0.0, "features": [{**AMOUNT, "completeness": 1.0}]}


def model() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(INFERENCE.encode())
        archive.addfile(entry, io.BytesIO(INFERENCE.encode()))
    return buffer.getvalue()


OBJECTS = {
    "churn-models/churn/train.csv": CHURN.encode(),
    "churn-models/churn/model.tar.gz": model(),
    "fraud-capture/baseline/statistics.json": json.dumps(STATISTICS).encode(),
    "fraud-capture/baseline/constraints.json": json.dumps(CONSTRAINTS).encode(),
}


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    """An account with what users have before they deploy: their data, and the bucket of `cdk bootstrap`."""
    start, images = datetime(2026, 3, 1, tzinfo=UTC), {"xgboost": [sys.executable]}
    with LocalAccount(start=start, images=images) as account:
        s3 = account.client("s3")
        for bucket in {ASSETS, *(key.partition("/")[0] for key in OBJECTS)}:
            s3.create_bucket(Bucket=bucket)
        for uri, body in OBJECTS.items():
            bucket, _, key = uri.partition("/")
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        yield account


def deploy(account: LocalAccount, example: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Synthesise with real bundles, upload them, create the stack; return its name and template."""
    context = cdk_context()
    del context["aws:cdk:bundling-stacks"]
    app = App(context=context, outdir=str(folder / "cdk.out"))
    build(app, [ROOT / f"examples/{example}/monitoring.yaml"])
    (stack,) = app.synth().stacks
    s3 = account.client("s3")
    for asset in (folder / "cdk.out").glob("asset.*"):
        archive = shutil.make_archive(str(folder / asset.name), "zip", asset)
        s3.upload_file(archive, ASSETS, f"{asset.name.removeprefix('asset.')}.zip")
    account.client("cloudformation").create_stack(
        StackName=stack.stack_name,
        TemplateBody=json.dumps(stack.template),
        Parameters=[{"ParameterKey": "BootstrapVersion", "ParameterValue": "/cdk-bootstrap/hnb659fds/version"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    return stack.stack_name, stack.template


@pytest.mark.parametrize("example", ["managed-data-quality", "existing-endpoint"])
def test_every_resource_of_an_example_exists_after_its_deployment(
    account: LocalAccount, example: str, tmp_path: Path
) -> None:
    name, template = deploy(account, example, tmp_path)
    cloudformation = account.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    exists = {r["LogicalResourceId"] for r in cloudformation.describe_stack_resources(StackName=name)["StackResources"]}
    assert template["Resources"].keys() <= exists
    assert account.failures() == []
    bucket = next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "BucketName")
    keys = [item["Key"] for item in account.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key for key in keys if key.endswith("/data-quality/current.json")]
