"""The CloudWatch metrics that Amazon's data-quality analyzer publishes per feature (contract 8.1)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from monitoring_core.checks.evaluation import Evaluation, Subject
from monitoring_core.metric_names import feature_baseline_drift, feature_data, feature_non_null
from monitoring_core.monitors.data_quality import Constraints, DataProfile
from monitoring_core.monitors.data_quality.drift import DISTANCE, P_VALUE
from monitoring_core.stats.moments import Moments


@dataclass(frozen=True, slots=True)
class FeatureMetric:
    """One metric of one feature: a value, or the statistics of many."""

    feature: str
    name: str
    value: float | Moments


def feature_metrics(profile: DataProfile, evaluation: Evaluation, constraints: Constraints) -> Iterator[FeatureMetric]:
    """Yield the metrics of every feature whose ``emit_metrics`` is not switched off.

    ``feature_data_<f>`` (numeric columns), ``feature_non_null_<f>`` (share of rows that have a value) and
    ``feature_baseline_drift_<f>`` (the number that is held against the drift limit). What is undefined is left out.
    """
    measured = {(m.metric, m.subject): m.value for m in evaluation.measurements}
    for feature in constraints.features:
        column = profile.columns.get(feature.name)
        if column is None or constraints.limits(feature).emit_metrics == "Disabled":
            continue
        subject = Subject(feature.name)
        drift = measured.get((DISTANCE, subject), measured.get((P_VALUE, subject), math.nan))
        found = {
            feature_data(feature.name): column.moments if column.moments.count else math.nan,
            feature_non_null(feature.name): measured.get(("completeness", subject), math.nan),
            feature_baseline_drift(feature.name): drift,
        }
        for name, value in found.items():
            if math.isfinite(value.total if isinstance(value, Moments) else value):
                yield FeatureMetric(feature.name, name, value)
