"""Numbers and checks in words, the same on every page and in every message."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from monitoring_core.checks.drift import DRIFT_CHECK, excess
from monitoring_core.checks.evaluation import Check, Evaluation, Outcome, Subject
from monitoring_core.window import Window

CHECK_TITLES: Final[Mapping[str, str]] = {
    "data_type_check": "Wrong type",
    "completeness_check": "Missing values",
    DRIFT_CHECK: "Distribution drift",
    "missing_column_check": "Missing columns",
    "extra_column_check": "Extra columns",
    "categorical_values_check": "Unknown categories",
    "LessThanThreshold": "Too low",
    "GreaterThanThreshold": "Too high",
    "bias_drift_check": "Bias drift",
    "feature_attribution_drift_check": "Attribution drift",
}
"""What a person calls AWS's check types."""

_ABBREVIATIONS: Final = frozenset({"auc", "mae", "mse", "rmse", "mape", "r2", "f1", "f2", "psi", "ndcg", "roi"})

_ANY_METRIC: Final = frozenset({"LessThanThreshold", "GreaterThanThreshold", "bias_drift_check"})
"""Check types that stand for many metrics."""

DASH: Final = "\N{EN DASH}"
"""Stands for a number that is undefined."""

SHARE_CHECKS: Final = frozenset({"data_type_check", "completeness_check", "categorical_values_check"})
"""Checks whose numbers are shares, written as percentages."""


def check_title(check_type: str) -> str:
    """Name of a check for people.

    Examples
    --------
    >>> check_title("completeness_check"), check_title("row_count_check")
    ('Missing values', 'Row count check')
    """
    return CHECK_TITLES.get(check_type) or check_type.replace("_", " ").capitalize()


def problem_title(check: Check) -> str:
    """Say what is wrong, with the metric where the type of the check stands for many.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint
    >>> problem_title(Constraint("auc", Bound(lower=0.8), check_type="LessThanThreshold").check(None))
    'Too low: AUC'
    >>> problem_title(Constraint("distance", Bound(upper=0.1), check_type="baseline_drift_check").check(None))
    'Distribution drift'
    """
    metric, check_type = check.constraint.metric, check.constraint.check_type
    title = check_title(check_type or metric)
    return f"{title}: {metric_title(metric)}" if check_type in _ANY_METRIC else title


def metric_title(metric: str) -> str:
    """Name of a metric for people; abbreviations stay as they are.

    Examples
    --------
    >>> metric_title("true_positive_rate"), metric_title("auc"), metric_title("DPPL")
    ('true positive rate', 'AUC', 'DPPL')
    """
    if metric in _ABBREVIATIONS:
        return metric.upper()
    return "F0.5" if metric == "f0_5" else metric.replace("_", " ")


def number(value: float | None) -> str:
    """Write a number with four significant digits; a dash where it is undefined.

    Examples
    --------
    >>> number(0.123456), number(1234567.0), number(913)
    ('0.1235', '1,234,567', '913')
    >>> number(None) == number(float("nan")) == DASH
    True
    """
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value) or 0 < abs(value) < 1e-4 or abs(value) >= 1e15:  # noqa: PLR2004 - where %g turns to exponents
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"  # noqa: PLR2004 - four digits


def percent(share: float | None) -> str:
    """Share as a percentage that never rounds to a bound it has not reached.

    Examples
    --------
    >>> percent(0.5), percent(1.0), percent(0.99999), percent(0.00001)
    ('50 %', '100 %', '> 99.99 %', '< 0.01 %')
    """
    if share is None or math.isnan(share):
        return DASH
    value = share * 100
    if 0 < value < 0.01:  # noqa: PLR2004 - the last digit shown
        return "< 0.01 %"
    if 99.99 < value < 100:  # noqa: PLR2004 - the last digit shown
        return "> 99.99 %"
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def count(n: int, noun: str) -> str:
    """Count and noun.

    Examples
    --------
    >>> count(1, "row"), count(2400, "row"), count(2, "category")
    ('1 row', '2,400 rows', '2 categories')
    """
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{n:,} {noun if n == 1 else plural}"


def moment(time: datetime) -> str:
    """Time for people, to the minute.

    Examples
    --------
    >>> moment(datetime(2013, 4, 1, tzinfo=UTC))
    '2013-04-01 00:00 UTC'
    """
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def window_text(window: Window) -> str:
    """Window for people; a day is just its date.

    Examples
    --------
    >>> window_text(Window.parse("2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"))
    '2013-04-01 (24 h, UTC)'
    >>> window_text(Window.parse("2013-04-01T22:00:00Z/2013-04-01T23:00:00Z"))
    '2013-04-01 22:00 to 23:00 UTC'
    """
    start, end = window.start, window.end
    if f"{start:%H%M}" == f"{end:%H%M}" == "0000" and (end - start).days == 1:
        return f"{start:%Y-%m-%d} (24 h, UTC)"
    finish = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M} to {finish} UTC"


