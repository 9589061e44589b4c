"""Executions of monitoring schedules and the jobs behind them, as SageMaker tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from functions.common.clients import client

_COMPLETED: Final = frozenset({"Completed", "CompletedWithViolations"})
_BROKEN_OFF: Final = frozenset({"Failed", "Stopped"})
_MERGER: Final = "sagemaker-model-monitor-groundtruth-merger"
_AMAZON: Final = ("/sagemaker-model-monitor-analyzer", "/sagemaker-clarify-processing")
_NO_DATA: Final = "No S3 objects found"
"""Part of the reason where a prefix was empty; Model Monitor starts no job then (contract 3.7)."""


@dataclass(frozen=True, slots=True)
class Job:
    """A processing job, from ``DescribeProcessingJob``."""

    description: Mapping[str, Any]

    @classmethod
    def named(cls, name: str) -> Job:
        """Ask for a job by its name or ARN."""
        return cls(client("sagemaker").describe_processing_job(ProcessingJobName=name.rpartition("/")[2]))

    @property
    def name(self) -> str:
        """Name of the job."""
        return str(self.description["ProcessingJobName"])

    @property
    def schedule(self) -> str:
        """Name of its monitoring schedule, in lower case; empty for a job that no schedule started."""
        named = self._environment.get("sagemaker_monitoring_schedule_name", "")
        return str(self.description.get("MonitoringScheduleArn", named)).rpartition("/")[2].lower()

    @property
    def status(self) -> str:
        """``Completed``, ``Failed`` ..."""
        return str(self.description["ProcessingJobStatus"])

    @property
    def message(self) -> str:
        """What the container said at its end, or why there is nothing."""
        return str(self.description.get("ExitMessage") or self.description.get("FailureReason") or "")

    @property
    def is_merge(self) -> bool:
        """Whether it only joins labels to events: an analysis follows."""
        return _MERGER in self._image

    @property
    def is_amazon(self) -> bool:
        """Whether the image is one of Amazon's analyzers, and not one that was brought along."""
        return any(name in self._image for name in _AMAZON)

    @property
    def output(self) -> str:
        """Where it writes its report, ending in a slash."""
        outputs = self.description["ProcessingOutputConfig"]["Outputs"]
        return f"{outputs[0]['S3Output']['S3Uri'].rstrip('/')}/"

    @property
    def inputs(self) -> tuple[str, ...]:
        """URIs of what it reads."""
        given = self.description.get("ProcessingInputs", ())
        return tuple(str(one["S3Input"]["S3Uri"]) for one in given if "S3Input" in one)

    @property
    def span(self) -> str:
        """``START/END`` of the events it analyses, as its environment says; empty where it does not."""
        start, end = (self._environment.get(name, "") for name in ("start_time", "end_time"))
        return f"{start}/{end}" if start and end else ""

    @property
    def _environment(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.description.get("Environment", {})
        return found

    @property
    def _image(self) -> str:
        return str(self.description.get("AppSpecification", {}).get("ImageUri", ""))


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a schedule, from ``ListMonitoringExecutions``.

    Attributes
    ----------
    job : str
        ARN of the job; empty where none was started, because there was nothing to read.
    """

    scheduled_time: datetime
    status: str
    job: str = ""
    failure_reason: str = ""

    @property
    def is_completed(self) -> bool:
        """Whether it came to a verdict."""
        return self.status in _COMPLETED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.is_completed or self.status in _BROKEN_OFF

    @property
    def found_no_data(self) -> bool:
        """Whether it failed because a prefix held no object."""
        return _NO_DATA in self.failure_reason

    def seen_with(self, job: Job | None) -> Execution:
        """Return the execution as its job's end tells it: SageMaker updates the execution some seconds later."""
        if job is None or self.is_over or job.is_merge or self.job != job.description["ProcessingJobArn"]:
            return self
        return Execution(self.scheduled_time, job.status, self.job, str(job.description.get("FailureReason", "")))


def executions(schedule: str, since: datetime) -> Iterator[Execution]:
    """Yield the executions of a schedule that were due at `since` or later, the latest first."""
    pages = client("sagemaker").get_paginator("list_monitoring_executions")
    asked = {"ScheduledTimeAfter": since, "SortBy": "ScheduledTime", "SortOrder": "Descending"}
    for page in pages.paginate(MonitoringScheduleName=schedule, **asked):
        for found in page["MonitoringExecutionSummaries"]:
            yield Execution(
                found["ScheduledTime"],
                found["MonitoringExecutionStatus"],
                found.get("ProcessingJobArn", ""),
                found.get("FailureReason", ""),
            )
