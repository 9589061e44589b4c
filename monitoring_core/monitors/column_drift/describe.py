"""What a column looks like: numbers that are reported beside the verdict and decide nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from monitoring_core.checks.evaluation import Measurement, Subject
from monitoring_core.measures.balance import count_modes, imbalance, mode_share
from monitoring_core.measures.proportion import wilson_interval
from monitoring_core.measures.shift import mean_shift, mean_shift_interval, quantile, spread_ratio
from monitoring_core.monitors.column_drift.state import ColumnState

MAX_CLASSES: Final = 20
PEAK_BINS: Final = 20


def describe(name: str, state: ColumnState, reference: ColumnState | None) -> Iterator[Measurement]:
    """Yield the numbers of one column."""
    subject, rows = Subject(name), state.rows
    yield _share("missing_share", state.profile.types.missing, rows, subject)
    numeric = (reference or state).is_numeric
    yield from _amounts(state, reference, subject) if numeric else _classes(state, reference, subject)


def _amounts(state: ColumnState, reference: ColumnState | None, subject: Subject) -> Iterator[Measurement]:
    moments, base = state.profile.moments, reference or state
    histogram = state.profile.histogram if reference is not None else state.as_reference().profile.histogram
    numbers = {
        "mean": moments.mean,
        "median": quantile(histogram, 0.5),
        "standard_deviation": moments.standard_deviation,
        "skewness": state.shape.skewness,
        "kurtosis": state.shape.kurtosis,
        "modes": float(_modes(state, base)),
    }
    for metric, value in numbers.items():
        yield Measurement(metric, value, moments.count, subject)
    if reference is not None:
        expected = reference.profile.moments
        interval = mean_shift_interval(expected, moments)
        yield Measurement("mean_shift", mean_shift(expected, moments), moments.count, subject, interval)
        yield Measurement("spread_ratio", spread_ratio(expected, moments), moments.count, subject)


def _modes(state: ColumnState, base: ColumnState) -> int:
    """Count peaks over twenty bins of (nearly) equal width between the baseline's extremes."""
    edges = state.profile.histogram.edges
    moments = base.profile.moments
    if edges.size < PEAK_BINS or not math.isfinite(moments.maximum - moments.minimum):
        return count_modes([state.profile.moments.count])
    wanted = np.linspace(moments.minimum, moments.maximum, PEAK_BINS + 1)[1:-1]
    cuts = np.unique(np.searchsorted(edges, wanted))
    return count_modes(state.profile.histogram.bins(cuts[cuts < edges.size].astype(np.int64)))


def _classes(state: ColumnState, reference: ColumnState | None, subject: Subject) -> Iterator[Measurement]:
    counts, present = state.profile.tally.counts, state.profile.present
    expected = (reference or state).profile.tally.counts
    listed = [counts.get(category, 0) for category in expected]
    yield Measurement("imbalance", imbalance(listed), present, subject)
    yield Measurement("mode_share", mode_share([*listed, present - sum(listed)]), present, subject)
    yield _share("unseen_share", present - sum(listed), present, subject)
    for category in sorted(expected, key=lambda c: (-expected[c], c))[:MAX_CLASSES]:
        yield _share(f"share:{category}", counts.get(category, 0), present, subject)


def _share(metric: str, part: int, whole: int, subject: Subject) -> Measurement:
    value = part / whole if whole else float("nan")
    return Measurement(metric, value, whole, subject, wilson_interval(part, whole))
