"""What the loop sees of the AWS account, and does in it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from functions.common.alarm_event import AlarmState
from functions.common.clients import client
from functions.common.contract import Manifest
from functions.common.pipeline_result import retraining_prefix
from functions.common.reports import FinishedRun, finished_runs, latest_run
from functions.retrain.compose import compose
from functions.retrain.decision import Verdict
from functions.retrain.evidence import write_evidence
from functions.retrain.findings import Findings, Telling, veto
from functions.retrain.incidents import OPEN, Incident
from functions.retrain.settings import RetrainSettings
from functions.retrain.trigger import Raised

BACKOFF_SECONDS: Final = 0.05
MAX_RUNS: Final = 400
"""Runs whose labels are counted at most, the latest first."""
MAX_RINGING: Final = 100
"""Runs without violations at most that an alarm rings through."""


@dataclass(frozen=True, slots=True)
class Account:
    """The AWS account that the function runs in."""

    settings: RetrainSettings

    def findings(self, raised: Raised, others: Iterable[Incident], at: datetime) -> Findings:
        """Return what the monitors had found at a moment, by their latest runs."""
        others = list(others)
        ringing = {raised.source, *(one.source for one in others if one.status == OPEN)}
        telling = self._told(
            {name: self._telling(name, at, is_ringing=name in ringing) for name in self.settings.alarms}
        )
        behind = self._latest(raised.schedule, at) if raised.schedule else None
        window_end = behind.manifest.window.end if behind else None
        why = veto(raised, others, telling, self._beside(raised, telling), self.settings.alarms)
        return Findings(why, self._labels(at), window_end)

    def raised(self) -> list[Raised]:
        """Return the violation alarms that are in ALARM."""
        pages = client("cloudwatch").get_paginator("describe_alarms")
        names = list(self.settings.alarms)
        return [
            _raised(alarm, self.settings.alarms[alarm["AlarmName"]].schedule)
            for page in pages.paginate(AlarmNames=names, AlarmTypes=["MetricAlarm"])
            for alarm in page["MetricAlarms"]
            if alarm["StateValue"] == AlarmState.ALARM
        ]

    def evidence_uri(self, incident_id: str, verdict: Verdict) -> str:
        """Return where the evidence of a decision lies."""
        return (
            f"{retraining_prefix(self.settings.bucket, self.settings.endpoint)}{incident_id}/decisions/{verdict}.json"
        )

    def keep_evidence(self, incident: Incident) -> None:
        """Write the evidence of a decided incident."""
        write_evidence(incident, self._behind(incident))

    def tell(self, incident: Incident) -> None:
        """Send one message about a decision."""
        run = self._behind(incident)
        compose(incident, run.manifest if run else None).send(self.settings.topic_arn)

    def wait(self, attempt: int) -> None:
        """Let others go first: for a random time, which grows with the attempts."""
        time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - spreads the claimants

    def _behind(self, incident: Incident) -> FinishedRun | None:
        """Return the run that an incident rests on: the latest that was over when it was decided."""
        if not incident.schedule or incident.decided_at is None:
            return None
        return self._latest(incident.schedule, incident.decided_at)

    def _told(self, runs: Mapping[str, FinishedRun | None]) -> Telling:
        """Return runs by their schedules, of runs by the names of alarms."""
        watched = self.settings.alarms
        return {watched[name].schedule: (watched[name], run.manifest) for name, run in runs.items() if run}

    def _beside(self, raised: Raised, telling: Telling) -> Telling:
        """Return what every monitor found by the end of the last window that is wrong.

        Answers to broken data are bad ones, and are judged later, when the data are mended and the labels are there.
        """
        if raised.schedule not in telling:
            return {}
        _, run = telling[raised.schedule]
        alarms = self.settings.alarms
        return self._told({name: self._latest(alarms[name].schedule, run.window.end) for name in alarms})

    def _telling(self, alarm: str, at: datetime, *, is_ringing: bool) -> FinishedRun | None:
        """Return the run that tells what is wrong: the latest; while the alarm rings, the latest with violations.

        An alarm of several windows rings on for some time after its cause is mended.
        """
        schedule = self.settings.alarms[alarm].schedule
        runs = finished_runs(self.settings.bucket, self.settings.endpoint, schedule, at)
        latest = next(runs, None)
        if latest is None or not is_ringing or latest.manifest.violations:
            return latest
        return next((run for run in islice(runs, MAX_RINGING) if run.manifest.violations), latest)

    def _latest(self, schedule: str, at: datetime) -> FinishedRun | None:
        return latest_run(self.settings.bucket, self.settings.endpoint, schedule, at)

    def _labels(self, at: datetime) -> int | None:
        """Count the labelled rows of the time that training looks back to; enough is enough."""
        needed, schedule = self.settings.min_labels, self.settings.labelled_schedule
        if needed is None or not schedule:
            return None
        count, oldest = 0, at - timedelta(seconds=self.settings.max_age_seconds)
        for manifest in self._manifests(schedule, at):
            if manifest.window.end <= oldest or count >= needed:
                break
            count += manifest.rows or 0
        return count

    def _manifests(self, schedule: str, at: datetime) -> Iterator[Manifest]:
        runs = finished_runs(self.settings.bucket, self.settings.endpoint, schedule, at)
        for run, _ in zip(runs, range(MAX_RUNS), strict=False):
            yield run.manifest


def _raised(alarm: Mapping[str, Any], schedule: str) -> Raised:
    """Return what an alarm in ALARM asks for; the incident has the name that the alarm's event gives it."""
    since = alarm.get("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"]).astimezone(UTC)
    spelled = f"{since:%Y-%m-%dT%H:%M:%S}.{since.microsecond // 1000:03d}+0000"
    return Raised(f"{alarm['AlarmName']}@{spelled}", alarm["AlarmName"], since, alarm.get("StateReason", ""), schedule)
