"""One run of a monitoring schedule: the processing job it starts, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localaws.sagemaker import cron, storage
from localaws.sagemaker.events import iso
from localaws.sagemaker.store import Document

NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
_BASELINE = "/opt/ml/processing/baseline"
_SCRIPTS = "/opt/ml/processing/code"
_DATASET_FORMAT = {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}


@dataclass(frozen=True)
class MonitoringJob:
    """A job definition, whether it was named or written into the schedule."""

    endpoint_input: Document
    app: Document
    baseline: Document
    output: Document
    resources: Document
    network: Document
    stopping: Document
    role: str
    environment: dict[str, str]

    @classmethod
    def named(cls, definition: Document) -> MonitoringJob:
        """Read a data-quality job definition."""
        app: Document = definition["DataQualityAppSpecification"]
        return cls(
            endpoint_input=definition["DataQualityJobInput"]["EndpointInput"],
            app=app,
            baseline=definition.get("DataQualityBaselineConfig", {}),
            output=definition["DataQualityJobOutputConfig"]["MonitoringOutputs"][0]["S3Output"],
            resources=definition["JobResources"],
            network=definition.get("NetworkConfig", {}),
            stopping=definition["StoppingCondition"],
            role=definition["RoleArn"],
            environment=app.get("Environment", {}),
        )

    @classmethod
    def inline(cls, definition: Document) -> MonitoringJob:
        """Read the definition inside a schedule's own configuration."""
        return cls(
            endpoint_input=definition["MonitoringInputs"][0]["EndpointInput"],
            app=definition["MonitoringAppSpecification"],
            baseline=definition.get("BaselineConfig", {}),
            output=definition["MonitoringOutputConfig"]["MonitoringOutputs"][0]["S3Output"],
            resources=definition["MonitoringResources"],
            network=definition.get("NetworkConfig", {}),
            stopping=definition.get("StoppingCondition", {"MaxRuntimeInSeconds": 3600}),
            role=definition["RoleArn"],
            environment=definition.get("Environment", {}),
        )

    def window(self, scheduled: datetime, period: timedelta) -> tuple[datetime, datetime]:
        """Return the half-open window a run at `scheduled` looks at: the offsets, or else the last period."""
        start, end = (self.endpoint_input.get(name) for name in ("StartTimeOffset", "EndTimeOffset"))
        return (
            scheduled + (cron.offset(start) if start else -period),
            scheduled + (cron.offset(end) if end else timedelta()),
        )


@dataclass(frozen=True)
class Run:
    """What a run is made from.

    Attributes
    ----------
    schedule : str
        Whose run.
    scheduled : datetime
        The hour it is for.
    start, end : datetime
        Its window.
    capture_uri : str
        The endpoint's capture destination, empty where it captures nothing.
    variants : list of str
        The endpoint's production variants.
    """

    schedule: str
    scheduled: datetime
    start: datetime
    end: datetime
    capture_uri: str
    variants: list[str]

    @property
    def job_name(self) -> str:
        """The processing job's name, in Amazon's pattern; the same run always has the same."""
        digest = hashlib.sha256(f"{self.schedule} {iso(self.scheduled)}".encode()).hexdigest()
        return f"model-monitoring-{self.scheduled:%Y%m%d%H%M}-{digest[:24]}"


def processing_job(job: MonitoringJob, run: Run, s3: Any) -> Document:
    """Return the ``CreateProcessingJob`` request of a run."""
    endpoint = job.endpoint_input["EndpointName"]
    output = {
        "S3Uri": f"{job.output['S3Uri'].rstrip('/')}/{endpoint}/{run.schedule}/{run.scheduled:%Y/%m/%d/%H}",
        "LocalPath": job.output["LocalPath"],
        "S3UploadMode": job.output.get("S3UploadMode", "Continuous"),
    }
    app = {name: job.app[name] for name in ("ImageUri", "ContainerEntrypoint", "ContainerArguments") if name in job.app}
    return {
        "ProcessingJobName": run.job_name,
        "ProcessingInputs": [_input(name, uri, path) for name, uri, path in _inputs(job, run, s3)],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": output, "AppManaged": False}]},
        "ProcessingResources": job.resources,
        "StoppingCondition": job.stopping,
        "AppSpecification": app,
        "Environment": _environment(job, run) | job.environment,
        "NetworkConfig": job.network,
        "RoleArn": job.role,
    }


