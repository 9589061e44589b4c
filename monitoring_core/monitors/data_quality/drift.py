"""How far a column is from its baseline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.deequ import distinct_value_distance
from monitoring_core.measures.distance import (
    Distance,
    PValue,
    chi_square,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
    robust,
)
from monitoring_core.monitors.data_quality.constraints import Limits
from monitoring_core.monitors.data_quality.profile import ColumnProfile
from monitoring_core.stats.tally import Tally

DISTANCE: Final = "distance"
P_VALUE: Final = "p_value"
BINS: Final = 10


def comparable(reference: ColumnProfile, current: ColumnProfile, *, compat: bool) -> bool:
    """Whether the two are of one type; whole numbers and fractions compare, unless parity with Amazon is wanted."""
    ref, cur = reference.inferred_type, current.inferred_type
    return ref is cur or (not compat and ref.is_numeric and cur.is_numeric)


def drift(reference: ColumnProfile, current: ColumnProfile, limits: Limits, *, compat: bool) -> Distance | PValue:
    """Return the number that is held against the drift limit; ``nan`` where it is undefined."""
    if reference.inferred_type.is_numeric:
        return _numeric(reference, current, limits, compat=compat)
    if limits.categorical_drift_method == "ChiSquared":
        return chi_square(reference.tally.counts, current.tally.counts)[1]
    ours, theirs = categories(reference.tally, current.tally)
    if compat:
        ours, theirs = _listed(reference.tally), _listed(current.tally)
    simple = l_infinity(ours, theirs) if reference.tally.counts else Distance(float("nan"))
    if limits.comparison_method == "Simple":
        return simple
    return robust(simple, current.tally.total, reference.tally.total)


def _numeric(reference: ColumnProfile, current: ColumnProfile, limits: Limits, *, compat: bool) -> Distance:
    correct = limits.comparison_method == "Robust"
    if compat:
        return distinct_value_distance(reference.sketch, current.sketch, correct=correct)
    simple = kolmogorov_smirnov(reference.histogram, current.histogram)
    return robust(simple, current.histogram.total, reference.histogram.total) if correct else simple


def categories(reference: Tally, current: Tally) -> tuple[dict[str | None, int], dict[str | None, int]]:
    """Count the baseline's categories on both sides; every other value is in the category None.

    A flood of new values counts as one large new category, not as many tiny ones.

    Examples
    --------
    >>> categories(Tally.of("aab"), Tally.of("axy"))
    ({'a': 2, 'b': 1, None: 0}, {'a': 1, 'b': 0, None: 2})
    """
    ours = _listed(reference)
    theirs: dict[str | None, int] = {category: current.counts.get(category, 0) for category in reference.counts}
    theirs[None] = current.total - sum(theirs.values())
    return ours, theirs


def _listed(tally: Tally) -> dict[str | None, int]:
    listed: dict[str | None, int] = dict(tally.counts.items())
    listed[None] = tally.other
    return listed


def effect_sizes(reference: ColumnProfile, current: ColumnProfile) -> Iterator[tuple[str, float]]:
    """Yield measures that are reported beside the verdict and decide nothing."""
    if reference.inferred_type.is_numeric:
        yield "ks", kolmogorov_smirnov(reference.histogram, current.histogram)
        cuts = decile_cuts(reference)
        ours, theirs = reference.histogram.bins(cuts).tolist(), current.histogram.bins(cuts).tolist()
    else:
        by_category = categories(reference.tally, current.tally)
        yield "l_infinity", l_infinity(*by_category)
        ours, theirs = (list(counts.values()) for counts in by_category)
    yield "psi", population_stability_index(ours, theirs)
    yield "js", jensen_shannon(ours, theirs)


def decile_cuts(reference: ColumnProfile) -> NDArray[np.int64]:
    """Positions of the edges that cut the baseline into (at most) ten bins of equal counts."""
    histogram = reference.histogram
    if not histogram.edges.size:
        return np.empty(0, dtype=np.int64)
    wanted = histogram.total * np.arange(1, BINS) / BINS
    positions = np.unique(np.searchsorted(histogram.through, wanted, side="left"))
    return positions[positions < histogram.edges.size - 1].astype(np.int64)
