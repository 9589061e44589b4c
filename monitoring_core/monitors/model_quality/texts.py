"""The sentence of Amazon's analyzer about a metric that is not good enough (contract 5.4)."""

from __future__ import annotations

from monitoring_core.checks.evaluation import Check
from monitoring_core.checks.java_double import java_double

_CAMEL_CASE = ("true_", "false_", "weighted_")


def reported_name(metric: str) -> str:
    """Return the name under which Amazon's analyzer reports a metric.

    Examples
    --------
    >>> reported_name("true_positive_rate"), reported_name("f1")
    ('truePositiveRate', 'f1')
    """
    if not metric.startswith(_CAMEL_CASE):
        return metric
    first, *others = metric.split("_")
    return first + "".join(part.capitalize() for part in others)


def explain(violation: Check) -> str:
    """Return Amazon's sentence for a violated check.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint, Measurement
    >>> limit = Constraint("auc", Bound(lower=0.9), check_type="LessThanThreshold")
    >>> explain(limit.check(Measurement("auc", 0.5, 99, standard_deviation=0.0005)))
    "Metric auc with 0.5 +/- 5.0E-4 was LessThanThreshold '0.9'"
    """
    constraint, measurement = violation.constraint, violation.measurement
    if measurement is None:
        return violation.reason
    bound = constraint.bound
    threshold = bound.lower if bound.lower is not None else bound.upper
    deviation = measurement.standard_deviation
    between = "" if deviation is None else f" +/- {java_double(deviation)}"
    value = f"{java_double(measurement.value)}{between}"
    limit = "" if threshold is None else java_double(threshold)
    return f"Metric {reported_name(constraint.metric)} with {value} was {constraint.check_type} '{limit}'"
