"""The processing job that analyses the window of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localaws.sagemaker.events import iso
from localaws.sagemaker.monitoring.definition import MonitoringJob, Run
from localaws.sagemaker.monitoring.merge import merged_uri
from localaws.sagemaker.monitoring.sources import Place, Source, as_text, given, prefixes
from localaws.sagemaker.store import Document

_LONGEST_NAME = 63
_BASELINE = "/opt/ml/processing/baseline"
_SCRIPTS = "/opt/ml/processing/code"
_CONFIG = "/opt/ml/processing/input/config"
_ATTRIBUTES = {
    "FeaturesAttribute": "features_attribute",
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ExcludeFeaturesAttribute": "exclude_features_attribute",
}


def analysis_job(job: MonitoringJob, run: Run, source: Source, s3: Any) -> Document:
    """Return the ``CreateProcessingJob`` request of a run."""
    output = {
        "S3Uri": f"{job.output['S3Uri'].rstrip('/')}/{source.report(run.schedule)}/{run.scheduled:%Y/%m/%d/%H}",
        "LocalPath": job.output["LocalPath"],
        "S3UploadMode": job.output.get("S3UploadMode", "Continuous"),
    }
    app = {name: job.app[name] for name in ("ImageUri", "ContainerEntrypoint", "ContainerArguments") if name in job.app}
    return {
        "ProcessingJobName": f"{job.kind.job}-{run.suffix}"[:_LONGEST_NAME],
        "ProcessingInputs": [*_files(job), *_data(job, run, source, s3)],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": output, "AppManaged": False}]},
        "ProcessingResources": job.resources,
        "StoppingCondition": job.stopping,
        "AppSpecification": app,
        "Environment": _environment(job, run, source) | job.environment,
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


def _files(job: MonitoringJob) -> Iterator[Document]:
    baseline, app = job.baseline, job.app
    if "StatisticsResource" in baseline:
        yield given("baseline", baseline["StatisticsResource"]["S3Uri"], f"{_BASELINE}/stats")
    if "ConstraintsResource" in baseline:
        yield given("constraints", baseline["ConstraintsResource"]["S3Uri"], f"{_BASELINE}/constraints")
    if "ConfigUri" in app:
        yield given("analysis_config", app["ConfigUri"], _CONFIG)
    if "RecordPreprocessorSourceUri" in app:
        yield given("pre_processor_script", app["RecordPreprocessorSourceUri"], f"{_SCRIPTS}/preprocessing")
    if "PostAnalyticsProcessorSourceUri" in app:
        yield given("post_processor_script", app["PostAnalyticsProcessorSourceUri"], f"{_SCRIPTS}/postprocessing")


def _data(job: MonitoringJob, run: Run, source: Source, s3: Any) -> list[Document]:
    local = job.data["LocalPath"]
    if not job.kind.merges:
        return source.captured(s3, run, local)
    name = "endpoint_input" if source.endpoint else "batch_transform_input"
    places = [Place(f"{merged_uri(job)}/{folder}", f"{local}/{folder}") for folder in source.merged(run)]
    return prefixes(s3, name, places)


def _environment(job: MonitoringJob, run: Run, source: Source) -> dict[str, str]:
    data_format = source.merged_format(job.kind) if job.kind.merges else source.captured_format(job.kind)
    environment = {
        "dataset_source": job.data["LocalPath"],
        "dataset_format": as_text(data_format),
        "output_path": job.output["LocalPath"],
        "publish_cloudwatch_metrics": "Enabled",
        **run.times(),
        "metric_time": iso(run.start),
        "monitoring_input_type": source.type,
        "sagemaker_monitoring_schedule_name": run.schedule,
        **source.environment(),
        **{told: job.data[name] for name, told in _ATTRIBUTES.items() if name in job.data},
    }
    if (threshold := job.data.get("ProbabilityThresholdAttribute")) is not None:
        environment["probability_threshold_attribute"] = f"{threshold:.6f}"
    if problem := job.app.get("ProblemType"):
        environment |= {"analysis_type": "MODEL_QUALITY", "problem_type": problem}
    return environment | {name: f"{folder}/{uri.rsplit('/', 1)[-1]}" for name, uri, folder in _told(job) if uri}


def _told(job: MonitoringJob) -> Iterator[tuple[str, str | None, str]]:
    """Return the variables that name a file, where it comes from, and its folder."""
    baseline, app = job.baseline, job.app
    yield "baseline_constraints", baseline.get("ConstraintsResource", {}).get("S3Uri"), f"{_BASELINE}/constraints"
    yield "baseline_statistics", baseline.get("StatisticsResource", {}).get("S3Uri"), f"{_BASELINE}/stats"
    yield "analysis_config_file", app.get("ConfigUri"), _CONFIG
    yield "record_preprocessor_script", app.get("RecordPreprocessorSourceUri"), f"{_SCRIPTS}/preprocessing"
    yield "post_analytics_processor_script", app.get("PostAnalyticsProcessorSourceUri"), f"{_SCRIPTS}/postprocessing"