def status_of(job: Document) -> str:
    """Return the execution's status for a finished processing job.

    Examples
    --------
    >>> status_of({"ProcessingJobStatus": "Completed", "ExitMessage": "CompletedWithViolations: Job completed ..."})
    'CompletedWithViolations'
    >>> status_of({"ProcessingJobStatus": "Failed"})
    'Failed'
    """
    status: str = job["ProcessingJobStatus"]
    violated = job.get("ExitMessage", "").startswith("CompletedWithViolations")
    return "CompletedWithViolations" if status == "Completed" and violated else status


def _inputs(job: MonitoringJob, run: Run, s3: Any) -> Iterator[tuple[str, str, str]]:
    if "StatisticsResource" in job.baseline:
        yield "baseline", job.baseline["StatisticsResource"]["S3Uri"], f"{_BASELINE}/stats"
    if "ConstraintsResource" in job.baseline:
        yield "constraints", job.baseline["ConstraintsResource"]["S3Uri"], f"{_BASELINE}/constraints"
    for name, field, folder in (
        ("pre_processor_script", "RecordPreprocessorSourceUri", "preprocessing"),
        ("post_processor_script", "PostAnalyticsProcessorSourceUri", "postprocessing"),
    ):
        if field in job.app:
            yield name, job.app[field], f"{_SCRIPTS}/{folder}"
    prefixes = list(_capture_prefixes(job, run))
    # A prefix with nothing in it fails the job. A window of several prefixes fails only when all of them are empty.
    filled = [uri_and_path for uri_and_path in prefixes if storage.exists(s3, f"{uri_and_path[0]}/")]
    for number, (uri, path) in enumerate(filled or prefixes[:1], start=1):
        yield f"endpoint_input_{number}", uri, path


def _capture_prefixes(job: MonitoringJob, run: Run) -> Iterator[tuple[str, str]]:
    endpoint, local = job.endpoint_input["EndpointName"], job.endpoint_input["LocalPath"]
    hour = run.start.replace(minute=0, second=0, microsecond=0)
    while hour < run.end:
        for variant in run.variants:
            below = f"{endpoint}/{variant}/{hour:%Y/%m/%d/%H}"
            yield f"{run.capture_uri.rstrip('/')}/{below}", f"{local}/{below}"
        hour += timedelta(hours=1)


def _input(name: str, uri: str, path: str) -> Document:
    source = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "AppManaged": False, "S3Input": source}


def _environment(job: MonitoringJob, run: Run) -> dict[str, str]:
    environment = {
        "dataset_source": job.endpoint_input["LocalPath"],
        "dataset_format": json.dumps(_DATASET_FORMAT, separators=(",", ":")),
        "output_path": job.output["LocalPath"],
        "publish_cloudwatch_metrics": "Enabled",
        "start_time": iso(run.start),
        "end_time": iso(run.end),
        "metric_time": iso(run.start),
        "monitoring_input_type": "ENDPOINT_INPUT",
        "sagemaker_endpoint_name": job.endpoint_input["EndpointName"],
        "sagemaker_monitoring_schedule_name": run.schedule,
        "sagemaker_endpoint_datacapture_prefix": run.capture_uri,
    }
    files = (
        ("baseline_constraints", job.baseline.get("ConstraintsResource"), f"{_BASELINE}/constraints"),
        ("baseline_statistics", job.baseline.get("StatisticsResource"), f"{_BASELINE}/stats"),
    )
    environment |= {name: f"{path}/{_file(source['S3Uri'])}" for name, source, path in files if source}
    scripts = (
        ("record_preprocessor_script", job.app.get("RecordPreprocessorSourceUri"), f"{_SCRIPTS}/preprocessing"),
        (
            "post_analytics_processor_script",
            job.app.get("PostAnalyticsProcessorSourceUri"),
            f"{_SCRIPTS}/postprocessing",
        ),
    )
    return environment | {name: f"{path}/{_file(uri)}" for name, uri, path in scripts if uri}


def _file(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]
