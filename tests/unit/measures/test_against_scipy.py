"""The formulas agree with an independent implementation."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring_core.measures.chi_square import chi_square_survival
from monitoring_core.measures.distance import (
    Distance,
    chi_square,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
    robust,
)
from monitoring_core.stats.histogram import Histogram

stats = pytest.importorskip("scipy.stats")
distance = pytest.importorskip("scipy.spatial.distance")

VALUES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-10, 10)), min_size=1, max_size=60)
COUNTS = st.lists(st.integers(0, 50), min_size=2, max_size=8)


@settings(max_examples=200, deadline=None)
@given(reference=VALUES, current=VALUES)
def test_kolmogorov_smirnov_is_exact_with_ties(reference: list[float], current: list[float]) -> None:
    edges = np.unique(np.array(reference))
    ours = kolmogorov_smirnov(*(Histogram.of(np.sort(np.array(side)), edges) for side in (reference, current)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # only the p-value is approximated
        theirs = stats.ks_2samp(reference, current, method="asymp").statistic
    assert ours == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(statistic=st.floats(0, 2000), degrees=st.integers(1, 300))
def test_chi_square_distribution(statistic: float, degrees: int) -> None:
    assert chi_square_survival(statistic, degrees) == pytest.approx(
        stats.chi2.sf(statistic, degrees), rel=1e-9, abs=1e-300
    )


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.tuples(st.integers(50, 500), st.integers(50, 500)), min_size=3, max_size=8))
def test_chi_square_without_small_categories(counts: list[tuple[int, int]]) -> None:
    reference = {str(i): pair[0] for i, pair in enumerate(counts)}
    current = {str(i): pair[1] for i, pair in enumerate(counts)}
    expected = np.array(list(reference.values())) * sum(current.values()) / sum(reference.values())

    statistic, p_value = chi_square(reference, current)

    theirs = stats.chisquare(list(current.values()), expected)
    assert statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert p_value == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-300)


@settings(max_examples=200, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8))
def test_jensen_shannon(pairs: list[tuple[int, int]]) -> None:
    reference, current = zip(*pairs, strict=True)
    assume(sum(reference) and sum(current))

    theirs = distance.jensenshannon(reference, current, base=2)
    assert jensen_shannon(reference, current) == pytest.approx(0.0 if math.isnan(theirs) else theirs, abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(counts=COUNTS)
def test_no_difference_is_zero_and_scale_does_not_matter(counts: list[int]) -> None:
    assume(sum(counts))
    tripled = [3 * count for count in counts]
    categories = {str(i): count for i, count in enumerate(counts)}

    assert jensen_shannon(counts, tripled) == pytest.approx(0.0, abs=1e-7)
    assert population_stability_index(counts, counts) == 0.0
    assert l_infinity(categories, {key: 3 * count for key, count in categories.items()}) == pytest.approx(0.0)


def test_robust_factor_of_other_levels() -> None:
    assert robust(Distance(0.5), 100, 100, alpha=0.1) == pytest.approx(
        0.5 - math.sqrt(-math.log(0.05) / 2) * math.sqrt(0.02)
    )


def test_an_emptied_bin_without_smoothing_is_infinite() -> None:
    assert population_stability_index([10, 20], [30, 0], smoothing=0.0) == math.inf
