"""Monitoring schedules: what AWS calls Model Monitor, on the simulated clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from localaws.sagemaker import cron
from localaws.sagemaker.account import Account
from localaws.sagemaker.alerts import Alerts
from localaws.sagemaker.api import Operation
from localaws.sagemaker.job_definitions import JobDefinitions
from localaws.sagemaker.monitoring.definition import MonitoringJob, Run
from localaws.sagemaker.monitoring.runner import Runner
from localaws.sagemaker.store import Document, Listing, Record, Request, Table, ValidationError, within

_SCHEDULES = Listing("MonitoringScheduleSummaries", name="MonitoringScheduleName", status="MonitoringScheduleStatus")
_EXECUTIONS = Listing("MonitoringExecutionSummaries", name="MonitoringScheduleName", status="MonitoringExecutionStatus")
_DAY = timedelta(days=1)


@dataclass
class _Timing:
    """When a schedule fires next, and its executions so far, oldest first."""

    due: datetime | None
    executions: list[Document] = field(default_factory=list)


class Schedules:
    """The operations on monitoring schedules and executions, and the timeline that fires them.

    Runs start on the hour, without Amazon's delay of up to 20 minutes, with the image's stand-in as analyzer.
    """

    def __init__(
        self,
        account: Account,
        table: Table,
        definitions: JobDefinitions,
        runner: Runner,
        before_run: Callable[[], object],
    ) -> None:
        self._account, self._table = account, table
        self._definitions, self._runner, self._before_run = definitions, runner, before_run
        self._timings: dict[str, _Timing] = {}
        self.alerts = Alerts(account, table)

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateMonitoringSchedule": self.create,
            "DescribeMonitoringSchedule": self.describe,
            "UpdateMonitoringSchedule": self.update,
            "ListMonitoringSchedules": self.list_schedules,
            "ListMonitoringExecutions": self.list_executions,
            "DeleteMonitoringSchedule": self.delete,
            "StartMonitoringSchedule": self.start,
            "StopMonitoringSchedule": lambda request: self._set_status(request, "Stopped"),
            **self.alerts.operations(),
        }

    def create(self, request: Request) -> Document:
        """Keep a schedule; one with ``NOW`` runs once, at once."""
        name, config, now = request["MonitoringScheduleName"], request["MonitoringScheduleConfig"], self._account.now()
        job = self._job(config)
        due = self._first_due(config)
        document = {
            "MonitoringScheduleName": name,
            "MonitoringScheduleArn": self._table.arn(name),
            "MonitoringScheduleStatus": "Scheduled",
            "MonitoringType": config.get("MonitoringType", "DataQuality"),
            "MonitoringScheduleConfig": config,
            "CreationTime": now,
            "LastModifiedTime": now,
            **_endpoint(job),
        }
        record = self._table.add(name, document, request.get("Tags", []))
        self._timings[name] = _Timing(due)
        self.alerts.create(name)
        if due is None:
            self._run(record, now)
        return {"MonitoringScheduleArn": record.arn}

    def describe(self, request: Request) -> Document:
        """Describe a schedule, with its last execution."""
        document = self._table.get(request["MonitoringScheduleName"]).document
        executions = self._timings[document["MonitoringScheduleName"]].executions
        return document | ({"LastMonitoringExecutionSummary": executions[-1]} if executions else {})

    def update(self, request: Request) -> Document:
        """Replace the configuration of a schedule."""
        record = self._table.get(request["MonitoringScheduleName"])
        config = request["MonitoringScheduleConfig"]
        job = self._job(config)
        self._timings[record.document["MonitoringScheduleName"]].due = self._first_due(config)
        record.document |= {
            "MonitoringScheduleConfig": config,
            "LastModifiedTime": self._account.now(),
            **_endpoint(job),
        }
        return {"MonitoringScheduleArn": record.arn}

    def delete(self, request: Request) -> Document:
        """Forget a schedule, its executions and its alert."""
        name = self._table.remove(request["MonitoringScheduleName"]).document["MonitoringScheduleName"]
        del self._timings[name]
        self.alerts.delete(name)
        return {}

    def start(self, request: Request) -> Document:
        """Let a stopped schedule fire again, from its next hour on; what it missed stays missed."""
        document = self._table.get(request["MonitoringScheduleName"]).document
        self._timings[document["MonitoringScheduleName"]].due = self._first_due(document["MonitoringScheduleConfig"])
        return self._set_status(request, "Scheduled")

    def list_schedules(self, request: Request) -> Document:
        """List schedules, of one endpoint or kind or definition if asked for."""
        found = [
            record.document | {"MonitoringJobDefinitionName": _definition_name(record.document)}
            for record in self._table
            if request.get("EndpointName") in (None, record.document.get("EndpointName"))
            and request.get("MonitoringTypeEquals") in (None, record.document["MonitoringType"])
            and request.get("MonitoringJobDefinitionName") in (None, _definition_name(record.document))
        ]
        return _SCHEDULES.answer(found, request)

    def list_executions(self, request: Request) -> Document:
        """List executions, of one schedule or endpoint if asked for."""
        found = [
            execution
            for timing in self._timings.values()
            for execution in timing.executions
            if request.get("MonitoringScheduleName") in (None, execution["MonitoringScheduleName"])
            and request.get("EndpointName") in (None, execution.get("EndpointName"))
            and request.get("MonitoringTypeEquals") in (None, execution["MonitoringType"])
            and request.get("MonitoringJobDefinitionName") in (None, execution["MonitoringJobDefinitionName"])
            and within(
                execution["ScheduledTime"], request.get("ScheduledTimeAfter"), request.get("ScheduledTimeBefore")
            )
        ]
        return _EXECUTIONS.answer(found, request)

    def forbid_orphans(self, endpoint: str) -> None:
        """Refuse that an endpoint is deleted which still has schedules."""
        names = [
            one.document["MonitoringScheduleName"]
            for one in self._table
            if one.document.get("EndpointName") == endpoint
        ]
        if names:
            raise ValidationError(
                f"Endpoint {endpoint} cannot be deleted: it has monitoring schedules: {', '.join(names)}. "
                "Delete these first."
            )

    def next_time(self, after: datetime) -> datetime | None:
        """Return when a schedule fires next."""
        dues = [
            timing.due
            for name, timing in self._timings.items()
            if timing.due and self._table.get(name).document["MonitoringScheduleStatus"] == "Scheduled"
        ]
        return min((due for due in dues if due > after), default=None)

    def fire(self, at: datetime) -> None:
        """Run the schedules due at `at`, one after the other."""
        for record in self._table:
            name = record.document["MonitoringScheduleName"]
            timing = self._timings[name]
            if timing.due is None or timing.due > at:
                continue
            timing.due = _rhythm(record.document["MonitoringScheduleConfig"]).next_after(at)
            if record.document["MonitoringScheduleStatus"] == "Scheduled":
                self._run(record, at)

    def _run(self, record: Record, at: datetime) -> None:
        self._before_run()
        name, config = record.document["MonitoringScheduleName"], record.document["MonitoringScheduleConfig"]
        timing, job = self._timings[name], self._job(config)
        period = _DAY if timing.due is None else _rhythm(config).period
        execution: Document = {
            "MonitoringScheduleName": name,
            "ScheduledTime": at,
            "CreationTime": at,
            "LastModifiedTime": at,
            "MonitoringExecutionStatus": "InProgress",
            "MonitoringType": record.document["MonitoringType"],
            "MonitoringJobDefinitionName": _definition_name(record.document),
            **_endpoint(job),
        }
        timing.executions.append(execution)
        run = Run(name, at, *_window(config, job, at, period))
        started = partial(execution.__setitem__, "ProcessingJobArn")
        execution |= self._runner.run(job, run, record.arn, started).summary()
        self.alerts.judge(name, [one["MonitoringExecutionStatus"] for one in timing.executions])

    def _job(self, config: Document) -> MonitoringJob:
        kind = config.get("MonitoringType", "DataQuality")
        inline = config.get("MonitoringJobDefinition")
        if (inline is None) == ("MonitoringJobDefinitionName" not in config):
            raise ValidationError("One of MonitoringJobDefinition and MonitoringJobDefinitionName must be given.")
        if inline and kind != "DataQuality":
            raise ValidationError(f"Schedules of type {kind} need a MonitoringJobDefinitionName.")
        if inline:
            job = MonitoringJob.inline(inline)
        else:
            job = MonitoringJob.named(kind, self._definitions.get(kind, config["MonitoringJobDefinitionName"]))
        self._runner.source(job)
        return job

    def _first_due(self, config: Document) -> datetime | None:
        """Return the first firing; None for ``NOW``."""
        schedule = config.get("ScheduleConfig", {})
        try:
            if schedule.get("ScheduleExpression") == cron.NOW:
                for bound in ("DataAnalysisStartTime", "DataAnalysisEndTime"):
                    cron.offset(schedule[bound])
                return None
            return _rhythm(config).next_after(self._account.now())
        except cron.ScheduleError as error:
            raise ValidationError(str(error)) from error
        except KeyError as error:
            raise ValidationError(f"ScheduleExpression NOW needs {error}.") from error

    def _set_status(self, request: Request, status: str) -> Document:
        record = self._table.get(request["MonitoringScheduleName"])
        record.document |= {"MonitoringScheduleStatus": status, "LastModifiedTime": self._account.now()}
        return {}


def _rhythm(config: Document) -> cron.Rhythm:
    return cron.parse(config.get("ScheduleConfig", {}).get("ScheduleExpression", ""))


def _window(config: Document, job: MonitoringJob, at: datetime, period: timedelta) -> tuple[datetime, datetime]:
    schedule = config.get("ScheduleConfig", {})
    if schedule.get("ScheduleExpression") == cron.NOW:
        return at + cron.offset(schedule["DataAnalysisStartTime"]), at + cron.offset(schedule["DataAnalysisEndTime"])
    return job.window(at, period)


def _endpoint(job: MonitoringJob) -> Document:
    """Return the name of the endpoint that is monitored; nothing where transform jobs are."""
    return {"EndpointName": job.data["EndpointName"]} if "EndpointName" in job.data else {}


def _definition_name(document: Document) -> str:
    name: str = document["MonitoringScheduleConfig"].get("MonitoringJobDefinitionName", "")
    return name
