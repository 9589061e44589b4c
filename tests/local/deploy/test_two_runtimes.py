"""Where a monitor runs makes no difference to what it finds: our Lambda, and a Model Monitor schedule."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.local.deploy.deployed import Deployment
from tests.local.deploy.sources import as_csv, rows

pytestmark = [pytest.mark.slow, pytest.mark.network]

ENDPOINT = "two-runtimes"
FEATURES = ("amount", "age", "distance")
DRIFTED = FEATURES.index("distance")


@pytest.fixture(scope="module")
def reports(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Send a day of traffic whose distances are a hundred times too large; return the files of each monitor's run."""
    account = deployment.account
    midnight = account.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for hour in range(1, 24):
        account.advance_to(midnight + timedelta(hours=hour))
        body = as_csv(_drifted(line) for line in rows(hour, FEATURES, 20))
        account.client("sagemaker-runtime").invoke_endpoint(EndpointName=ENDPOINT, ContentType="text/csv", Body=body)
    end = midnight + timedelta(days=1)
    account.advance_to(end + timedelta(hours=1))
    bucket = deployment.resolver(f"Watchkeeper-{ENDPOINT}").resolve(
        deployment.templates[f"Watchkeeper-{ENDPOINT}"]["Outputs"]["BucketName"]["Value"]
    )
    return {
        monitor: {
            name: json.loads(
                _read(deployment, bucket, f"reports/{ENDPOINT}/{ENDPOINT}-{monitor}/{end:%Y/%m/%d/%H}/{name}")
            )
            for name in ("constraint_violations.json", "statistics.json", "constraints.json")
        }
        for monitor in ("ours", "amazons")
    }


def test_both_find_the_drifted_column(reports: dict[str, dict[str, Any]]) -> None:
    for report in reports.values():
        violations = report["constraint_violations.json"]["violations"]
        drifted = [one for one in violations if one["constraint_check_type"] == "baseline_drift_check"]
        assert [one["feature_name"] for one in drifted] == ["distance"]


@pytest.mark.parametrize("name", ["constraint_violations.json", "statistics.json", "constraints.json"])
def test_both_write_the_same_file(reports: dict[str, dict[str, Any]], name: str) -> None:
    assert reports["ours"][name] == reports["amazons"][name]


def _drifted(line: list[str]) -> list[str]:
    return [f"{100 * float(cell)}" if position == DRIFTED else cell for position, cell in enumerate(line)]


def _read(deployment: Deployment, bucket: str, key: str) -> bytes:
    body: bytes = deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body
