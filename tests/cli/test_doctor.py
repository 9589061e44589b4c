from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from functions.common import clients
from infra.config import EndpointConfig, parse_config
from watchkeeper.doctor import endpoint, managed, transform_jobs
from watchkeeper.doctor.examine import examine
from watchkeeper.doctor.finding import Finding, Level

Cli = Callable[..., subprocess.CompletedProcess[str]]
BUCKET = "churn-monitoring"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1"


def config(**changes: Any) -> EndpointConfig:
    document = {
        "endpoint": {"name": "churn-prod", "existing": True},
        "capture": {"destination": f"s3://{BUCKET}/datacapture/"},
        "baseline": {"dataset": f"s3://{BUCKET}/train.csv"},
        "monitors": [{"kind": "data-quality"}],
    }
    return parse_config(document | changes, "test")


LABELLED = {
    "schema": {
        "problem": "binary-classification",
        "outputs": ["p"],
        "features": ["x"],
        "probability": "p",
        "label": "y",
    },
    "ground_truth": {"prefix": f"s3://{BUCKET}/labels/"},
    "monitors": [{"kind": "model-quality"}],
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with a bucket and an endpoint that records both sides of every request."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        clients.client.cache_clear()
        here = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=here)
        yield
    clients.client.cache_clear()


def make_endpoint(folder: str = "datacapture") -> None:
    sagemaker = boto3.client("sagemaker")
    role = "arn:aws:iam::123456789012:role/churn"
    sagemaker.create_model(ModelName="churn", ExecutionRoleArn=role, PrimaryContainer={"Image": IMAGE})
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "churn",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1.0,
    }
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/{folder}",
        "CaptureOptions": [{"CaptureMode": mode} for mode in ("Input", "Output")],
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName="churn-1", ProductionVariants=[variant], DataCaptureConfig=capture
    )
    sagemaker.create_endpoint(EndpointName="churn-prod", EndpointConfigName="churn-1")


def put(key: str) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")


def told(given: EndpointConfig) -> dict[str, Finding]:
    return {finding.about: finding for finding in examine(given)}


def level(given: EndpointConfig, about: str) -> Level:
    return told(given)[about].level


@pytest.mark.usefixtures("account")
def test_a_healthy_account_has_nothing_failed() -> None:
    make_endpoint()
    put(f"datacapture/churn-prod/AllTraffic/{datetime.now(UTC):%Y/%m/%d/%H}/00-00-000-a.jsonl")
    put("train.csv")
    found = told(config())
    for about in ("identity", "endpoint", "captured sides", "capture destination", "captured data", "baseline"):
        assert found[about].level == "ok", found[about]
    assert not any(one.level == "failed" for one in found.values())


@pytest.mark.usefixtures("account")
def test_what_is_missing_comes_with_what_to_do() -> None:
    found = told(config())
    assert (found["endpoint"].level, found["baseline"].level) == ("failed", "failed")
    assert "does not exist" in found["endpoint"].found
    assert "check the URI" in found["baseline"].advice
    assert found["stack"].level == "warning"
    assert all(one.advice for one in found.values() if one.level != "ok")


@pytest.mark.usefixtures("account")
def test_a_side_that_is_not_recorded_and_sampling_are_told() -> None:
    now = datetime(2024, 5, 2, tzinfo=UTC)
    described = {
        "EndpointName": "churn-prod",
        "EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn-prod",
        "EndpointConfigName": "churn-1",
        "EndpointStatus": "InService",
        "CreationTime": now,
        "LastModifiedTime": now,
        "DataCaptureConfig": {
            "EnableCapture": True,
            "CaptureStatus": "Started",
            "CurrentSamplingPercentage": 20,
            "DestinationS3Uri": f"s3://{BUCKET}/datacapture",
            "KmsKeyId": "",
        },
    }
    configured = {
        "EndpointConfigName": "churn-1",
        "EndpointConfigArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/churn-1",
        "ProductionVariants": [{"VariantName": "AllTraffic"}],
        "CreationTime": now,
        "DataCaptureConfig": {
            "InitialSamplingPercentage": 20,
            "DestinationS3Uri": f"s3://{BUCKET}/datacapture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    }
    with Stubber(clients.client("sagemaker")) as stubbed:
        stubbed.add_response("describe_endpoint", described)
        stubbed.add_response("describe_endpoint_config", configured)
        found = {finding.about: finding for finding in endpoint.endpoint(config())}
    assert (found["captured sides"].level, found["captured sides"].found) == ("warning", "Input")
    assert (found["sampling"].level, found["sampling"].found) == ("warning", "records 20 % of the requests")


@pytest.mark.usefixtures("account")
def test_traffic_that_goes_elsewhere_is_a_failure() -> None:
    make_endpoint("elsewhere")
    assert level(config(), "capture destination") == "failed"


@pytest.mark.usefixtures("account")
def test_capture_that_has_stopped_is_told() -> None:
    make_endpoint()
    put("datacapture/churn-prod/AllTraffic/2024/01/01/00/00-00-000-a.jsonl")
    found = told(config())["captured data"]
    assert (found.level, "nothing in the last 24 hours" in found.found) == ("warning", True)


@pytest.mark.usefixtures("account")
def test_labels_are_looked_for_where_a_monitor_reads_them() -> None:
    assert "labels" not in told(config())
    assert level(config(**LABELLED), "labels") == "warning"
    put("labels/2024/01/01/00/a.jsonl")
    assert level(config(**LABELLED), "labels") == "ok"


@pytest.mark.usefixtures("account")
def test_an_image_that_is_not_in_its_repository_is_a_failure() -> None:
    created = {"create": {"variants": [{"model": {"image": IMAGE, "artifact": f"s3://{BUCKET}/model.tar.gz"}}]}}
    given = config(endpoint={"name": "churn-prod", **created}, capture={})
    boto3.client("ecr").create_repository(repositoryName="churn")
    assert level(given, "image") == "failed"


def managed_config() -> EndpointConfig:
    return config(monitors=[{"kind": "data-quality", "runtime": "managed", "schedule": "daily"}])


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("schedules", "jobs", "expected"),
    [(["churn-dq"], [], "ok"), ([], ["model-monitoring-202405020500-0a"], "ok"), ([], [], "unknown")],
)
def test_use_of_model_monitor_is_told_by_its_traces(schedules: list[str], jobs: list[str], expected: str) -> None:
    now = datetime(2024, 5, 2, tzinfo=UTC)
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:"
    with Stubber(clients.client("sagemaker")) as sagemaker:
        found = [
            {
                "MonitoringScheduleName": name,
                "MonitoringScheduleArn": f"{arn}monitoring-schedule/{name}",
                "CreationTime": now,
                "LastModifiedTime": now,
                "MonitoringScheduleStatus": "Scheduled",
            }
            for name in schedules
        ]
        sagemaker.add_response("list_monitoring_schedules", {"MonitoringScheduleSummaries": found})
        if not schedules:
            ran = [
                {
                    "ProcessingJobName": name,
                    "ProcessingJobArn": f"{arn}processing-job/{name}",
                    "CreationTime": now,
                    "ProcessingJobStatus": "Completed",
                }
                for name in jobs
            ]
            sagemaker.add_response("list_processing_jobs", {"ProcessingJobSummaries": ran})
        (finding,) = managed.model_monitor(managed_config())
    assert finding.level == expected


@pytest.mark.usefixtures("account")
def test_model_monitor_is_not_asked_about_where_nothing_runs_there() -> None:
    assert list(managed.model_monitor(config())) == []
    assert list(managed.quotas(config())) == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("allowed", "expected"), [(4.0, "ok"), (0.0, "failed"), (None, "unknown")])
