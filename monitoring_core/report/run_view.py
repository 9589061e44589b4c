"""RunReport: everything the page and the message about one run show, put in order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from monitoring_core.checks.drift import DRIFT_CHECK, excess
from monitoring_core.checks.evaluation import Check, Evaluation, Measurement, Outcome
from monitoring_core.monitors.weakest import SegmentRank, weakest
from monitoring_core.report.distribution import Comparison, Feature, compare
from monitoring_core.report.words import (
    check_title,
    limit_text,
    measured_text,
    metric_title,
    number,
    problem_title,
    subject_text,
    worst_first,
)
from monitoring_core.window import Window

MAX_CARDS: Final = 60
"""Features that are drawn; the worst first."""
MAX_LISTED: Final = 800
"""Rows of each table, so that a page stays below a megabyte; the worst first."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run, as its page shows it.

    Attributes
    ----------
    statistics, baseline_statistics : mapping or None
        The two ``statistics.json``; None where there is none, and then nothing is drawn of that side.
    quarantine : mapping of str to int
        Records that could not be read, by reason.
    since : datetime or None
        Start of the first of the violated windows in a row, where the caller knows earlier runs.
    """

    endpoint: str
    monitor: str
    evaluation: Evaluation
    window: Window | None = None
    statistics: Mapping[str, Any] | None = None
    baseline_statistics: Mapping[str, Any] | None = None
    run_id: str = ""
    title: str = ""
    baseline_id: str = ""
    baseline_created_at: datetime | None = None
    quarantine: Mapping[str, int] = field(default_factory=dict)
    engine: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeatureView:
    """One feature: its checks, its numbers and its picture."""

    name: str
    checks: tuple[Check, ...]
    baseline: Feature | None
    current: Feature | None

    @property
    def violations(self) -> tuple[Check, ...]:
        """Violated checks of the feature."""
        return tuple(check for check in self.checks if check.outcome is Outcome.VIOLATED)

    @property
    def drift(self) -> Check | None:
        """The drift check, if there is one."""
        return next((check for check in self.checks if check.constraint.check_type == DRIFT_CHECK), None)

    @property
    def drift_excess(self) -> float:
        """Drift divided by its limit; ``nan`` where it is unknown."""
        return math.nan if self.drift is None else excess(self.drift)

    @property
    def picture(self) -> Comparison | None:
        """Baseline and current on common bins."""
        return compare(self.baseline, self.current)

    @property
    def outcome(self) -> str:
        """Verdict over all checks of the feature."""
        return str(Evaluation("", 0, self.checks).outcome)

    @property
    def inferred_type(self) -> str:
        """Type of the current values, or of the baseline's where there are none."""
        return str((self.current or self.baseline or {}).get("inferred_type", "Unknown"))

    @property
    def completeness(self) -> tuple[float | None, float | None]:
        """Share of present values, in baseline and run."""
        return _completeness(self.baseline), _completeness(self.current)

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        """Name, baseline and current value of the numbers worth reading beside the picture."""
        sides = [_statistics(self.baseline), _statistics(self.current)]
        names = (("mean", "mean"), ("standard deviation", "std_dev"), ("minimum", "min"), ("maximum", "max"))
        rows = [
            (label, *(number(side.get(key)) for side in sides)) for label, key in names if any(key in s for s in sides)
        ]
        if any("distinct_count" in side for side in sides):
            rows.append(("distinct values", *(number(side.get("distinct_count")) for side in sides)))
        return [(label, before, after) for label, before, after in rows]


def features_worst_first(report: RunReport) -> list[FeatureView]:
    """All features of the run or its baseline: violated ones first, then by how near to its limit each drift is.

    None for a kind of monitor whose statistics are not by feature; `number_rows` shows those.
    """
    sides = [_by_name(report.baseline_statistics), _by_name(report.statistics)]
    if not any(sides):
        return []
    checks: dict[str, list[Check]] = {}
    for check in report.evaluation.checks:
        if check.constraint.subject.column and not check.constraint.subject.segment:
            checks.setdefault(check.constraint.subject.column, []).append(check)
    names = dict.fromkeys([*sides[0], *sides[1], *checks])
    views = [FeatureView(n, tuple(checks.get(n, ())), sides[0].get(n), sides[1].get(n)) for n in names]

    def key(view: FeatureView) -> tuple[bool, float]:
        worst = max(
            (excess(check) for check in view.violations if not math.isnan(excess(check))), default=view.drift_excess
        )
        return not view.violations, math.inf if math.isnan(worst) else -worst

    return sorted(views, key=key)


