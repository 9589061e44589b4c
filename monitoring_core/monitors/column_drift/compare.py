"""One column against its baseline: distances beyond chance, and the p-value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.distance import (
    PValue,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
)
from monitoring_core.measures.divergence import (
    beyond_chance,
    chance_hellinger,
    chance_jensen_shannon,
    chance_kullback_leibler,
    chance_psi,
    hellinger,
    kullback_leibler,
    root_beyond_chance,
    total_variation,
)
from monitoring_core.measures.two_samples import chi_square_homogeneity, kolmogorov_smirnov_p_value
from monitoring_core.measures.wasserstein import chance_wasserstein, wasserstein
from monitoring_core.monitors.column_drift.state import ColumnState
from monitoring_core.monitors.data_quality.drift import categories, decile_cuts
from monitoring_core.spec.drift_rule import DriftRule
from monitoring_core.stats.histogram import Histogram

_CATEGORICAL: Final = ("l_infinity", "total_variation", "psi", "kl", "js", "hellinger")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a column differs from its baseline.

    Attributes
    ----------
    distances : mapping of str to float
        By name. Divergences and W1 are without what chance explains on average; ``ks``, ``l_infinity`` and
        ``total_variation`` are as they are.
    decisive : str
        The one that is held against the limit.
    p_value : PValue
        That nothing changed.
    """

    distances: Mapping[str, float]
    decisive: str
    p_value: PValue


def compare(reference: ColumnState, current: ColumnState, rule: DriftRule) -> Comparison:
    """Compare a column with its baseline; rows without a value are a level of their own."""
    return _numeric(reference, current, rule) if reference.is_numeric else _categorical(reference, current, rule)


def _numeric(reference: ColumnState, current: ColumnState, rule: DriftRule) -> Comparison:
    ours, theirs = reference.numbers, current.numbers
    distance, n, m = kolmogorov_smirnov(ours, theirs), current.rows, reference.rows
    cuts = decile_cuts(reference.profile)
    bins = [_with_others(histogram, cuts, state) for histogram, state in ((ours, reference), (theirs, current))]
    moments, values = reference.profile.moments, current.profile.moments
    scale = moments.standard_deviation
    moved = wasserstein(reference.profile.histogram, current.profile.histogram, current_range=values, scale=scale)
    by_chance = chance_wasserstein(reference.profile.histogram, values.count, moments.count, scale=scale)
    distances = {
        "ks": float(distance),
        "wasserstein": beyond_chance(moved, by_chance),
        **_divergences(*bins),
    }
    p_value = kolmogorov_smirnov_p_value(distance, n, m)
    return Comparison(distances, rule.numeric, p_value if rule.numeric == "ks" else chi_square_homogeneity(*bins)[1])


def _categorical(reference: ColumnState, current: ColumnState, rule: DriftRule) -> Comparison:
    ours, theirs = categories(reference.profile.tally, current.profile.tally)
    counts = [[*side.values(), state.profile.types.missing] for side, state in ((ours, reference), (theirs, current))]
    if not reference.profile.tally.counts:  # free text: no categories to compare
        return Comparison(dict.fromkeys(_CATEGORICAL, math.nan), rule.categorical, PValue(math.nan))
    by_position = [dict(enumerate(side)) for side in counts]
    distances = {
        "l_infinity": float(l_infinity(*by_position)),
        "total_variation": float(total_variation(*counts)),
        **_divergences(*counts),
    }
    return Comparison(distances, rule.categorical, chi_square_homogeneity(*counts)[1])


def _divergences(ours: Sequence[int], theirs: Sequence[int]) -> dict[str, float]:
    n, m = sum(theirs), sum(ours)
    used = sum(a + b > 0 for a, b in zip(ours, theirs, strict=True))
    return {
        "psi": beyond_chance(population_stability_index(ours, theirs), chance_psi(used, n, m)),
        "kl": beyond_chance(kullback_leibler(ours, theirs), chance_kullback_leibler(used, n, m)),
        "js": float(root_beyond_chance(jensen_shannon(ours, theirs), chance_jensen_shannon(used, n, m))),
        "hellinger": float(root_beyond_chance(hellinger(ours, theirs), chance_hellinger(used, n, m))),
    }


def _with_others(histogram: Histogram, cuts: NDArray[np.int64], state: ColumnState) -> list[int]:
    """Return the counts per bin, and of the rows that hold no number."""
    counts: list[int] = histogram.bins(cuts).tolist()
    others = state.rows - state.profile.moments.count
    return [*counts[:-1], counts[-1] - others, others]
