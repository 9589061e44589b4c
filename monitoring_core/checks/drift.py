"""Drift checks of an evaluation, and how far a number is beyond its limit."""

from __future__ import annotations

import math
from typing import Final

from monitoring_core.checks.evaluation import Check, Evaluation, Outcome

DRIFT_CHECK: Final = "baseline_drift_check"
"""Amazon's ``constraint_check_type`` of drift."""

DRIFT_CHECKS: Final = frozenset(
    {
        DRIFT_CHECK,
        "LessThanThreshold",
        "GreaterThanThreshold",
        "bias_drift_check",
        "feature_attribution_drift_check",
    }
)
"""Drift of data, quality, bias and attribution, in Amazon's words."""

_SMALLEST: Final = 5e-324
"""Stands for a p-value that was rounded to 0."""


def evaluated_drifts(evaluation: Evaluation) -> tuple[Check, ...]:
    """Return the drift checks that have a verdict, in order."""
    return tuple(check for check in evaluation.checks if is_drift(check) and check.outcome is not Outcome.NOT_EVALUATED)


def is_drift(check: Check) -> bool:
    """Whether a check says how far the data or the model has moved, and not whether a record is well formed."""
    return check.constraint.check_type in DRIFT_CHECKS


def excess(check: Check) -> float:
    """Return how far a number is beyond its limit: above 1 where it violates.

    Their ratio; for a p-value the ratio of the logarithms, so that it grows with the evidence, too.
    ``nan`` where there is no number or no limit, ``inf`` where the limit is zero.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint, Measurement
    >>> excess(Constraint("m", Bound(upper=0.25)).check(Measurement("m", 0.5, 9)))
    2.0
    >>> p_value = Constraint("p_value", Bound(lower=0.1), check_type="baseline_drift_check")
    >>> round(excess(p_value.check(Measurement("p_value", 0.01, 9))), 3)
    2.0
    >>> excess(p_value.check(None))
    nan
    """
    if check.measurement is None:
        return math.nan
    value, bound = check.measurement.value, check.constraint.bound
    if bound.upper is not None:
        return _ratio(value, bound.upper)
    if bound.lower is None:
        return math.nan
    if check.constraint.check_type == DRIFT_CHECK:
        return math.log(max(value, _SMALLEST)) / math.log(bound.lower) if 0 < bound.lower < 1 else math.nan
    return _ratio(bound.lower, value)


def _ratio(part: float, whole: float) -> float:
    if math.isnan(part) or math.isnan(whole):
        return math.nan
    if whole == 0:
        return math.inf if part > 0 else 0.0
    return part / whole
