"""Transform jobs are watched without an endpoint: each that completes starts a run over what it captured."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.common.contract import Manifest
from tests.local.deploy.deployed import Deployment
from tests.local.deploy.existing import put_model
from tests.local.deploy.record import check_permissions
from tests.local.deploy.sources import as_csv, rows, served_archive

pytestmark = [pytest.mark.slow, pytest.mark.network]

NAME: Final = "demand-nightly"
MODEL: Final = "demand-forecast-2013-04"
BUCKET: Final = "demand-scoring"
FEATURES: Final = ("temp", "holiday", "week")
ROWS: Final = 300


@pytest.fixture(scope="module")
def manifests(deployment: Deployment) -> dict[str, Manifest]:
    """Score good rows, then rows whose temperatures are a hundred times too high; return what each job's run says."""
    deployment.client("s3").put_object(Bucket=BUCKET, Key="model.tar.gz", Body=served_archive())
    put_model(deployment.account, MODEL, f"s3://{BUCKET}/model.tar.gz")
    found = {}
    for name, factor in (("good", 1), ("drifted", 100)):
        lines = [[f"{factor * float(temp):.3f}", *others] for temp, *others in rows(factor, FEATURES, ROWS)]
        _score(deployment, name, as_csv(lines))
        found[name] = _latest(deployment)
    return found


def test_a_job_that_completes_starts_a_run_over_what_it_captured(manifests: dict[str, Manifest]) -> None:
    good = manifests["good"]
    assert (good.status, good.rows, good.objects, good.quarantined) == ("Completed", ROWS, 1, 0)
    assert good.engine == "function"


def test_a_drifted_job_violates_in_the_same_window(manifests: dict[str, Manifest]) -> None:
    drifted = manifests["drifted"]
    assert drifted.window == manifests["good"].window
    assert (drifted.status, drifted.rows, drifted.objects) == ("CompletedWithViolations", 2 * ROWS, 2)
    assert {"temp"} <= {worst.feature for worst in drifted.worst} <= {"temp", "forecast"}  # the model answers the first


def test_the_violation_is_told_while_the_window_is_open(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    deployment.account.advance_to(deployment.account.now + timedelta(hours=1))
    assert deployment.account.now < manifests["drifted"].window.end
    name = f"{NAME}-data-quality-violations"
    (alarm,) = deployment.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    check_permissions("transform jobs", deployment)


def test_amazons_metrics_are_those_of_transform_jobs(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    assert manifests
    listed = deployment.client("cloudwatch").list_metrics(Namespace="aws/sagemaker/ModelMonitoring/data-metrics")
    drift = [metric for metric in listed["Metrics"] if metric["MetricName"] == "feature_baseline_drift_temp"]
    assert [metric["Dimensions"] for metric in drift] == [
        [{"Name": "MonitoringSchedule", "Value": f"{NAME}-data-quality"}]
    ]


def _score(deployment: Deployment, name: str, body: bytes) -> None:
    deployment.client("s3").put_object(Bucket=BUCKET, Key=f"new/{name}/rows.csv", Body=body)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/new/{name}/"}}
    deployment.client("sagemaker").create_transform_job(
        TransformJobName=f"demand-{name}",
        ModelName=MODEL,
        TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={
            "S3OutputPath": f"s3://{BUCKET}/scored/{name}",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        DataProcessing={"JoinSource": "Input"},
        DataCaptureConfig={"DestinationS3Uri": f"s3://{BUCKET}/captured", "GenerateInferenceId": True},
    )
    deployment.account.settle()


def _latest(deployment: Deployment) -> Manifest:
    """Return what the last run of data quality says."""
    template = deployment.templates[f"Watchkeeper-{NAME}"]
    bucket = deployment.resolver(f"Watchkeeper-{NAME}").resolve(template["Outputs"]["BucketName"]["Value"])
    s3: Any = deployment.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"reports/{NAME}/{NAME}-data-quality/")
    (key,) = [one["Key"] for one in listed["Contents"] if one["Key"].endswith("/manifest.json")]
    return Manifest.model_validate(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
