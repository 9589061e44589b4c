"""What each monitor found, in a few lines; every figure comes from the runs in the account."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean

from rich.markup import escape

from examples.flights.outcome import Outcome, Run
from examples.flights.replay import LIVE_START
from examples.flights.served import Service, serving
from functions.common.contract import WorstFeature
from monitoring_core.checks.evaluation import Check
from monitoring_core.monitors.weakest import weakest
from monitoring_core.report.words import count

WEEK = timedelta(days=7)
SEGMENTS = ("origin=EWR", "origin=JFK", "origin=LGA")


def tell_data_quality(runs: Sequence[Run]) -> Iterator[str]:
    """Tell each spell of days with violations in a line."""
    flights = sum(run.manifest.rows or 0 for run in runs)
    yield _heading("data-quality", f"{count(len(runs), 'daily run')} on {flights:,} flights", runs)
    for violated, spell in groupby(runs, lambda run: run.violated):
        days = list(spell)
        if violated:
            worst = "; ".join(map(_largest, _by_name(finding for day in days for finding in day.manifest.worst)))
            yield f"  {_span(days)}  {escape(worst)}"


def tell_model_quality(runs: Sequence[Run], served: Sequence[Service]) -> Iterator[str]:
    """Tell how good the model was week by week, and where it is weakest."""
    counts = [run.manifest.labels for run in runs if run.manifest.labels]
    events, matched = sum(c.events for c in counts), sum(c.matched for c in counts)
    coverage = f" ({matched:,} of {events:,} calls have theirs)" if counts else ""  # Model Monitor does not count them
    done = f"{count(len(runs), 'daily run')} on labels of the next morning{coverage}"
    yield _heading("model-quality", done, runs)
    for start, days in groupby(runs, lambda run: LIVE_START + (run.start - LIVE_START) // WEEK * WEEK):
        yield _week_of_quality(start, list(days), served)
    yield from _tell_weakest(runs)


def _week_of_quality(start: datetime, days: Sequence[Run], served: Sequence[Service]) -> str:
    auc, recall = (_values(days, metric) for metric in ("auc", "recall"))
    violated = sum(day.violated for day in days)
    return (
        f"  week of {start:%d %b}  AUC {fmean(auc):.3f} (worst day {min(auc):.3f})  "
        f"late flights announced {fmean(recall):4.0%}  {violated} of {len(days)} days violated  "
        f"{serving(served, days)}"
    )


def _tell_weakest(runs: Sequence[Run]) -> Iterator[str]:
    """Tell which airport the model serves worst, on average and on one day."""
    mean = {segment: fmean(values) for segment in SEGMENTS if (values := _values(runs, "auc", segment=segment))}
    ranks = [(rank, run) for run in runs if run.evaluation for rank in weakest(run.evaluation, limit=1)]
    if not mean or not ranks:
        return
    listed = ", ".join(f"{segment} {auc:.3f}" for segment, auc in sorted(mean.items(), key=lambda item: item[1]))
    yield f"  weakest segment: {min(mean, key=mean.__getitem__)}; AUC, mean of the days: {listed}"
    finite = [(rank, run) for rank, run in ranks if _value(rank.worst) > 0]
    rank, run = max(finite or ranks, key=lambda found: found[0].excess)
    yield (
        f"  farthest below its limit: {rank.segment} on {run.start:%d %b}, {rank.worst.constraint.metric} "
        f"{_value(rank.worst):.3f} (limit {rank.worst.constraint.bound.lower or 0:.3f}, n = {rank.n})"
    )


def tell_model_bias(runs: Sequence[Run], outcome: Outcome) -> Iterator[str]:
    """Tell each metric at the baseline and in the weeks since."""
    group = next((run.manifest.worst[0].feature for run in runs if run.violated), "")
    facet = f", {group} against the others" if group else ""
    yield _heading("model-bias", f"{count(len(runs), 'weekly run')}{facet}", runs)
    if not runs:
        return
    baseline = outcome.baseline_bias(runs[-1])
    for metric, value in baseline.items():
        found = [(check, run) for run in runs for check in _checks(run, metric)]
        values = [_value(check) for check, _ in found if check.measurement]
        broken = [f"{_value(c):.3f} in the week of {run.start:%d %b}" for c, run in found if c in _violations(run)]
        verdict = f"violated: {', '.join(broken)}" if broken else "no violation"
        yield f"  {metric:<5} baseline {value:7.3f}  weeks {min(values):7.3f} to {max(values):7.3f}  {verdict}"


def tell_model_explainability(runs: Sequence[Run]) -> Iterator[str]:
    """Tell how much the order of the features moved."""
    yield _heading("model-explainability", count(len(runs), "weekly run"), runs)
    checks = [(check, run) for run in runs for check in _checks(run, "ndcg") if check.measurement]
    if not checks:
        return
    lowest, run = min(checks, key=lambda found: _value(found[0]))
    highest = max(_value(check) for check, _ in checks)
    yield (
        f"  NDCG {_value(lowest):.3f} to {highest:.3f} (limit {lowest.constraint.bound.lower or 0:.3f}); "
        f"lowest in the week of {run.start:%d %b}, on {lowest.measurement.n if lowest.measurement else 0:,} flights"
    )
    yield f"  ranks then, baseline -> week: {', '.join(_moves(run)) or 'as at the baseline'}"


def _moves(run: Run) -> Iterator[str]:
    """Yield the features that changed their rank, the most important first; a move upwards is positive."""
    measured = run.evaluation.measurements if run.evaluation else ()
    attributions = [m for m in measured if m.metric == "attribution" and not m.subject.segment]
    ranked = sorted(attributions, key=lambda m: -m.value)
    for rank, attribution in enumerate(ranked, 1):
        move = run.measured("rank_move", attribution.subject.column)
        if move is not None and move.value:
            yield f"{attribution.subject.column} {rank + move.value:.0f} -> {rank}"


def _heading(monitor: str, done: str, runs: Sequence[Run]) -> str:
    violated = sum(run.violated for run in runs)
    return f"[bold]{monitor}[/]: {escape(done)}, {violated} with violations"


def _span(days: Sequence[Run]) -> str:
    first, last = (f"{day.start:%d %b}" for day in (days[0], days[-1]))
    return f"{first:<15}" if first == last else f"{first} - {last}"


def _by_name(findings: Iterator[WorstFeature]) -> list[WorstFeature]:
    """Return the largest finding of each name, in the order of their first appearance."""
    largest: dict[str, WorstFeature] = {}
    for finding in findings:
        held = largest.get(finding.name)
        if held is None or (finding.value or 0) > (held.value or 0):
            largest[finding.name] = finding
    return list(largest.values())


def _largest(worst: WorstFeature) -> str:
    """Write a finding briefly.

    Examples
    --------
    >>> _largest(WorstFeature(feature="temp", check="baseline_drift_check", value=0.9131, limit=0.9, description=""))
    'temp 0.913 (limit 0.900)'
    """
    if worst.value is None or worst.limit is None:
        return f"{worst.name}: {worst.description}"
    return f"{worst.name} {worst.value:.3f} (limit {worst.limit:.3f})"


def _values(runs: Sequence[Run], metric: str, *, segment: str = "") -> list[float]:
    found = (run.measured(metric, segment=segment) for run in runs)
    return [m.value for m in found if m is not None and not math.isnan(m.value)]


def _value(check: Check) -> float:
    return check.measurement.value if check.measurement else float("nan")


def _checks(run: Run, metric: str) -> list[Check]:
    return [check for check in run.evaluation.checks if check.constraint.metric == metric] if run.evaluation else []


def _violations(run: Run) -> tuple[Check, ...]:
    return run.evaluation.violations if run.evaluation else ()
