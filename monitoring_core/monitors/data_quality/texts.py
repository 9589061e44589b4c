"""The sentences of Amazon's analyzer (contract 4.5): other people's code parses them."""

from __future__ import annotations

import math
from typing import Final

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Check
from monitoring_core.checks.java_double import java_double
from monitoring_core.monitors.data_quality.drift import P_VALUE
from monitoring_core.stats.type_counts import InferredType


def percent(share: float) -> str:
    """Spell a share as a percentage.

    Examples
    --------
    >>> percent(12 / 18), percent(1.0)
    ('66.66666666666666%', '100.0%')
    """
    return f"{java_double(share * 100)}%"


def type_share(expected: InferredType) -> str:
    """Return the id of the metric: share of present values that have the expected type.

    Examples
    --------
    >>> type_share(InferredType.INTEGRAL)
    'integral_share'
    """
    return f"{expected.lower()}_share"


def _data_type(limit: float, value: float, metric: str) -> str:
    expected = next(inferred for inferred in InferredType if type_share(inferred) == metric)
    return (
        f"Data type match requirement is not met. Expected data type: {expected}, Expected match: {percent(limit)}. "
        f"Observed: Only {percent(value)} of data is {expected}."
    )


def _completeness(limit: float, value: float, _: str) -> str:
    return f"Data completeness requirement is not met. Expected: {percent(limit)}. Observed: Only {percent(value)}."


def _domain(_: float, value: float, __: str) -> str:
    # No later wording is known than the one of 2019, which ends in a blank.
    return f"Value: {java_double(value)} does not meet the constraint requirement! "


def _drift(limit: float, value: float, metric: str) -> str:
    if metric == P_VALUE:
        return f"Baseline drift p-value: {java_double(value)} is below threshold: {java_double(limit)}"
    return f"Baseline drift distance: {java_double(value)} exceeds threshold: {java_double(limit)}"


def _missing_columns(limit: float, value: float, _: str) -> str:
    return f"There are missing columns in current dataset. {_columns(limit, value)}"


def _extra_columns(limit: float, value: float, _: str) -> str:
    return f"There are extra columns in current dataset. {_columns(limit, value)}"


def _columns(limit: float, value: float) -> str:
    return (
        f"Number of columns in current dataset: {int(value)}, Number of columns in baseline constraints: {int(limit)}"
    )


_SENTENCES: Final = {
    "data_type_check": _data_type,
    "completeness_check": _completeness,
    "categorical_values_check": _domain,
    DRIFT_CHECK: _drift,
    "missing_column_check": _missing_columns,
    "extra_column_check": _extra_columns,
}


def explain(violation: Check) -> str:
    """Return Amazon's sentence for a violated check."""
    constraint, measurement = violation.constraint, violation.measurement
    if measurement is None:
        return violation.reason
    bound = constraint.bound
    limit = bound.lower if bound.lower is not None else bound.upper
    return _SENTENCES[constraint.check_type](
        limit if limit is not None else math.nan, measurement.value, constraint.metric
    )
