"""Custom resource `Custom::WatchkeeperScheduleGuard`: the alert of a monitoring schedule, and its orderly end.

A schedule has one alert, which comes with it and which CloudFormation does not know. And it cannot be deleted while an
execution is in progress. The guard is made after the schedule and deleted before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from botocore.exceptions import ClientError
from pydantic import Field

from functions.common.clients import client
from functions.common.contract import Name
from functions.common.custom_resource import FromCloudFormation
from functions.model_monitor.waiting import Wait
from monitoring_core.errors import WatchkeeperError

_IN_PROGRESS: Final = ("Pending", "InProgress", "Stopping")
_GONE: Final = ("ResourceNotFound", "ResourceNotFoundException")

Count = Annotated[int, Field(ge=1, le=100)]


class StillRunningError(WatchkeeperError):
    """Executions have not ended in the time there is."""


class ScheduleGuard(FromCloudFormation):
    """Sets the alert: so many bad executions (`datapoints_to_alert`) of the last ones (`evaluation_period`)."""

    schedule: Name
    datapoints_to_alert: Count
    evaluation_period: Count

    @property
    def physical_id(self) -> str:
        """The schedule: with another one, the guard of the first ends it."""
        return self.schedule

    def provide(self, wait: Wait) -> dict[str, str]:  # noqa: ARG002 - nothing to wait for
        """Set the schedule's alerts."""
        pages = client("sagemaker").get_paginator("list_monitoring_alerts")
        for page in pages.paginate(MonitoringScheduleName=self.schedule):
            for alert in page["MonitoringAlertSummaries"]:
                client("sagemaker").update_monitoring_alert(
                    MonitoringScheduleName=self.schedule,
                    MonitoringAlertName=alert["MonitoringAlertName"],
                    DatapointsToAlert=self.datapoints_to_alert,
                    EvaluationPeriod=self.evaluation_period,
                )
        return {}

    def remove(self, wait: Wait) -> None:
        """Stop the schedule and what it runs, and wait until nothing is in progress.

        Raises
        ------
        StillRunningError
            If the time is out before.
        """
        try:
            client("sagemaker").stop_monitoring_schedule(MonitoringScheduleName=self.schedule)
        except ClientError as error:
            if not _is_gone(error):
                raise
            return
        while running := list(self._running()):
            for execution in running:
                _stop(execution)
            if not wait():
                raise StillRunningError(
                    f"{len(running)} executions of {self.schedule} are still in progress, and a schedule cannot be "
                    "deleted before they have ended; delete the stack again to go on"
                )

    def _running(self) -> Iterator[dict[str, Any]]:
        pages = client("sagemaker").get_paginator("list_monitoring_executions")
        for status in _IN_PROGRESS:
            for page in pages.paginate(MonitoringScheduleName=self.schedule, StatusEquals=status):
                yield from page["MonitoringExecutionSummaries"]


def _stop(execution: dict[str, Any]) -> None:
    """Stop the job of an execution; one that has ended since needs no stopping."""
    job = execution.get("ProcessingJobArn")
    if job is None or execution["MonitoringExecutionStatus"] == "Stopping":
        return
    try:
        client("sagemaker").stop_processing_job(ProcessingJobName=job.rpartition("/")[2])
    except ClientError as error:
        if not _is_gone(error) and error.response["Error"]["Code"] != "ValidationException":
            raise


def _is_gone(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in _GONE
