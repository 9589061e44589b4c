"""Processing jobs, run as local processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.sagemaker import storage
from localaws.sagemaker.api import Operation
from localaws.sagemaker.images import stand_in
from localaws.sagemaker.jobs import JobError, Jobs, run_or_fail
from localaws.sagemaker.sandbox import Sandbox
from localaws.sagemaker.store import Document, Listing, Request, ValidationError

MESSAGE = "/opt/ml/output/message"
METRICS = "/opt/ml/output/metrics/cloudwatch"
_JOBS = Listing("ProcessingJobSummaries", name="ProcessingJobName", status="ProcessingJobStatus", descending=False)
_LONGEST = 86400
# What a container finds at fixed places, a process has to be told: these are the names Amazon's analyzer has for them.
_PLACES = {"output_message_file": MESSAGE, "cloudwatch_metrics_directory": METRICS}


class ProcessingJobs(Jobs):
    """The operations on processing jobs."""

    kind = "Processing"
    event_fields = (
        "ProcessingJobName",
        "ProcessingJobArn",
        "ProcessingJobStatus",
        "FailureReason",
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "StoppingCondition",
        "AppSpecification",
        "NetworkConfig",
        "RoleArn",
        "ExperimentConfig",
        "MonitoringScheduleArn",
        "CreationTime",
        "ProcessingStartTime",
        "ProcessingEndTime",
        "LastModifiedTime",
    )

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateProcessingJob": self.create_checked,
            "DescribeProcessingJob": self.describe,
            "ListProcessingJobs": lambda request: _JOBS.answer((job.document for job in self.table), request),
            "StopProcessingJob": self.stop,
        }

    def create_checked(self, request: Request) -> Document:
        """Start a job, unless it asks for something that does not exist here."""
        for given in request.get("ProcessingInputs", []):
            if "S3Input" not in given:
                raise ValidationError(f"Input {given['InputName']}: only S3Input is run on the local account.")
        for made in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            if "S3Output" not in made:
                raise ValidationError(f"Output {made['OutputName']}: only S3Output is run on the local account.")
        return self.create(request)

    def execute(self, job: Document, sandbox: Sandbox) -> None:
        """Download the inputs, run the command, upload the outputs, ship the metrics."""
        s3 = self.account.client("s3")
        sandbox.write_config("processingjobconfig.json", job)
        for given in job.get("ProcessingInputs", []):
            self._download(s3, given["S3Input"], sandbox, job["RoleArn"])
        outputs = [made["S3Output"] for made in job.get("ProcessingOutputConfig", {}).get("Outputs", [])]
        for made in outputs:
            sandbox.path(made["LocalPath"])
        environment = self.account.environment() | _places(sandbox) | job.get("Environment", {})
        seconds = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _LONGEST)
        command = self._command(job["AppSpecification"])
        try:
            run_or_fail(lambda: sandbox.run(command, environment, seconds), lambda: sandbox.read_text(MESSAGE))
        finally:
            if message := sandbox.read_text(MESSAGE).strip():
                job["ExitMessage"] = message
            for made in outputs:
                storage.upload(s3, sandbox.path(made["LocalPath"]), made["S3Uri"])

    def metric_data(self, name: str) -> list[dict[str, Any]]:
        """Return what the container wrote for CloudWatch, a line a datum."""
        folder = Path(self.account.work_dir / "jobs" / "processing" / name / METRICS.lstrip("/"))
        files = sorted(folder.glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines() if line.strip()]

    def _command(self, specification: Document) -> list[str]:
        image = stand_in(specification["ImageUri"], self.account.images)
        arguments: list[str] = specification.get("ContainerArguments", [])
        if entry_point := specification.get("ContainerEntrypoint"):
            return [*image.with_interpreter(entry_point), *arguments]
        try:
            return [*image.entry_point(), *arguments]
        except LookupError as error:
            raise JobError(f"ClientError: {error}") from error

    def _download(self, s3: Any, source: Document, sandbox: Sandbox, role: str) -> None:
        if source.get("S3DataType") == "ManifestFile":
            raise JobError("ClientError: manifest files are not read on the local account; use S3Prefix.")
        uri, unzip = source["S3Uri"], source.get("S3CompressionType") == "Gzip"
        if not storage.download(s3, uri, sandbox.path(source["LocalPath"]), unzip=unzip):
            raise JobError(
                f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
                f"the bucket exists in the selected region ({self.account.region}), that objects exist under that S3 "
                f'prefix, and that the role "{role}" has "s3:ListBucket" permissions on the bucket.'
            )


def _places(sandbox: Sandbox) -> dict[str, str]:
    sandbox.path(METRICS)
    return _PLACES
