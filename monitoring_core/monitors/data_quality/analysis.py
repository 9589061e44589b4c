"""Data quality in files: what a baseline holds, and what a window gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from monitoring_core.baseline_files import CONSTRAINTS, HISTOGRAMS, STATISTICS
from monitoring_core.checks.evaluation import Evaluation, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.metric_names import feature_baseline_drift, feature_data, feature_non_null
from monitoring_core.monitors.analysis import Analysis, ParityMetric, StatisticSet
from monitoring_core.monitors.base import Baseline, judge, profile
from monitoring_core.monitors.data_quality.calibrate import calibrate
from monitoring_core.monitors.data_quality.constraints import Constraints
from monitoring_core.monitors.data_quality.drift import DISTANCE, P_VALUE
from monitoring_core.monitors.data_quality.monitor import COLUMN_COUNT, DataQuality
from monitoring_core.monitors.data_quality.profile import DataProfile
from monitoring_core.monitors.data_quality.suggest import apply_spec, suggest_constraints
from monitoring_core.monitors.monitor_fold import MonitorFold
from monitoring_core.report.sagemaker import (
    dump_constraints,
    dump_statistics,
    dump_violations,
    load_constraints,
    load_statistics,
)
from monitoring_core.spec import DataQualitySpec
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.mergeable import merge_all


def make_files(
    spec: DataQualitySpec, windows: Sequence[Sequence[Batch]], *, compat: bool = False
) -> tuple[dict[str, bytes], int]:
    """Return the content of a baseline by file name, and its rows.

    The data is read twice: once to choose the edges, once to count on them. With several windows limits are
    calibrated to their ordinary change; with one, completeness and type limits get room for chance.

    Parameters
    ----------
    compat : bool
        Constraints exactly as Amazon's analyzer suggests them, without calibration.
    """
    monitor = DataQuality(compat=compat)
    held = [[_features(batch, spec) for batch in window] for window in windows]
    whole = profile(monitor, chain.from_iterable(held))
    if not whole.rows:
        return {}, 0
    constraints = apply_spec(suggest_constraints(whole), spec)
    files = {STATISTICS: dump_statistics(whole)}
    if not compat:
        edges = whole.as_reference()
        states = [profile(monitor, window, edges) for window in held]
        counted = merge_all(states, DataProfile()).columns
        exact = {name: counted[name].histogram for name in counted if len(counted[name].sketch.levels) > 1}
        if exact:
            files[HISTOGRAMS] = msgspec.json.encode({name: exact[name].to_dict() for name in exact})
        if spec.distribution.calibrate:
            judged, reference = DataQuality(constraints), edges.with_histograms(exact)
            measured = [judged.measure(state, reference) for state in states]
            constraints = calibrate(constraints, measured, min_rows=spec.min_rows)
    files[CONSTRAINTS] = dump_constraints(constraints)
    return files, whole.rows


def fold(spec: DataQualitySpec, baseline: Mapping[str, bytes], *, compat: bool = False) -> MonitorFold[DataProfile]:
    """Hold windows against a baseline; the specification's own limits are applied over the baseline's.

    When there are no rows, or another number of columns than expected, there are no statistics and constraints,
    as from Amazon's analyzer.

    Raises
    ------
    BaselineError
        If the baseline's files cannot be read.
    ColumnNotFoundError
        If the specification names a feature that the baseline does not have.
    """
    constraints = apply_spec(load_limits(baseline), spec)
    reference = load_reference(baseline)
    monitor = DataQuality(constraints, min_rows=spec.min_rows, compat=compat, name=spec.name)

    def verdict(state: DataProfile) -> Analysis:
        evaluation = judge(monitor, state, Baseline(reference, tuple(monitor.suggest(reference))))
        files = {"constraint_violations.json": dump_violations(evaluation, compat=compat)}
        if any(measurement.metric != COLUMN_COUNT for measurement in evaluation.measurements):
            files[STATISTICS] = dump_statistics(state)
            files[CONSTRAINTS] = dump_constraints(suggest_constraints(state))
        return Analysis(evaluation, files, tuple(_metrics(state, evaluation, constraints)))

    return MonitorFold(monitor, reference, verdict)


def load_limits(files: Mapping[str, bytes]) -> Constraints:
    """Parse ``constraints.json`` of a baseline.

    Raises
    ------
    BaselineError
        If it cannot be read.
    """
    return load_constraints(files[CONSTRAINTS])


def load_reference(files: Mapping[str, bytes]) -> DataProfile:
    """Parse the statistics as a profile that windows can be compared with; empty where there are none.

    Raises
    ------
    BaselineError
        If they cannot be read.
    """
    if STATISTICS not in files:
        return DataProfile()
    exact = msgspec.json.decode(files.get(HISTOGRAMS, b"{}"))
    histograms = {name: Histogram.from_dict(data) for name, data in exact.items()}
    return load_statistics(files[STATISTICS]).with_histograms(histograms)


def _features(batch: Batch, spec: DataQualitySpec) -> Batch:
    wanted = spec.columns.outputs + spec.columns.features
    return Batch({name: batch[name] for name in wanted}) if wanted else batch


def _metrics(profile: DataProfile, evaluation: Evaluation, constraints: Constraints) -> Iterator[ParityMetric]:
    """Yield what Amazon's analyzer publishes of every feature whose ``emit_metrics`` is not switched off."""
    measured = {(m.metric, m.subject): m.value for m in evaluation.measurements}
    for feature in constraints.features:
        column, name = profile.columns.get(feature.name), feature.name
        if column is None or constraints.limits(feature).emit_metrics == "Disabled":
            continue
        moments, subject = column.moments, Subject(name)
        if moments.count and math.isfinite(moments.total):
            values = StatisticSet(moments.count, moments.total, moments.minimum, moments.maximum)
            yield ParityMetric(feature_data(name), values, subject=name)
        yield ParityMetric(feature_non_null(name), float(column.present), subject=name)
        drift = measured.get((DISTANCE, subject), measured.get((P_VALUE, subject), math.nan))
        if math.isfinite(drift):
            yield ParityMetric(feature_baseline_drift(name), drift, subject=name)
