"""Monitoring alerts: one with each schedule, judged after every execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from localaws.sagemaker.account import Account
from localaws.sagemaker.api import Operation
from localaws.sagemaker.store import Document, Listing, Request, Table, ValidationError

_ALERTS = Listing("MonitoringAlertSummaries", name="MonitoringAlertName", status="AlertStatus")
_HISTORY = Listing("MonitoringAlertHistory", name="MonitoringAlertName", status="AlertStatus")
_BAD = ("CompletedWithViolations", "Failed")


@dataclass
class Alert:
    """The alert of one schedule, with its changes of state."""

    summary: Document
    history: list[Document] = field(default_factory=list)


class Alerts:
    """The operations on monitoring alerts.

    There is no operation to create one: an alert comes with its schedule, and goes with it.
    """

    def __init__(self, account: Account, schedules: Table) -> None:
        self._account, self._schedules = account, schedules
        self._alerts: dict[str, Alert] = {}

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "ListMonitoringAlerts": self.list_alerts,
            "ListMonitoringAlertHistory": self.list_history,
            "UpdateMonitoringAlert": self.update_alert,
        }

    def create(self, schedule: str) -> None:
        """Make the alert of a new schedule: one bad execution is enough."""
        now = self._account.now()
        self._alerts[schedule] = Alert(
            {
                "MonitoringAlertName": f"{schedule}-alert"[:63],
                "CreationTime": now,
                "LastModifiedTime": now,
                "AlertStatus": "OK",
                "DatapointsToAlert": 1,
                "EvaluationPeriod": 1,
                "Actions": {"ModelDashboardIndicator": {"Enabled": True}},
            }
        )

    def delete(self, schedule: str) -> None:
        """Forget the alert of a schedule that is gone."""
        del self._alerts[schedule]

    def judge(self, schedule: str, statuses: Sequence[str]) -> None:
        """Judge the alert by the statuses of the schedule's executions, oldest first."""
        alert = self._alerts[schedule]
        recent = statuses[-alert.summary["EvaluationPeriod"] :]
        bad = sum(status in _BAD for status in recent)
        status = "InAlert" if bad >= alert.summary["DatapointsToAlert"] else "OK"
        if status == alert.summary["AlertStatus"]:
            return
        now = self._account.now()
        alert.summary |= {"AlertStatus": status, "LastModifiedTime": now}
        alert.history.append(
            {
                "MonitoringScheduleName": schedule,
                "MonitoringAlertName": alert.summary["MonitoringAlertName"],
                "CreationTime": now,
                "AlertStatus": status,
            }
        )

    def list_alerts(self, request: Request) -> Document:
        """List the alerts of a schedule: one."""
        name = self._schedules.get(request["MonitoringScheduleName"]).document["MonitoringScheduleName"]
        return _ALERTS.answer([self._alerts[name].summary], request)

    def list_history(self, request: Request) -> Document:
        """List the changes of state, of one alert or of all."""
        wanted = request.get("MonitoringScheduleName"), request.get("MonitoringAlertName")
        found = [
            change
            for alert in self._alerts.values()
            for change in alert.history
            if wanted[0] in (None, change["MonitoringScheduleName"])
            and wanted[1] in (None, change["MonitoringAlertName"])
        ]
        return _HISTORY.answer(found, request)

    def update_alert(self, request: Request) -> Document:
        """Change how many bad executions of how many raise the alert."""
        record = self._schedules.get(request["MonitoringScheduleName"])
        summary = self._alerts[record.document["MonitoringScheduleName"]].summary
        if summary["MonitoringAlertName"] != request["MonitoringAlertName"]:
            raise ValidationError(f'Could not find monitoring alert "{request["MonitoringAlertName"]}".')
        if request["DatapointsToAlert"] > request["EvaluationPeriod"]:
            raise ValidationError("DatapointsToAlert must not be greater than EvaluationPeriod.")
        fields = ("DatapointsToAlert", "EvaluationPeriod")
        summary |= {name: request[name] for name in fields} | {"LastModifiedTime": self._account.now()}
        return {"MonitoringScheduleArn": record.arn, "MonitoringAlertName": summary["MonitoringAlertName"]}
