"""The end of the demo: what happened in words. Every figure comes from the account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.markup import escape

from examples.flights import findings
from examples.flights.outcome import Outcome, Retraining, Run
from monitoring_core.report.words import count

MAX_DAYS = 240


def tell(outcome: Outcome) -> Iterator[str]:
    """Tell what happened, line by line, with rich markup."""
    yield ""
    yield from findings.tell_data_quality(_judged(outcome, "data-quality"))
    yield ""
    yield from findings.tell_model_quality(_judged(outcome, "model-quality"))
    yield ""
    yield from findings.tell_model_bias(_judged(outcome, "model-bias"), outcome)
    yield ""
    yield from findings.tell_model_explainability(_judged(outcome, "model-explainability"))
    retrainings = outcome.retrainings()
    yield ""
    executions = count(outcome.executions(), "execution")
    yield f"[bold]{count(len(retrainings), 'incident')}, {executions} of the retraining pipeline[/]"
    for retraining in retrainings:
        yield from _tell_retraining(retraining)
    packages = ", ".join(_package(package) for package in outcome.model_packages())
    yield f"  model registry: {packages}"
    yield from _tell_messages(outcome.messages())


def _judged(outcome: Outcome, monitor: str) -> list[Run]:
    """Return the runs that have a verdict: not those over windows before the first request."""
    return [run for run in outcome.runs(monitor) if run.evaluation is not None]


def _tell_messages(messages: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"[bold]{count(len(messages), 'message')} to the team[/]"
    for message in messages:
        yield f"  {datetime.fromisoformat(message['time']):%d %b %H:%M}  {escape(message['subject'] or '')}"
    ended = [m for m in messages if "retraining ended" in (m["subject"] or "")]
    for about, found in (
        ("the first alarm", next((m for m in messages if " worst " in (m["subject"] or "")), None)),
        ("the end of the last retraining", ended[-1] if ended else None),
    ):
        if found is not None:
            yield f"  {about}, in full:"
            yield from (f"    {escape(line)}" for line in found["message"].splitlines())


def _package(package: dict[str, Any]) -> str:
    name = package["ModelPackageArn"].rpartition("model-package/")[2]
    return f"{name} {package['ModelApprovalStatus']}"


def _tell_retraining(retraining: Retraining) -> Iterator[str]:
    incident = retraining.incident
    alarm, _, opened = incident["incident_id"].partition("@")
    yield f"  {datetime.fromisoformat(opened):%d %b}  {alarm}: {incident['decision']}"
    if not retraining.status:
        yield f"    {escape(incident['reason'])}"
        return
    yield f"    pipeline {retraining.status}: {', '.join(retraining.steps)}"
    if retraining.evaluation is not None:
        yield f"    {_comparison(retraining.evaluation)}"
        yield f"    {verdict(retraining.evaluation)}"
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


def verdict(evaluation: dict[str, Any]) -> str:
    """Return what was decided about the new model, and why."""
    decision = evaluation["decision"]
    return f"{'registered' if decision['better'] else 'rejected'}: {decision['reason']}"
