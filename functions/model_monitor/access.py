"""Custom resource `Custom::WatchkeeperModelMonitorAccess`: whether the account may create monitoring schedules."""

from __future__ import annotations

import re
from typing import Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.contract import Name
from functions.common.custom_resource import FromCloudFormation
from functions.model_monitor.waiting import Wait
from monitoring_core.errors import WatchkeeperError

_TRIES: Final = 6
_MISSING_DEFINITION: Final = "watchkeeper-preflight-no-such-definition"
_REFUSALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnknownOperationException",
    }
)
_CLOSED: Final = re.compile(
    r"new customers|no longer (?:available|supported|open)|not (?:available|enabled|supported) "
)
_ADVICE: Final = (
    "Model Monitor is closed to accounts that have not used it before 30 July 2026. Use `runtime: auto` for the "
    "monitors, which analyses the same without it; or, if the account does use Model Monitor, allow "
    "sagemaker:CreateMonitoringSchedule, which a service control policy may forbid"
)


class ModelMonitorClosedError(WatchkeeperError):
    """SageMaker does not let this account create monitoring schedules."""


class Access(FromCloudFormation):
    """Asks before anything is created; `probe` is the name that is tried."""

    probe: Name

    @property
    def physical_id(self) -> str:
        """Name of the resource."""
        return self.probe

    def provide(self, wait: Wait) -> dict[str, str]:
        """Ask for a schedule of a job definition that does not exist: where schedules may be created, just that fails.

        A refusal counts when it stays: the permission of this function, just made, takes some seconds to hold.

        Raises
        ------
        ModelMonitorClosedError
            If SageMaker refuses for another reason; says what to do.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._ask()
            except ModelMonitorClosedError:
                if not wait():
                    raise
        return self._ask()

    def remove(self, wait: Wait) -> None:
        """Nothing was made."""

    def _ask(self) -> dict[str, str]:
        config = {
            "ScheduleConfig": {"ScheduleExpression": "cron(0 0 ? * * *)"},
            "MonitoringJobDefinitionName": _MISSING_DEFINITION,
            "MonitoringType": "DataQuality",
        }
        try:
            client("sagemaker").create_monitoring_schedule(
                MonitoringScheduleName=self.probe, MonitoringScheduleConfig=config
            )
        except ClientError as error:
            _refuse_if_closed(error)
        else:  # the definition is looked up later, then
            client("sagemaker").delete_monitoring_schedule(MonitoringScheduleName=self.probe)
        return {}


def _refuse_if_closed(error: ClientError) -> None:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _REFUSALS or _CLOSED.search(message):
        raise ModelMonitorClosedError(
            f"this account cannot create monitoring schedules: {code}: {message.rstrip('.')}. {_ADVICE}"
        ) from error
