"""The page about many runs: the verdict of each window, drift over time, and what happened."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self, TypeAlias

from monitoring_core.checks.drift import evaluated_drifts, excess
from monitoring_core.checks.evaluation import Check, Evaluation, Outcome
from monitoring_core.errors import NoDataError
from monitoring_core.report.page import render
from monitoring_core.report.timeline_view import draw_timeline
from monitoring_core.report.words import count, times, window_text, worst_first
from monitoring_core.window import Window

EventKind: TypeAlias = Literal["alarm", "ok", "retraining", "message", "fault"]
MAX_LISTED = 200
"""Violated windows in the table; the newest."""
_AT_THE_LIMIT = math.nextafter(1.0, 0.0)


@dataclass(frozen=True, slots=True)
class TimelineRun:
    """One run on the timeline.

    Attributes
    ----------
    status : str
        ``Completed``, ``CompletedWithViolations``, ``NoData`` or ``Failed``.
    drift : mapping of str to float
        Drift of each feature, segment or metric divided by its limit; above 1 is a violation.
    worst : str
        The worst violation in words.
    href : str
        Where its own page is, relative to this one.
    """

    window: Window
    status: str
    rows: int = 0
    violations: int = 0
    drift: Mapping[str, float] = field(default_factory=dict)
    worst: str = ""
    href: str = ""

    @classmethod
    def of(cls, window: Window, evaluation: Evaluation, *, href: str = "") -> Self:
        """Summarise an evaluation."""
        violations = evaluation.violations
        status = "CompletedWithViolations" if violations else "Completed" if evaluation.n else "NoData"
        drift: dict[str, float] = {}
        for check in evaluated_drifts(evaluation):
            drift[_row(check)] = max(_beyond_chance(check), drift.get(_row(check), 0.0))
        worst = worst_first(evaluation)
        sentence = f"{worst[0].constraint.subject.column}: {worst[0].reason}".removeprefix(": ") if worst else ""
        return cls(window, status, evaluation.n, len(violations), drift, sentence, href)

    @property
    def violated(self) -> bool:
        """Whether anything is violated."""
        return self.status == "CompletedWithViolations"

    @property
    def drift_excess(self) -> float | None:
        """Largest drift in relation to its limit; None where none was measured."""
        return max((value for value in self.drift.values() if not math.isnan(value)), default=None)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened: an alarm, its end, a retraining, a message, a fault that was injected."""

    time: datetime
    kind: EventKind
    title: str
    text: str = ""


def render_timeline(
    endpoint: str, monitor: str, runs: Sequence[TimelineRun], events: Sequence[TimelineEvent] = (), *, title: str = ""
) -> str:
    """Self-contained HTML page of many runs of one monitor.

    Raises
    ------
    NoDataError
        If there is no run.
    """
    if not runs:
        raise NoDataError("there is no run to draw; run the monitor over at least one window first")
    runs = sorted(runs, key=lambda run: run.window)
    events = sorted(events, key=lambda event: event.time)
    violated = [run for run in runs if run.violated]
    return render(
        "timeline.html.j2",
        endpoint=endpoint,
        monitor=monitor,
        title=title,
        span=Window(runs[0].window.start, runs[-1].window.end),
        runs=runs,
        events=events,
        violated=violated[::-1][:MAX_LISTED],
        headline=_headline(runs, len(violated)),
        lead=_lead(runs, events),
        latest=_outcome(runs[-1]),
        statuses=Counter(run.status for run in runs),
        kinds=Counter(event.kind for event in events),
        picture=draw_timeline(runs, [event.time for event in events], [event.kind for event in events]),
        safe_href=_safe_href,
    )


def _beyond_chance(check: Check) -> float:
    """Return how far a number is from its limit: what chance explains is near it, not beyond."""
    size = excess(check)
    return size if check.outcome is Outcome.VIOLATED else min(size, _AT_THE_LIMIT)


def _row(check: Check) -> str:
    """Return the row of a check on the page: a segment, a feature, or a metric of all rows."""
    subject = check.constraint.subject
    return subject.segment or subject.column or check.constraint.metric


def _outcome(run: TimelineRun) -> str:
    if run.violated or run.status == "Failed":
        return "violated"
    return "passed" if run.status == "Completed" else "not-evaluated"


def _headline(runs: Sequence[TimelineRun], n_violated: int) -> str:
    now = {"violated": "Violated now", "passed": "Healthy now", "not-evaluated": "Unknown now"}[_outcome(runs[-1])]
    return f"{now}; {n_violated:,} of {count(len(runs), 'window')} violated"


def _lead(runs: Sequence[TimelineRun], events: Sequence[TimelineEvent]) -> str:
    measured = [(value, name, run) for run in runs for name, value in run.drift.items() if value > 1]
    sentences = []
    if measured:
        value, name, run = max(measured, key=lambda found: found[0])
        far = f"{times(value)} its limit" if math.isfinite(value) else "beyond any multiple of its limit"
        sentences.append(f"Farthest was {name}, {far} on {window_text(run.window)}.")
    kinds = Counter(event.kind for event in events)
    if kinds["alarm"]:
        sentences.append(f"{count(kinds['alarm'], 'alarm')}, {count(kinds['retraining'], 'retraining')} started.")
    return " ".join(sentences) or "No drift went beyond its limit."


def _safe_href(href: str) -> str:
    """Link to a page beside this one; nothing that has a scheme."""
    return "" if ":" in href or href.startswith("/") else href