def test_machines_are_compared_with_the_quota(allowed: float | None, expected: str) -> None:
    name = "ml.m5.xlarge for processing job usage"
    listed = [] if allowed is None else [{"QuotaName": name, "Value": allowed}]
    with Stubber(clients.client("service-quotas")) as stubbed:
        stubbed.add_response("list_service_quotas", {"Quotas": listed})
        (finding,) = managed.quotas(managed_config())
    assert finding.level == expected


@pytest.mark.usefixtures("account")
def test_what_may_not_be_asked_is_said_and_the_rest_is_asked() -> None:
    with Stubber(clients.client("sts")) as stubbed:
        stubbed.add_client_error("get_caller_identity", "AccessDenied", "no")
        found = told(config())
    assert found["identity"].level == "unknown"
    assert "GetCallerIdentity" in found["identity"].advice
    assert "endpoint" in found


def test_the_command_says_it_in_lines_and_in_json(cli: Cli, s3: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(
        "endpoint: { name: nobody, existing: true }\n"
        "capture: { destination: s3://data/datacapture/ }\n"
        "baseline: { dataset: s3://data/train.csv }\n"
        "monitors: [{ kind: data-quality }]\n"
    )
    done = cli("doctor", "-c", "monitoring.yaml", env=s3)
    assert done.returncode == 1, done.stderr
    assert "failed\tendpoint\tnobody does not exist here\tcheck its name" in done.stdout
    done = cli("doctor", "-c", "monitoring.yaml", "--json", env=s3)
    said = json.loads(done.stdout)
    assert said["healthy"] is False
    assert {"level", "about", "found", "advice"} == set(said["findings"][0])


def test_without_credentials_there_is_one_answer(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(
        "endpoint: { name: nobody, existing: true }\n"
        "capture: { destination: s3://data/datacapture/ }\n"
        "baseline: { dataset: s3://data/train.csv }\n"
        "monitors: [{ kind: data-quality }]\n"
    )
    nobody = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
        "AWS_CONFIG_FILE": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = cli("doctor", "-c", "monitoring.yaml", env=nobody)
    assert done.returncode == 1
    assert "no AWS credentials" in done.stdout


BATCH = {"name": "churn-nightly", "captured": f"s3://{BUCKET}/captured/", "output": f"s3://{BUCKET}/out/"}


@pytest.mark.parametrize(("days_ago", "level"), [(1, Level.OK), (30, Level.WARNING)])
@pytest.mark.usefixtures("account")
def test_of_transform_jobs_it_asks_what_they_have_captured_lately(days_ago: int, level: Level) -> None:
    hour = datetime.now(UTC) - timedelta(days=days_ago)
    key = f"captured/output/{hour:%Y/%m/%d/%H}/manifest.json"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"[]")
    document = {
        "batch_transform": BATCH,
        "baseline": {"dataset": f"s3://{BUCKET}/train.csv"},
        "monitors": [{"kind": "data-quality"}],
    }
    watched = parse_config(document, "test")
    assert [finding.level for finding in transform_jobs.transform_jobs(watched)] == [level]
    assert [*endpoint.endpoint(watched), *endpoint.recent_capture(watched)] == []
