"""Processing jobs, run as local processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.sagemaker import inputs, storage
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

    def instances(self, job: Document) -> int:
        """Return the size of the job's cluster."""
        count: int = job["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        return count

    def execute(self, job: Document, sandboxes: list[Sandbox]) -> None:
        """Run the instances one after the other; the first that fails ends the job."""
        s3 = self.account.client("s3", self.role(job))
        sources = [given["S3Input"] for given in job.get("ProcessingInputs", [])]
        found = [(source, self._items(s3, source, job["RoleArn"])) for source in sources]
        for sandbox in sandboxes:
            for source, items in found:
                share = inputs.shard(items, source, sandbox.number, len(sandboxes))
                unzip = source.get("S3CompressionType") == "Gzip"
                storage.fetch(s3, share, sandbox.path(source["LocalPath"]), unzip=unzip)
            self._execute(s3, job, sandbox)

    def _execute(self, s3: Any, job: Document, sandbox: Sandbox) -> None:
        """Run the command on one instance, and upload what it made."""
        sandbox.write_config("processingjobconfig.json", job)
        outputs = [made["S3Output"] for made in job.get("ProcessingOutputConfig", {}).get("Outputs", [])]
        for made in outputs:
            sandbox.path(made["LocalPath"])
        given = self.account.environment(self.role(job))
        environment = given | _places(job, sandbox) | job.get("Environment", {})
        seconds = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _LONGEST)
        command = self._command(job["AppSpecification"])
        try:
            run_or_fail(lambda: sandbox.run(command, environment, seconds), lambda: sandbox.read_text(MESSAGE))
        finally:
            if message := sandbox.read_text(MESSAGE).strip():
                job.setdefault("ExitMessage", message)
            for made in outputs:
                storage.upload(s3, sandbox.path(made["LocalPath"]), made["S3Uri"])
            sandbox.clear()

    def metric_data(self, name: str) -> list[dict[str, Any]]:
        """Return what the containers wrote for CloudWatch, a line a datum."""
        files = [path for sandbox in self.sandboxes(name) for path in sorted(sandbox.path(METRICS).glob("*.jsonl"))]
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

    def _items(self, s3: Any, source: Document, role: str) -> list[storage.Item]:
        try:
            return inputs.items(s3, source)
        except storage.StorageError as error:
            raise JobError(
                f"ClientError: {error} Please ensure that the bucket exists in the selected region "
                f"({self.account.region}), that objects exist under that S3 prefix, and that the role "
                f'"{role}" has "s3:ListBucket" permissions on the bucket.'
            ) from error


def _places(job: Document, sandbox: Sandbox) -> dict[str, str]:
    """Return where things are that a container finds at fixed places; for Clarify's also what its job is made of."""
    sandbox.path(METRICS)
    inputs = {given["InputName"]: given["S3Input"] for given in job.get("ProcessingInputs", [])}
    if "analysis_config" not in inputs:
        return _PLACES
    places = {"analysis_config_file": f"{inputs['analysis_config']['LocalPath']}/analysis_config.json"}
    if "dataset" in inputs:
        places["dataset_source"] = inputs["dataset"]["LocalPath"]
    for made in job.get("ProcessingOutputConfig", {}).get("Outputs", [])[:1]:
        places["output_path"] = made["S3Output"]["LocalPath"]
    return _PLACES | places
