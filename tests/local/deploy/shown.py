"""The stack of ``every-runtime.yaml`` after a month of flights: what its monitors found, wherever they ran."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from functions.common.contract import Manifest
from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation
from tests.engines.month import Traffic, month, one_day
from tests.local.deploy.deployed import Deployment
from tests.local.deploy.toolkit import ROOT

ENDPOINT: Final = "every-runtime"
STACK: Final = f"Watchkeeper-{ENDPOINT}"
DAY: Final = timedelta(days=1)
PAST: Final = datetime(2013, 3, 25, tzinfo=UTC)
"""First of some days of traffic before the stack was deployed."""
PAST_DAYS: Final = 3


@dataclass(frozen=True)
class Shown:
    """The deployed stack after its traffic.

    Attributes
    ----------
    day : datetime
        The day into which the month was put.
    folder : Path
        The same traffic as files: ``capture`` and ``labels``.
    """

    deployment: Deployment
    bucket: str
    day: datetime
    folder: Path

    @property
    def window(self) -> str:
        """The day as a window."""
        return span(self.day, self.day + DAY)

    def manifest(self, monitor: str, day: datetime | None = None) -> Manifest:
        """Return the manifest of a day's run."""
        return Manifest.model_validate_json(self.read(f"{self._report(monitor, day)}manifest.json"))

    def evaluation(self, monitor: str, day: datetime | None = None) -> Evaluation:
        """Return the evaluation of a day's run."""
        return load_evaluation(self.read(f"{self._report(monitor, day)}evaluation.json"))

    def baseline(self, monitor: str) -> str:
        """Return the key prefix of the baseline in force."""
        folder = f"baselines/{ENDPOINT}/{monitor}/"
        return f"{folder}{json.loads(self.read(f'{folder}current.json'))['baseline_id']}/"

    def baseline_files(self, monitor: str) -> dict[str, bytes]:
        """Return the files of the baseline in force, without the sheet that says when it was made, and for whom."""
        prefix = self.baseline(monitor)
        found = self.deployment.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]
        names = {item["Key"].removeprefix(prefix) for item in found} - {"baseline.json"}
        return {name: self.read(prefix + name) for name in names}

    def baseline_made(self, monitor: str) -> str:
        """Return where the baseline was made, and why there."""
        prefix = f"baselines/{ENDPOINT}/{monitor}/moves/"
        [move] = self.deployment.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]
        return str(json.loads(self.read(move["Key"]))["engine_reason"])

    def job(self, monitor: str) -> dict[str, Any]:
        """Describe the job with which Model Monitor has analysed the day."""
        sagemaker, name = self.deployment.client("sagemaker"), f"{ENDPOINT}-{monitor}"
        listed = sagemaker.list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"]
        [execution] = [one for one in listed if one["ScheduledTime"] == self.day + DAY]
        job: dict[str, Any] = sagemaker.describe_processing_job(
            ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2]
        )
        return job

    def file(self, monitor: str, name: str) -> bytes:
        """Return a file of the day's report."""
        return self.read(self._report(monitor, None) + name)

    def output(self, name: str) -> str:
        """Return an output of the stack."""
        return str(self.deployment.resolver(STACK).resolve(self.deployment.templates[STACK]["Outputs"][name]["Value"]))

    def read(self, key: str) -> bytes:
        """Return an object of the stack's bucket."""
        body: bytes = self.deployment.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def download(self, prefix: str, folder: Path) -> Path:
        """Copy what lies below a prefix, or one object, into a folder."""
        listed = self.deployment.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]
        for key in (item["Key"] for item in listed):
            _write(folder / (key.removeprefix(prefix).lstrip("/") or Path(key).name), self.read(key))
        return folder

    def watchkeeper(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command line against the account."""
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "watchkeeper", *map(str, arguments)],
            cwd=ROOT,
            env=self.deployment.account.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _report(self, monitor: str, day: datetime | None) -> str:
        end = (day or self.day) + DAY
        return f"reports/{ENDPOINT}/{ENDPOINT}-{monitor}/{end:%Y/%m/%d/%H}/"


def span(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def show(deployment: Deployment, folder: Path) -> Shown:
    """Let the month, and some days before it, be captured; return after every schedule has fired for the month."""
    outputs = deployment.templates[STACK]["Outputs"]
    bucket = deployment.resolver(STACK).resolve(outputs["BucketName"]["Value"])
    account = deployment.account
    day = account.now.replace(hour=0, minute=0, second=0, microsecond=0)
    shown = Shown(deployment, bucket, day, folder)
    _put(shown, month(day), keep=folder)
    for number in range(PAST_DAYS):
        _put(shown, one_day(PAST + number * DAY))
    account.advance_to(day + DAY + timedelta(minutes=25))
    return shown


def _put(shown: Shown, traffic: Traffic, keep: Path | None = None) -> None:
    s3 = shown.deployment.client("s3")
    for name, prefix, objects in (
        ("capture", f"capture/{ENDPOINT}/", traffic.captured),
        ("labels", f"ground-truth/{ENDPOINT}/", traffic.labels),
    ):
        for key, body in objects.items():
            s3.put_object(Bucket=shown.bucket, Key=f"{prefix}{key}", Body=body)
            if keep:
                _write(keep / name / key, body)
