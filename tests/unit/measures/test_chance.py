"""What chance explains is what measures of equal distributions are on average, and tests keep their level."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monitoring_core.measures.balance import count_modes
from monitoring_core.measures.distance import jensen_shannon, kolmogorov_smirnov, population_stability_index
from monitoring_core.measures.divergence import (
    chance_hellinger,
    chance_jensen_shannon,
    chance_kullback_leibler,
    chance_psi,
    hellinger,
    kullback_leibler,
)
from monitoring_core.measures.domain_classifier import domain_classifier_auc
from monitoring_core.measures.kernel import maximum_mean_discrepancy
from monitoring_core.measures.two_samples import chi_square_homogeneity, kolmogorov_smirnov_p_value
from monitoring_core.measures.vectors import chance_cosine_shift, cosine_centroid_shift
from monitoring_core.measures.wasserstein import chance_wasserstein, wasserstein
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.vector_moments import VectorMoments

SHARES = np.full(10, 0.1)
REPEATS = 400


@pytest.mark.parametrize(("n", "m"), [(200, 20_000), (2000, 2000)])
def test_divergences_of_equal_distributions(n: int, m: int) -> None:
    random = np.random.default_rng(0)
    pairs = [(random.multinomial(m, SHARES), random.multinomial(n, SHARES)) for _ in range(REPEATS)]

    def mean(of: object, power: int = 1) -> float:
        return float(np.mean([of(*pair) ** power for pair in pairs]))  # type: ignore[operator]

    assert mean(population_stability_index) == pytest.approx(chance_psi(10, n, m), rel=0.12)
    assert mean(kullback_leibler) == pytest.approx(chance_kullback_leibler(10, n, m), rel=0.12)
    assert math.sqrt(mean(jensen_shannon, 2)) == pytest.approx(chance_jensen_shannon(10, n, m), rel=0.1)
    assert math.sqrt(mean(hellinger, 2)) == pytest.approx(chance_hellinger(10, n, m), rel=0.1)


def test_wasserstein_of_equal_distributions() -> None:
    random = np.random.default_rng(0)
    reference = np.sort(random.lognormal(size=4000))
    edges = np.unique(reference)
    histogram = Histogram.of(reference, edges)
    found = [
        wasserstein(histogram, Histogram.of(np.sort(random.lognormal(size=300)), edges)) for _ in range(REPEATS // 2)
    ]
    assert np.mean(found) == pytest.approx(chance_wasserstein(histogram, 300, 4000), rel=0.15)


def test_cosine_shift_of_equal_distributions() -> None:
    random = np.random.default_rng(0)
    sides = [[VectorMoments.of(random.normal(0.5, 1, size=(n, 16))) for n in (2000, 200)] for _ in range(100)]
    found = np.mean([cosine_centroid_shift(*side) for side in sides])
    assert found == pytest.approx(np.mean([chance_cosine_shift(side[0], 200) for side in sides]), rel=0.15)


def test_two_sample_tests_keep_their_level() -> None:
    random = np.random.default_rng(0)
    edges = np.arange(12, dtype=np.float64)

    def draw(n: int) -> Histogram:
        return Histogram.of(np.sort(random.poisson(3, n)).astype(np.float64), edges)

    ks, chi_square = [], []
    for _ in range(REPEATS):
        a, b = draw(2000), draw(150)
        ks.append(kolmogorov_smirnov_p_value(kolmogorov_smirnov(a, b), 150, 2000))
        bins = (np.diff(np.append(0, np.append(h.through, h.total))) for h in (a, b))
        chi_square.append(chi_square_homogeneity(*bins)[1])
    assert np.mean(np.array(ks) < 0.05) <= 0.05  # ties make it careful
    assert np.mean(np.array(chi_square) < 0.05) == pytest.approx(0.05, abs=0.035)


def test_multivariate_tests_keep_their_level() -> None:
    random = np.random.default_rng(0)
    p_values, scores = [], []
    for _ in range(80):
        a, b = random.normal(size=(90, 4)), random.normal(size=(60, 4))
        p_values.append(maximum_mean_discrepancy(a, b, permutations=99)[1])
        auc, error = domain_classifier_auc(a, b)
        scores.append((auc - 0.5) / error)
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.08)
    assert np.std(scores) == pytest.approx(1.0, abs=0.25)
    assert np.mean(np.array(scores) > 3) == 0


def test_a_change_of_spread_alone_is_seen_by_both() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(300, 3)), random.normal(0, 2, size=(300, 3))
    assert maximum_mean_discrepancy(a, b)[1] < 0.01
    auc, error = domain_classifier_auc(a, b)
    assert auc - 4 * error > 0.5


def test_weights_stand_for_equal_rows() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(20, 2)), random.normal(size=(20, 2))
    light, heavy = np.ones(20), np.where(b[:, 0] > 0, 50.0, 1.0)
    unweighted = maximum_mean_discrepancy(a, b, current_weights=light)[0]
    assert unweighted == maximum_mean_discrepancy(a, b)[0]
    assert maximum_mean_discrepancy(a, b, current_weights=heavy)[0] > unweighted


def test_equal_vectors_are_one_point() -> None:
    assert maximum_mean_discrepancy(np.ones((5, 2)), np.ones((6, 2)))[1] == 1.0
    assert maximum_mean_discrepancy(np.ones((9, 2)), np.zeros((9, 2)))[1] < 0.01


def test_peaks() -> None:
    random = np.random.default_rng(0)
    one = np.histogram(random.normal(size=5000), 20)[0]
    two = np.histogram(np.concatenate([random.normal(size=2500), random.normal(6, 1, 2500)]), 20)[0]
    assert (count_modes(one), count_modes(two)) == (1, 2)
