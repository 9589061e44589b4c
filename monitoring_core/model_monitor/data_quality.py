"""Amazon's data-quality files as an evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from monitoring_core.baseline_files import STATISTICS
from monitoring_core.checks.evaluation import Evaluation, Measurement, Subject
from monitoring_core.model_monitor.reported import Reported, as_reported
from monitoring_core.monitors.data_quality.analysis import load_limits, load_reference
from monitoring_core.monitors.data_quality.constraints import Constraints, FeatureConstraints
from monitoring_core.monitors.data_quality.drift import DISTANCE, P_VALUE, comparable, drift
from monitoring_core.monitors.data_quality.monitor import COLUMN_COUNT, DataQuality
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile
from monitoring_core.monitors.data_quality.texts import type_share
from monitoring_core.report.sagemaker.statistics import load_statistics
from monitoring_core.report.sagemaker.violations import load_violations
from monitoring_core.spec import DataQualitySpec
from monitoring_core.stats.type_counts import InferredType

_NO_STATISTICS: Final = (
    "Amazon's analyzer wrote no statistics: where the number of columns differs, it checks nothing else"
)
_NOT_COMPARED: Final = "not in Amazon's files; drift is compared only between columns of one type"
_COLUMN_COUNT_CHECKS: Final = frozenset({"missing_column_check", "extra_column_check"})


def read(
    spec: DataQualitySpec, files: Mapping[str, bytes], violations: bytes, baseline: Mapping[str, bytes]
) -> Evaluation:
    """Return what the analyzer found; without ``statistics.json`` it found that the columns are others."""
    limits, reference = load_limits(baseline), load_reference(baseline)
    reported = [_reported(entry) for entry in load_violations(violations)]
    constraints = DataQuality(limits, compat=True).suggest(reference)
    if STATISTICS not in files:
        return as_reported(spec.name, 0, (), constraints, reported, unmeasured=_NO_STATISTICS)
    current = load_statistics(files[STATISTICS])
    found = _measure(current, reference, limits)
    return as_reported(spec.name, current.rows, found, constraints, reported, unmeasured=_NOT_COMPARED)


def _reported(entry: Mapping[str, object]) -> Reported:
    of_columns = entry.get("constraint_check_type") in _COLUMN_COUNT_CHECKS
    return Reported.of(entry, Subject("" if of_columns else str(entry.get("feature_name", ""))))


def _measure(current: DataProfile, reference: DataProfile, limits: Constraints) -> Iterator[Measurement]:
    yield Measurement(COLUMN_COUNT, float(len(current.columns)), current.rows)
    for feature in limits.features:
        column = current.columns.get(feature.name)
        if column is not None:
            yield from _measure_column(feature, column, current.rows)
            yield from _drift(feature, column, reference.columns.get(feature.name), limits)


def _measure_column(feature: FeatureConstraints, column: ColumnProfile, rows: int) -> Iterator[Measurement]:
    """Yield what the file tells of one column; the types of single values and rare categories are not in it."""
    subject, present = Subject(feature.name), column.present
    yield Measurement("completeness", present / rows if rows else math.nan, rows, subject)
    yield Measurement(type_share(feature.inferred_type), math.nan, present, subject)
    if feature.domains is not None:
        yield Measurement("domain_content", _inside(feature.domains, column), present, subject)
    if column.inferred_type.is_numeric:
        moments = column.moments
        yield Measurement("mean", moments.mean, moments.count, subject)
        yield Measurement("standard_deviation", moments.standard_deviation, moments.count, subject)
        yield Measurement("minimum", moments.minimum, moments.count, subject)
        yield Measurement("maximum", moments.maximum, moments.count, subject)


def _inside(domains: tuple[str, ...], column: ColumnProfile) -> float:
    counts = column.tally.counts
    if not counts or column.tally.other:
        return math.nan
    return sum(counts.get(value, 0) for value in set(domains)) / column.tally.total


def _drift(
    feature: FeatureConstraints, column: ColumnProfile, base: ColumnProfile | None, limits: Constraints
) -> Iterator[Measurement]:
    if base is None or not comparable(base, column, compat=True):
        return
    effective = limits.limits(feature)
    tested = base.inferred_type is InferredType.STRING and effective.categorical_drift_method == "ChiSquared"
    value = float(drift(base, column, effective, compat=True))
    yield Measurement(P_VALUE if tested else DISTANCE, value, column.present, Subject(feature.name))