@dataclass(frozen=True, slots=True)
class ViolationRow:
    """One violation in words."""

    feature: str
    title: str
    measured: str
    limit: str
    n: str
    sentence: str


def violation_rows(evaluation: Evaluation) -> list[ViolationRow]:
    """Return the violations in words, worst first."""
    return [
        ViolationRow(
            feature=subject_text(check.constraint.subject),
            title=problem_title(check),
            measured=measured_text(check),
            limit=limit_text(check),
            n=number(None if check.measurement is None else check.measurement.n),
            sentence=check.reason,
        )
        for check in worst_first(evaluation)
    ]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One slice of the rows in words: its worst number."""

    segment: str
    metric: str
    measured: str
    limit: str
    n: str
    outcome: str


def segment_rows(evaluation: Evaluation, *, limit: int = 10) -> list[SegmentRow]:
    """Return the weakest slices in words, the weakest first."""
    return [_segment_row(rank) for rank in weakest(evaluation, limit=limit)]


def _segment_row(rank: SegmentRank) -> SegmentRow:
    check, subject = rank.worst, rank.worst.constraint.subject
    metric = metric_title(check.constraint.metric)
    by_chance = check.outcome is Outcome.PASSED and rank.excess > 1
    return SegmentRow(
        segment=rank.segment,
        metric=f"{subject.column} {metric}".strip(),
        measured=measured_text(check),
        limit=limit_text(check),
        n=number(rank.n),
        outcome="passed: may be chance" if by_chance else str(check.outcome),
    )


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One measured number in words; `outcome` is empty where nothing is asked of it."""

    subject: str
    metric: str
    value: str
    interval: str
    limit: str
    n: str
    outcome: str


def number_rows(evaluation: Evaluation) -> list[NumberRow]:
    """Return every measurement in words: those that are checked first, the others as they were measured."""
    checks = {(c.constraint.metric, c.constraint.subject): c for c in evaluation.checks}
    found = sorted(evaluation.measurements, key=lambda m: (m.metric, m.subject) not in checks)
    return [_number_row(m, checks.get((m.metric, m.subject))) for m in found]


def _number_row(measurement: Measurement, check: Check | None) -> NumberRow:
    between = "" if measurement.interval is None else " to ".join(map(number, measurement.interval))
    return NumberRow(
        subject=subject_text(measurement.subject),
        metric=metric_title(measurement.metric),
        value=number(measurement.value),
        interval=between,
        limit="" if check is None else limit_text(check),
        n=number(measurement.n),
        outcome="" if check is None else str(check.outcome),
    )


def not_evaluated(evaluation: Evaluation) -> list[tuple[str, list[str]]]:
    """Reasons why checks were not evaluated, each with the features it concerns."""
    reasons: dict[str, list[str]] = {}
    for check in evaluation.checks:
        if check.outcome is Outcome.NOT_EVALUATED:
            title = check_title(check.constraint.check_type or check.constraint.metric).lower()
            reasons.setdefault(f"{title}: {check.reason}", []).append(subject_text(check.constraint.subject))
    return list(reasons.items())


def _by_name(statistics: Mapping[str, Any] | None) -> dict[str, Feature]:
    return {} if statistics is None else {str(feature["name"]): feature for feature in statistics.get("features", ())}


def _statistics(feature: Feature | None) -> Mapping[str, Any]:
    if feature is None:
        return {}
    found: Mapping[str, Any] = feature.get("numerical_statistics") or feature.get("string_statistics") or {}
    return found


def _completeness(feature: Feature | None) -> float | None:
    common = _statistics(feature).get("common", {})
    total = common.get("num_present", 0) + common.get("num_missing", 0)
    return common["num_present"] / total if total else None
