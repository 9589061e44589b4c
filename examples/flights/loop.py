"""What followed from the alarms: incidents, retrainings, and the models that came into service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from examples.flights.outcome import Outcome, Retraining
from examples.flights.served import Record, records, steps
from functions.retrain.incidents import Incident
from monitoring_core.report.words import count, moment


def tell_incidents(outcome: Outcome) -> Iterator[str]:
    """Tell what was decided about each alarm, and what came of it."""
    retrainings = outcome.retrainings()
    executions = count(outcome.executions(), "execution")
    yield f"[bold]{count(len(retrainings), 'incident')}, {executions} of the retraining pipeline[/]"
    for retraining in retrainings:
        yield from _tell_retraining(retraining)


def _tell_retraining(retraining: Retraining) -> Iterator[str]:
    incident = retraining.incident
    yield f"  {incident.opened_at:%d %b}  {incident.source}: {history(incident)}"
    if not retraining.status:
        yield f"    {escape(incident.reason)}"
        return
    yield f"    pipeline {retraining.status}: {', '.join(retraining.steps)}"
    if retraining.evaluation is not None:
        yield f"    {comparison(retraining.evaluation)}"
        yield f"    {verdict(retraining.evaluation)}"
    if retraining.reason:
        yield f"    {escape(retraining.reason)}"
    if incident.promotion:
        yield f"    {escape(incident.promotion)}"


def history(incident: Incident) -> str:
    """Return what people were told about an incident, in order."""
    told = sorted(incident.told, key=lambda one: (one.is_final, one.needs_a_person))
    return ", then ".join(told)


def comparison(evaluation: dict[str, Any]) -> str:
    """Return how champion and challenger did on the same flights."""
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


def tell_service(outcome: Outcome) -> Iterator[str]:
    """Tell which models served, how they came into service, and what the monitors found meanwhile."""
    found = list(records(outcome))
    yield f"[bold]{count(len(found), 'model')} in service, one after the other[/]"
    for record in found:
        yield f"  {record.service.model}"
        yield from (f"    {time:%d %b %H:%M}  {escape(text)}" for time, text in steps(outcome, record.service))
        yield f"    {in_service(record)}"
    champion = outcome.champion()
    yield f"  champion in SSM: {champion.identity} since {moment(champion.since)}"


def in_service(record: Record) -> str:
    """Return how a model did."""
    if record.auc is None or record.recall is None:
        return f"whole days in service: {record.judged}; no labels yet"
    return (
        f"whole days in service: {record.judged}; violated: data on {record.violated} of {record.judged}, quality "
        f"on {record.missed} of {record.labelled}; AUC {record.auc:.3f}, late flights announced {record.recall:.0%}"
    )
