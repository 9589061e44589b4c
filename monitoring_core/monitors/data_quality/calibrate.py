"""Data-quality constraints that the windows of the baseline themselves satisfy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from monitoring_core.checks.calibration import by_subject, calibrated_floor, calibrated_limit, sampling_floor
from monitoring_core.checks.evaluation import Measurement, Subject
from monitoring_core.monitors.data_quality.constraints import Constraints, FeatureConstraints
from monitoring_core.monitors.data_quality.drift import DISTANCE, P_VALUE
from monitoring_core.monitors.data_quality.suggest import override, override_distribution
from monitoring_core.monitors.data_quality.texts import type_share
from monitoring_core.stats.type_counts import InferredType

SMALLEST_WINDOW: Final = 100
"""Rows that a window is taken to have at least, where only one window of good data is known."""


def calibrate(constraints: Constraints, windows: Sequence[Sequence[Measurement]], *, min_rows: int = 1) -> Constraints:
    """Widen each feature's limits to what the windows of the baseline needed.

    Drift, type and completeness limits become ``monitoring_config_overrides`` (completeness: the feature's
    own value), which Amazon's analyzer understands as well. The guarantee is that of `calibrated_limit`; where
    the baseline is one window only, shares below 1 get the room of `sampling_floor` and drift limits stay.

    Parameters
    ----------
    constraints : Constraints
        Suggested by the whole baseline.
    windows : sequence of sequences of Measurement
        What each window of the baseline measured against the whole.
    min_rows : int
        Windows with fewer values do not set a drift limit.
    """
    distances = by_subject(windows, DISTANCE, min_n=min_rows)
    p_values = by_subject(windows, P_VALUE, min_n=min_rows)
    present = by_subject(windows, "completeness")
    types = {expected: by_subject(windows, type_share(expected)) for expected in InferredType}

    def floor(threshold: float, shares: Sequence[float]) -> float:
        lowest = calibrated_floor(threshold, shares)
        return sampling_floor(lowest, max(min_rows, SMALLEST_WINDOW)) if len(shares) == 1 else lowest

    def widen(feature: FeatureConstraints) -> FeatureConstraints:
        limits, subject = constraints.limits(feature), Subject(feature.name)
        is_text = feature.inferred_type is InferredType.STRING
        threshold = limits.categorical_threshold if is_text else limits.comparison_threshold
        needed = calibrated_floor(calibrated_limit(threshold, distances.get(subject, ())), p_values.get(subject, ()))
        share = floor(limits.datatype_check_threshold, types[feature.inferred_type].get(subject, ()))
        changed = feature
        if needed != threshold:
            changed = override_distribution(changed, comparison_threshold=needed)
        if share != limits.datatype_check_threshold:
            changed = override(changed, datatype_check_threshold=share)
        if feature.completeness is not None:
            lowest = floor(feature.completeness, present.get(subject, ()))
            changed = changed.model_copy(update={"completeness": lowest})
        return changed

    return constraints.model_copy(update={"features": tuple(map(widen, constraints.features))})
