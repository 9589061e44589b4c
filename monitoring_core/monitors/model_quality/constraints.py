"""Constraints of the metrics: suggested, as in ``constraints.json``, and as checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitoring_core.checks.evaluation import Bound, Constraint, Measurement
from monitoring_core.spec.base import MetricLimit
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType


class Comparison(StrEnum):
    """Amazon's ``comparison_operator``: the bad direction."""

    LESS = "LessThanThreshold"
    GREATER = "GreaterThanThreshold"


@dataclass(frozen=True, slots=True)
class Limit:
    """Threshold of one metric; on it nothing is violated.

    Examples
    --------
    >>> Limit(0.8, Comparison.LESS).bound
    Bound(lower=0.8, upper=None)
    """

    threshold: float
    comparison: Comparison

    @property
    def bound(self) -> Bound:
        """What the metric must be."""
        low = self.comparison is Comparison.LESS
        return Bound(lower=self.threshold) if low else Bound(upper=self.threshold)


Limits = Mapping[str, Limit]
"""By metric, in the order of the file."""

_LESS, _GREATER = Comparison.LESS, Comparison.GREATER

SUGGESTED: Final[Mapping[ProblemType, Mapping[str, Comparison]]] = {
    ProblemType.BINARY: {
        "recall": _LESS,
        "precision": _LESS,
        "accuracy": _LESS,
        "true_positive_rate": _LESS,
        "true_negative_rate": _LESS,
        "false_positive_rate": _GREATER,
        "false_negative_rate": _GREATER,
        "auc": _LESS,
        "f0_5": _LESS,
        "f1": _LESS,
        "f2": _LESS,
    },
    ProblemType.MULTICLASS: {
        "accuracy": _LESS,
        "weighted_recall": _LESS,
        "weighted_precision": _LESS,
        "weighted_f0_5": _LESS,
        "weighted_f1": _LESS,
        "weighted_f2": _LESS,
    },
    ProblemType.REGRESSION: {"mae": _GREATER, "mse": _GREATER, "rmse": _GREATER, "r2": _LESS},
}
"""Metrics that a baseline gives a threshold, and the direction that is bad (contract 5.3)."""

_REPORTED: Final = {
    ProblemType.BINARY: (
        "auc",
        "precision",
        "true_positive_rate",
        "f1",
        "accuracy",
        "false_positive_rate",
        "true_negative_rate",
        "false_negative_rate",
        "recall",
        "f2",
    ),
    ProblemType.MULTICLASS: (
        "weighted_f2",
        "accuracy",
        "weighted_recall",
        "weighted_precision",
        "weighted_f1",
    ),
    ProblemType.REGRESSION: ("mae", "mse", "rmse", "r2"),
}
"""Metrics that Amazon's analyzer reports, in its order, which is that of a Scala hash map over their camel-case names
(recorded for binary problems, computed for the others). It never reports F0.5."""


def suggest_limits(
    problem: ProblemType,
    measured: Mapping[str, Measurement],
    *,
    windows: Iterable[Mapping[str, Measurement]] = (),
    min_rows: int = 1,
    compat: bool = False,
) -> dict[str, Limit]:
    """Return the limits that good data suggests.

    Amazon's are the values of the good data themselves. Ours lie at the far end of the interval of each value:
    what good data itself cannot exclude is no violation. Where its windows changed more than that, a limit is one
    that none of them would have violated.

    Parameters
    ----------
    problem : ProblemType
        Says which metrics get a limit.
    measured : mapping of str to Measurement
        Of all good data, by metric.
    windows : iterable of mapping
        The same of each window of it.
    min_rows : int
        Windows where a metric rests on fewer rows do not count.
    compat : bool
        Amazon's limits.
    """
    held = list(windows)
    limits = {}
    for metric, comparison in SUGGESTED[problem].items():
        whole = measured.get(metric)
        if whole is None or math.isnan(whole.value):
            continue
        if compat or whole.interval is None:
            limits[metric] = Limit(whole.value, comparison)
            continue
        parts = [window[metric] for window in held if metric in window and window[metric].n >= min_rows]
        limits[metric] = Limit(_farthest(whole.interval, parts, comparison), comparison)
    return limits


def _farthest(interval: tuple[float, float], windows: Iterable[Measurement], comparison: Comparison) -> float:
    intervals = [window.interval for window in windows if window.interval is not None]
    if comparison is Comparison.LESS:
        return min([interval[0], *(high for _, high in intervals)])
    return max([interval[1], *(low for low, _ in intervals)])


def apply_spec(limits: Limits, spec: ModelQualitySpec) -> dict[str, Limit]:
    """Return the limits with those that the specification gives in place of theirs, for the file.

    The file has one threshold per metric: of two given sides it holds the lower, and the checks have both.

    Examples
    --------
    >>> spec = ModelQualitySpec(problem_type="Regression", inference_attribute="y", constraints={"mae": {"at_most": 2}})
    >>> apply_spec({"mae": Limit(1.0, Comparison.GREATER)}, spec)["mae"].threshold
    2.0
    """
    return {**limits, **{metric: _sides(limit)[0] for metric, limit in spec.constraints.items()}}


def as_checks(limits: Limits, spec: ModelQualitySpec, *, compat: bool) -> Iterable[Constraint]:
    """Yield the limits as constraints, those that the specification gives in place of others.

    They come in Amazon's order of reporting, for parity only those that Amazon reports. They are violated when the
    whole interval of the metric is on the bad side: what chance explains is no violation, and for parity what
    rounding explains.
    """
    given = {metric: _sides(limit) for metric, limit in spec.constraints.items()}
    sides = {metric: (limit,) for metric, limit in limits.items()} | given
    reported = [metric for metric in _REPORTED[spec.problem_type] if metric in sides]
    others = [] if compat else [metric for metric in sides if metric not in reported]
    for metric in (*reported, *others):
        for limit in sides[metric]:
            yield Constraint(
                metric,
                limit.bound,
                min_n=1 if compat else spec.min_rows,
                check_type=limit.comparison,
                beyond_chance=True,
            )


def _sides(given: MetricLimit) -> tuple[Limit, ...]:
    sides = ((given.at_least, Comparison.LESS), (given.at_most, Comparison.GREATER))
    return tuple(Limit(threshold, comparison) for threshold, comparison in sides if threshold is not None)
