"""The merge job: labels are joined to the events they belong to, before model quality and bias are analysed."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.monitoring.definition import MonitoringJob, Run
from localaws.sagemaker.monitoring.sources import Place, Source, as_text, prefixes
from localaws.sagemaker.store import Document

IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-groundtruth-merger"
"""Amazon's image, in the account that publishes it for us-east-1."""

_EVENTS = "/opt/ml/processing/input_data"
_LABELS = "/opt/ml/processing/groundtruth"
_OUTPUT = "/opt/ml/processing/output"


def merged_uri(job: MonitoringJob) -> str:
    """Return the prefix that the merge jobs of a definition write to."""
    return f"{job.output['S3Uri'].rstrip('/')}/merge"


def merge_job(job: MonitoringJob, run: Run, source: Source, s3: Any) -> Document:
    """Return the ``CreateProcessingJob`` request of a run's merge job.

    Labels are read from the hours of the window, as events are.
    """
    labels = job.inputs["GroundTruthS3Input"]["S3Uri"].rstrip("/")
    hours = [Place(f"{labels}/{hour}", f"{_LABELS}/{hour}") for hour in run.hours()]
    output = {"S3Uri": merged_uri(job), "LocalPath": _OUTPUT, "S3UploadMode": "EndOfJob"}
    return {
        "ProcessingJobName": f"groundtruth-merge-{run.suffix}",
        "ProcessingInputs": [*prefixes(s3, "groundtruth_input", hours), *source.captured(s3, run, _EVENTS)],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": output, "AppManaged": False}]},
        "ProcessingResources": job.resources,
        "StoppingCondition": job.stopping,
        "AppSpecification": {"ImageUri": IMAGE},
        "Environment": {
            "dataset_format": as_text(source.captured_format(job.kind)),
            "dataset_source": _EVENTS,
            "ground_truth_source": _LABELS,
            "monitoring_input_type": source.type,
            "output_path": _OUTPUT,
            **run.times(),
        },
        "NetworkConfig": job.network,
        "RoleArn": job.role,
    }