def times(ratio: float) -> str:
    """Write how many times a limit is exceeded; near 1 with two decimals.

    Examples
    --------
    >>> times(1.058), times(2.84)
    ('1.06 times', '2.8 times')
    """
    return f"{ratio:.2f} times" if ratio < 2 else f"{ratio:.1f} times"  # noqa: PLR2004 - where two decimals matter


def worst_first(evaluation: Evaluation) -> tuple[Check, ...]:
    """Return the violations, those of the whole data set first, then the farthest beyond its limit."""

    def key(check: Check) -> tuple[bool, float, str]:
        ratio = excess(check)
        return (
            bool(check.constraint.subject.column),
            0.0 if math.isnan(ratio) else -ratio,
            check.constraint.subject.column,
        )

    return tuple(sorted(evaluation.violations, key=key))


def verdict(evaluation: Evaluation) -> str:
    """Headline of an evaluation.

    Examples
    --------
    >>> verdict(Evaluation("data-quality", 0))
    'Not evaluated'
    """
    if evaluation.outcome is Outcome.NOT_EVALUATED:
        return "Not evaluated"
    if evaluation.outcome is Outcome.PASSED:
        return "Nothing is violated"
    violations = evaluation.violations
    features = {check.constraint.subject.column for check in violations} - {""}
    where = f" in {count(len(features), 'feature')}" if features else ""
    return count(len(violations), "violation") + where


def subject_text(subject: Subject) -> str:
    """Column and segment in words.

    Examples
    --------
    >>> subject_text(Subject("temp", "origin=JFK")), subject_text(Subject())
    ('temp / origin=JFK', 'the data set')
    """
    return " / ".join(part for part in (subject.column, subject.segment) if part) or "the data set"


def measured_text(check: Check) -> str:
    """Write the number of a check, as a percentage where it is a share."""
    value = None if check.measurement is None else check.measurement.value
    return percent(value) if check.constraint.check_type in SHARE_CHECKS else number(value)


def limit_text(check: Check) -> str:
    """Limit of a check in words.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint
    >>> limit_text(Constraint("completeness", Bound(lower=0.9), check_type="completeness_check").check(None))
    'at least 90 %'
    """
    write = percent if check.constraint.check_type in SHARE_CHECKS else number
    bound = check.constraint.bound
    if bound.lower is not None and bound.upper is not None:
        return f"{write(bound.lower)} to {write(bound.upper)}"
    if bound.upper is not None:
        return f"at most {write(bound.upper)}"
    return f"at least {write(bound.lower)}"


def lead(evaluation: Evaluation) -> str:
    """Sentence under the headline: what is worst, by how much, on how many rows.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import *
    >>> drift = Constraint("linf", Bound(upper=0.65), Subject("temp"), check_type="baseline_drift_check")
    >>> print(lead(check_all("m", 913, [Measurement("linf", 0.91, 913, Subject("temp"))], [drift])))
    Worst is temp: distribution drift 0.91, 1.40 times its limit of 0.65, on 913 rows.
    """
    worst = worst_first(evaluation)
    if not worst:
        done = sum(check.outcome is Outcome.PASSED for check in evaluation.checks)
        reasons = {check.reason for check in evaluation.checks if check.reason}
        if done:
            return f"{count(done, 'check')} passed on {count(evaluation.n, 'row')}."
        return f"{count(evaluation.n, 'row')}: {'; '.join(sorted(reasons)) or 'nothing to check'}."
    check = worst[0]
    title = check_title(check.constraint.check_type or check.constraint.metric)
    subject = subject_text(check.constraint.subject)
    upper = check.constraint.bound.upper
    if check.measurement is not None and check.constraint.check_type in _ANY_METRIC:
        measured = f"{metric_title(check.constraint.metric)} {measured_text(check)}, allowed is {limit_text(check)}"
        return f"Worst is {subject}: {measured}, on {count(check.measurement.n, 'row')}."
    if check.measurement is None or upper is None or not math.isfinite(excess(check)):
        return f"Worst is {subject}: {check.reason or title.lower()}"
    measured = f"{title[0].lower()}{title[1:]} {measured_text(check)}"
    rows = count(check.measurement.n, "row")
    return f"Worst is {subject}: {measured}, {times(excess(check))} its limit of {number(upper)}, on {rows}."
