"""Pages to look at: a timeline of every monitor, and the report of every run with violations."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Literal

from examples.flights.index import TITLE, fault_events, render_index
from examples.flights.loop import verdict
from examples.flights.outcome import AlarmChange, Outcome, Run
from infra.config import EndpointConfig
from monitoring_core.report.timeline import TimelineEvent, render_timeline
from monitoring_core.report.words import count


def write_pages(outcome: Outcome, config: EndpointConfig, folder: Path) -> Path:
    """Write the pages of all monitors below `folder`; return the path of the page that links to them."""
    shutil.rmtree(folder, ignore_errors=True)
    entries = []
    for monitor in config.monitors:
        runs = outcome.runs(monitor.name)
        if runs:
            _write_monitor(outcome, config.name, monitor.name, runs, folder / monitor.name)
            entries.append(_entry(monitor.name, runs))
    index = folder / "index.html"
    index.write_text(render_index(outcome, config.name, entries))
    return index


def _entry(monitor: str, runs: Sequence[Run]) -> str:
    violated = sum(run.violated for run in runs)
    judged = count(sum(run.evaluation is not None for run in runs), "run")
    return f'<li><a href="{monitor}/timeline.html">{escape(monitor)}</a>: {judged}, {violated} with violations</li>'


def _write_monitor(outcome: Outcome, endpoint: str, monitor: str, runs: Sequence[Run], folder: Path) -> None:
    (folder / "runs").mkdir(parents=True)
    for run in runs:
        if run.violated:
            (folder / run.timeline.href).write_bytes(outcome.report(run))
    end = runs[-1].manifest.window.end + timedelta(days=8)
    events = [event for event in (*fault_events(), *_events(outcome, endpoint, monitor)) if event.time <= end]
    page = render_timeline(endpoint, monitor, [run.timeline for run in runs], events, title=TITLE)
    (folder / "timeline.html").write_text(page)


def _events(outcome: Outcome, endpoint: str, monitor: str) -> Iterator[TimelineEvent]:
    own = f"{endpoint}-{monitor}-"
    yield from (_alarm_event(change) for change in outcome.alarm_changes() if change.alarm.startswith(own))
    for retraining in outcome.retrainings():
        incident = retraining.incident
        if retraining.status and incident.decided_at and incident.incident_id.startswith(own):
            text = verdict(retraining.evaluation) if retraining.evaluation else retraining.reason
            yield TimelineEvent(incident.decided_at, "retraining", f"Retraining: {retraining.status}", text)
    for message in outcome.messages():
        if f" {endpoint} {monitor}:" in f" {message['subject']}":
            yield TimelineEvent(datetime.fromisoformat(message["time"]), "message", message["subject"], "")


def _alarm_event(change: AlarmChange) -> TimelineEvent:
    kind: Literal["alarm", "ok"] = "alarm" if change.state == "ALARM" else "ok"
    return TimelineEvent(change.time, kind, f"{change.alarm}: {change.state}", change.reason)
