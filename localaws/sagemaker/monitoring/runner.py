"""Runs a monitoring job: the merge job where there is one, the analysis, its metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.account import Account
from localaws.sagemaker.monitoring.analysis import analysis_job, status_of
from localaws.sagemaker.monitoring.definition import MonitoringJob, Run
from localaws.sagemaker.monitoring.merge import merge_job
from localaws.sagemaker.monitoring.sources import BatchSource, EndpointSource, Source
from localaws.sagemaker.processing import ProcessingJobs
from localaws.sagemaker.store import Document, Table

_METRICS_PER_CALL = 1000


@dataclass(frozen=True)
class Execution:
    """What became of a run: the last of its jobs decides."""

    job: Document

    def summary(self) -> Document:
        """Return what ListMonitoringExecutions tells of it."""
        reason = {"FailureReason": self.job["FailureReason"]} if "FailureReason" in self.job else {}
        return {
            "MonitoringExecutionStatus": status_of(self.job),
            "ProcessingJobArn": self.job["ProcessingJobArn"],
            **reason,
        }


class Runner:
    """Runs monitoring jobs to their end."""

    def __init__(self, account: Account, endpoints: Table, jobs: ProcessingJobs) -> None:
        self._account, self._endpoints, self._jobs = account, endpoints, jobs

    def source(self, job: MonitoringJob) -> Source:
        """Return what `job` monitors.

        Raises
        ------
        ValidationError
            If there is no such endpoint.
        """
        if "EndpointInput" not in job.inputs:
            return BatchSource(job.data["DataCapturedDestinationS3Uri"], job.data["DatasetFormat"])
        endpoint = self._endpoints.get(job.data["EndpointName"]).document
        return EndpointSource(
            endpoint["EndpointName"],
            endpoint.get("DataCaptureConfig", {}).get("DestinationS3Uri", ""),
            [variant["VariantName"] for variant in endpoint["ProductionVariants"]],
        )

    def run(self, job: MonitoringJob, run: Run, schedule_arn: str, started: Callable[[str], object]) -> Execution:
        """Run `job`; when the merge fails, nothing is analysed. `started` is told the ARN of each processing job."""
        s3, source = self._account.client("s3", job.role), self.source(job)
        if job.kind.merges:
            merged = self._finish(merge_job(job, run, source, s3), schedule_arn, started)
            if merged["ProcessingJobStatus"] != "Completed":
                return Execution(merged)
        analysed = self._finish(analysis_job(job, run, source, s3), schedule_arn, started)
        self._ship_metrics(analysed, f"aws/sagemaker/{source.scope}/{job.kind.metrics}")
        return Execution(analysed)

    def _finish(self, request: dict[str, Any], schedule_arn: str, started: Callable[[str], object]) -> Document:
        started(self._jobs.create(request, MonitoringScheduleArn=schedule_arn)["ProcessingJobArn"])
        return self._jobs.wait(request["ProcessingJobName"])

    def _ship_metrics(self, job: Document, namespace: str) -> None:
        data = self._jobs.metric_data(job["ProcessingJobName"])
        cloudwatch = self._account.client("cloudwatch", self._jobs.role(job))
        for start in range(0, len(data), _METRICS_PER_CALL):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + _METRICS_PER_CALL])
