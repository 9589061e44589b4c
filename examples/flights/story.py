"""The end of the demo: pages to look at, and what happened in words. Every figure comes from the account."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.markup import escape

from examples.flights.outcome import AlarmChange, Outcome, Retraining
from examples.flights.replay import FAULT_DAYS, FAULT_START
from infra.config import EndpointConfig
from monitoring_core.report.timeline import TimelineEvent, render_timeline
from monitoring_core.report.words import count

MAX_DAYS = 240


def write_pages(outcome: Outcome, config: EndpointConfig, folder: Path) -> Path:
    """Write the timeline, and the page of every run with violations, below `folder`; return the timeline's path."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "runs").mkdir(parents=True)
    runs = outcome.runs()
    for run in runs:
        if run.violated:
            (folder / run.timeline.href).write_bytes(outcome.report(run))
    page = folder / "timeline.html"
    events = [*_fault_events(), *_events(outcome)]
    text = render_timeline(
        config.endpoint.name,
        config.monitors[0].name,
        [run.timeline for run in runs],
        [event for event in events if event.time <= runs[-1].timeline.window.end + timedelta(days=1)],
        title="Flights out of New York, 2013",
    )
    page.write_text(text)
    return page


def tell(outcome: Outcome) -> Iterator[str]:
    """Tell what happened, line by line, with rich markup."""
    runs = outcome.runs()
    rows = sum(run.manifest["rows"] or 0 for run in runs)
    violated = sum(run.violated for run in runs)
    yield ""
    yield f"[bold]{count(len(runs), 'daily run')}, {rows:,} rows analysed, {violated} with violations[/]"
    for run in runs:
        if run.violated:
            worst = "; ".join(map(_violation, run.manifest["worst"]))
            yield f"  {run.timeline.window.start:%d %b}  {escape(worst)}"
    retrainings = outcome.retrainings()
    yield ""
    executions = count(outcome.executions(), "execution")
    yield f"[bold]{count(len(retrainings), 'incident')}, {executions} of the retraining pipeline[/]"
    for retraining in retrainings:
        yield from _tell_retraining(retraining)
    packages = ", ".join(_package(package) for package in outcome.model_packages())
    yield f"  model registry: {packages}"
    yield from _tell_messages(outcome.messages())


def _tell_messages(messages: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"[bold]{count(len(messages), 'message')} to the team[/]"
    for message in messages:
        yield f"  {datetime.fromisoformat(message['time']):%d %b %H:%M}  {escape(message['subject'] or '')}"
    ended = [m for m in messages if "retraining ended" in (m["subject"] or "")]
    for about, found in (
        ("one of the alarms", next((m for m in messages if "violates" in (m["subject"] or "")), None)),
        ("the end of the last retraining", ended[-1] if ended else None),
    ):
        if found is not None:
            yield f"  {about}, in full:"
            yield from (f"    {escape(line)}" for line in found["message"].splitlines())


def _violation(worst: dict[str, Any]) -> str:
    """Write one entry of a manifest's `worst` briefly.

    Examples
    --------
    >>> _violation({"feature": "temp", "value": 0.9131, "limit": 0.9046, "description": "..."})
    'temp 0.913 (limit 0.905)'
    """
    if worst["value"] is None or worst["limit"] is None:
        return f"{worst['feature']}: {worst['description']}"
    return f"{worst['feature']} {worst['value']:.3f} (limit {worst['limit']:.3f})"


def _package(package: dict[str, Any]) -> str:
    name = package["ModelPackageArn"].rpartition("model-package/")[2]
    return f"{name} {package['ModelApprovalStatus']}"


def _tell_retraining(retraining: Retraining) -> Iterator[str]:
    incident = retraining.incident
    yield f"  {incident['incident_id']}: {incident['decision']}, {incident['status']}"
    if not retraining.status:
        yield f"    {escape(incident['reason'])}"
        return
    yield f"    pipeline {retraining.status}: {', '.join(retraining.steps)}"
    if retraining.evaluation is not None:
        yield f"    {_comparison(retraining.evaluation)}"
        yield f"    {_verdict(retraining.evaluation)}"
    if retraining.reason:
        yield f"    {escape(retraining.reason)}"


def _comparison(evaluation: dict[str, Any]) -> str:
    gain = evaluation["improvement"]
    return (
        f"on {evaluation['rows']:,} flights from {evaluation['start'][:10]} to {evaluation['end'][:10]}: "
        f"AUC {evaluation['champion']['auc']:.3f} -> {evaluation['challenger']['auc']:.3f}, "
        f"a gain of {gain['value']:+.4f} "
        f"({gain['confidence']:.0%} interval {gain['lower']:+.4f} to {gain['upper']:+.4f})"
    )


def _verdict(evaluation: dict[str, Any]) -> str:
    decision = evaluation["decision"]
    return f"{'registered' if decision['better'] else 'rejected'}: {decision['reason']}"


def _events(outcome: Outcome) -> Iterator[TimelineEvent]:
    yield from map(_alarm_event, outcome.alarm_changes())
    for retraining in outcome.retrainings():
        incident = retraining.incident
        if retraining.status:
            text = _verdict(retraining.evaluation) if retraining.evaluation else retraining.reason
            opened = datetime.fromisoformat(incident["opened_at"])
            yield TimelineEvent(opened, "retraining", f"Retraining: {retraining.status}", text)
    for message in outcome.messages():
        time = datetime.fromisoformat(message["time"])
        yield TimelineEvent(time, "message", message["subject"] or "", "")


def _alarm_event(change: AlarmChange) -> TimelineEvent:
    kind = "alarm" if change.state == "ALARM" else "ok"
    return TimelineEvent(change.time, kind, f"{change.alarm}: {change.state}", change.reason)  # type: ignore[arg-type]


def _fault_events() -> Iterator[TimelineEvent]:
    """Name what was done to the traffic on purpose: the only events that do not come from the account."""
    yield TimelineEvent(FAULT_START, "fault", "Injected: distances in kilometres", "")
    yield TimelineEvent(FAULT_START + timedelta(days=FAULT_DAYS), "fault", "Distances in miles again", "")
