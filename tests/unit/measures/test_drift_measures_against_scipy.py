"""The drift measures agree with scipy where both have them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring_core.measures.balance import imbalance
from monitoring_core.measures.correlation import correlation_shift_p_values, correlations
from monitoring_core.measures.distance import Distance
from monitoring_core.measures.divergence import hellinger, kullback_leibler
from monitoring_core.measures.domain_classifier import rank_auc
from monitoring_core.measures.multiplicity import benjamini_hochberg, holm
from monitoring_core.measures.proportion import increase_p_value, wilson_interval
from monitoring_core.measures.shift import mean_shift_p_value
from monitoring_core.measures.two_samples import chi_square_homogeneity, kolmogorov_smirnov_p_value
from monitoring_core.measures.vectors import cosine_centroid_shift
from monitoring_core.measures.wasserstein import wasserstein, wasserstein_samples
from monitoring_core.stats.co_moments import CoMoments
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.shape import Shape
from monitoring_core.stats.vector_moments import VectorMoments

stats = pytest.importorskip("scipy.stats")
distance = pytest.importorskip("scipy.spatial.distance")

VALUES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-10, 10)), min_size=2, max_size=60)
PAIRS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=2, max_size=8)


@settings(max_examples=100, deadline=None)
@given(reference=VALUES, current=VALUES)
def test_wasserstein_of_samples_with_ties(reference: list[float], current: list[float]) -> None:
    theirs = stats.wasserstein_distance(reference, current)
    assert wasserstein_samples(reference, current) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=2, max_size=12))
def test_wasserstein_of_counts_is_exact_for_values_at_edges(counts: list[tuple[int, int]]) -> None:
    edges = np.array([0.5 * i**1.5 for i in range(len(counts))])
    reference, current = (np.repeat(edges, side) for side in zip(*counts, strict=True))
    assume(current.size)

    ours = wasserstein(*(Histogram.of(side, edges) for side in (reference, current)))

    assert ours == pytest.approx(stats.wasserstein_distance(reference, current), rel=1e-9, abs=1e-12)


def test_wasserstein_of_counts_is_close_between_edges_and_beyond_them() -> None:
    random = np.random.default_rng(0)
    reference, current = random.normal(size=2000), random.normal(0.5, 1.5, size=5000)
    edges = np.unique(reference)
    ours = wasserstein(
        *(Histogram.of(np.sort(side), edges) for side in (reference, current)), current_range=Moments.of(current)
    )
    assert ours == pytest.approx(stats.wasserstein_distance(reference, current), rel=0.1)


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS)
def test_divergences(pairs: list[tuple[int, int]]) -> None:
    reference, current = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    p, q = reference / reference.sum(), current / current.sum()

    assert kullback_leibler(reference, current, smoothing=0.0) == pytest.approx(stats.entropy(q, p), rel=1e-9, abs=1e-9)
    euclidean = distance.euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2)
    assert hellinger(reference, current) == pytest.approx(euclidean, rel=1e-9, abs=1e-9)
    assert imbalance(reference) == pytest.approx(1 - stats.entropy(p) / math.log(p.size), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(30, 500), st.integers(30, 500)), min_size=2, max_size=8))
def test_homogeneity(pairs: list[tuple[int, int]]) -> None:
    statistic, p_value = chi_square_homogeneity(*zip(*pairs, strict=True))
    theirs = stats.chi2_contingency(np.array(pairs).T, correction=False)
    assert statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert p_value == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-300)


@settings(max_examples=100, deadline=None)
@given(d=st.floats(0.0, 1.0), n=st.integers(5, 5000), m=st.integers(5, 5000))
def test_kolmogorov_distribution(d: float, n: int, m: int) -> None:
    scaled = d * math.sqrt(n * m / (n + m))
    expected = stats.kstwobign.sf(scaled)
    assert kolmogorov_smirnov_p_value(Distance(d), n, m) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(a=st.integers(0, 40), b=st.integers(0, 400), c=st.integers(0, 40), d=st.integers(0, 400))
def test_fishers_exact_test(a: int, b: int, c: int, d: int) -> None:
    assume(a + b and c + d)
    theirs = stats.fisher_exact([[c, d], [a, b]], alternative="greater").pvalue
    assert increase_p_value(a, a + b, c, c + d) == pytest.approx(theirs, rel=1e-8, abs=1e-12)


def test_the_normal_approximation_continues_the_exact_test() -> None:
    exact = increase_p_value(4_900, 100_000, 5_090, 100_000)
    approximate = increase_p_value(10_500, 214_286, 10_907, 214_286)
    assert exact == pytest.approx(stats.fisher_exact([[5090, 94910], [4900, 95100]], alternative="greater").pvalue)
    fisher = stats.fisher_exact([[10907, 203379], [10500, 203786]], alternative="greater").pvalue
    assert approximate == pytest.approx(fisher, rel=0.05)


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (3, 10), (10, 10), (500, 2000)])
def test_wilson(part: int, whole: int) -> None:
    theirs = stats.binomtest(part, whole).proportion_ci(0.95, method="wilson")
    assert wilson_interval(part, whole) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_benjamini_hochberg(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_no_correction_and_bonferroni(p_values: list[float]) -> None:
    for given_value, corrected in zip(p_values, holm(p_values), strict=True):
        assert given_value <= corrected <= min(1.0, len(p_values) * given_value) + 1e-12


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.integers(-20, 20).map(float), min_size=3, max_size=60))
def test_shape(values: list[float]) -> None:
    assume(len(set(values)) > 1)
    shape = Shape.of(np.array(values))
    assert shape.skewness == pytest.approx(stats.skew(values), rel=1e-8, abs=1e-8)
    assert shape.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-8, abs=1e-8)


def test_correlations_on_the_rows_where_both_are_present() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    rows[:, 1] += rows[:, 0]
    rows[::7, 0] = np.nan
    rows[::5, 1] = np.nan
    both = ~np.isnan(rows[:, 0]) & ~np.isnan(rows[:, 1])

    ours = correlations(CoMoments.of(("a", "b", "c"), rows))

    assert ours[0, 1] == pytest.approx(stats.pearsonr(rows[both, 0], rows[both, 1]).statistic, abs=1e-12)
    assert ours[1, 0] == ours[0, 1]


def test_correlations_that_did_not_shift_have_even_p_values() -> None:
    random = np.random.default_rng(1)

    def sample(n: int) -> CoMoments:
        x = random.normal(size=n)
        return CoMoments.of(("a", "b"), np.column_stack([x, 0.7 * x + random.normal(size=n)]))

    found = [correlation_shift_p_values(sample(200), sample(80))[0, 1] for _ in range(300)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_welch() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=3000), random.normal(0.05, 2, size=2000)
    theirs = stats.ttest_ind(a, b, equal_var=False).pvalue
    assert mean_shift_p_value(Moments.of(a), Moments.of(b)) == pytest.approx(theirs, rel=0.02)


def test_rank_auc_is_the_mann_whitney_statistic() -> None:
    random = np.random.default_rng(0)
    a, b = random.integers(0, 5, 50).astype(float), random.integers(1, 6, 40).astype(float)
    assert rank_auc(a, b) == pytest.approx(stats.mannwhitneyu(b, a).statistic / (a.size * b.size))


def test_cosine_distance_of_centroids() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(0.3, 1, size=(50, 6)), random.normal(-0.1, 1, size=(40, 6))
    theirs = distance.cosine(a.mean(axis=0), b.mean(axis=0))
    assert cosine_centroid_shift(VectorMoments.of(a), VectorMoments.of(b)) == pytest.approx(theirs)
