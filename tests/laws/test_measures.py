"""Every comparison of two samples: no difference is zero, no rows are undefined, names do not matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import monitoring_core.measures.bias as measures
from monitoring_core.measures.correlation import largest_correlation_shift
from monitoring_core.measures.distance import (
    chi_square,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
)
from monitoring_core.measures.divergence import hellinger, kullback_leibler, total_variation
from monitoring_core.measures.shift import mean_shift
from monitoring_core.measures.two_samples import chi_square_homogeneity, kolmogorov_smirnov_p_value
from monitoring_core.measures.wasserstein import wasserstein, wasserstein_samples
from monitoring_core.stats.co_moments import CoMoments
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.moments import Moments

Counts = list[int]


def histograms(reference: Counts, current: Counts) -> tuple[Histogram, Histogram]:
    """Take bin i as the value i."""
    edges = np.arange(len(reference), dtype=float)
    return tuple(Histogram.of(np.repeat(edges, counts), edges) for counts in (reference, current))  # type: ignore[return-value]


def values(counts: Counts) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.repeat(np.arange(len(counts), dtype=float), counts)


def named(counts: Counts) -> dict[str, int]:
    return {f"bin {i}": count for i, count in enumerate(counts)}


def ks_p_value(reference: Counts, current: Counts) -> float:
    return kolmogorov_smirnov_p_value(kolmogorov_smirnov(*histograms(reference, current)), sum(current), sum(reference))


def bias(measure: Callable[[Counts, Counts], float]) -> Callable[[Counts, Counts], float]:
    """Clarify's divergences say in words why they are undefined."""

    def value(reference: Counts, current: Counts) -> float:
        try:
            return measure(reference, current)
        except measures.UndefinedBiasError:
            return math.nan

    return value


@dataclass(frozen=True)
class Measure:
    """A number from two sets of counts over the same bins.

    `identical` is what it says about equal shares; `is_symmetric` whether the sides can change places;
    `is_ordered` whether the order of the bins counts.
    """

    of: Callable[[Counts, Counts], float]
    lower: float = 0.0
    upper: float = math.inf
    identical: float = 0.0
    is_symmetric: bool = True
    is_ordered: bool = False


ALL_MEASURES = {
    "psi": Measure(population_stability_index),
    "kl": Measure(kullback_leibler, is_symmetric=False),
    "js": Measure(jensen_shannon, upper=1.0),
    "hellinger": Measure(hellinger, upper=1.0),
    "total_variation": Measure(total_variation, upper=1.0),
    "l_infinity": Measure(lambda a, b: l_infinity(named(a), named(b)), upper=1.0),
    "ks": Measure(lambda a, b: kolmogorov_smirnov(*histograms(a, b)), upper=1.0, is_ordered=True),
    "wasserstein": Measure(lambda a, b: wasserstein(*histograms(a, b)), is_ordered=True),
    "wasserstein_samples": Measure(lambda a, b: wasserstein_samples(values(a), values(b)), is_ordered=True),
    "ks p-value": Measure(ks_p_value, upper=1.0, identical=1.0, is_ordered=True),
    "homogeneity p-value": Measure(lambda a, b: chi_square_homogeneity(a, b)[1], upper=1.0, identical=1.0),
    "chi-square p-value": Measure(
        lambda a, b: chi_square(named(a), named(b))[1], upper=1.0, identical=1.0, is_symmetric=False, is_ordered=True
    ),
    "bias js": Measure(bias(measures.jensen_shannon), upper=math.log(2)),
    "bias kl": Measure(bias(measures.kullback_leibler), lower=-math.inf, is_symmetric=False),
    "bias lp": Measure(bias(measures.lp_norm), upper=math.sqrt(2)),
    "bias tvd": Measure(bias(measures.total_variation), upper=1.0),
    "bias ks": Measure(bias(measures.kolmogorov_smirnov), upper=1.0),
    "mean_shift": Measure(
        lambda a, b: mean_shift(Moments.of(values(a)), Moments.of(values(b))),
        lower=-math.inf,
        is_symmetric=False,
        is_ordered=True,
    ),
}


def each(measures: dict[str, Measure]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("measure", measures.values(), ids=measures.keys())


each_measure = each(ALL_MEASURES)
each_symmetric = each({name: measure for name, measure in ALL_MEASURES.items() if measure.is_symmetric})
each_unordered = each({name: measure for name, measure in ALL_MEASURES.items() if not measure.is_ordered})

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=8)


def sides(pairs: list[tuple[int, int]]) -> tuple[Counts, Counts]:
    reference, current = (list(side) for side in zip(*pairs, strict=True))
    assume(sum(reference) and sum(current))
    return reference, current


def same(left: float, right: float) -> bool:
    return (math.isnan(left) and math.isnan(right)) or left == pytest.approx(right, rel=1e-9, abs=1e-7)


@each_measure
@settings(max_examples=50, deadline=None)
@given(pairs=PAIRS)
def test_it_stays_in_its_range(measure: Measure, pairs: list[tuple[int, int]]) -> None:
    value = measure.of(*sides(pairs))
    assert math.isnan(value) or measure.lower <= value <= measure.upper + 1e-12


@each_measure
@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_no_difference_is_no_difference(measure: Measure, counts: Counts) -> None:
    assume(sum(counts))
    value = measure.of(counts, counts)
    assert math.isnan(value) or same(value, measure.identical)  # undefined where one bin has all rows


@each_symmetric
@settings(max_examples=30, deadline=None)
@given(pairs=PAIRS)
def test_sides_change_places_where_they_may(measure: Measure, pairs: list[tuple[int, int]]) -> None:
    reference, current = sides(pairs)
    assert same(measure.of(reference, current), measure.of(current, reference))


@each_unordered
@settings(max_examples=30, deadline=None)
@given(pairs=PAIRS, data=st.data())
def test_names_of_bins_do_not_matter(measure: Measure, pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pairs))
    assert same(measure.of(*sides(pairs)), measure.of(*sides(list(shuffled))))


@each_measure
@pytest.mark.parametrize("empty_side", ["reference", "current"])
def test_no_rows_are_undefined(measure: Measure, empty_side: str) -> None:
    rows, none = [30, 40, 50], [0, 0, 0]
    pair = (none, rows) if empty_side == "reference" else (rows, none)
    assert math.isnan(measure.of(*pair))


@each_measure
def test_a_larger_difference_is_not_smaller(measure: Measure) -> None:
    reference = [200, 200, 200, 200]
    near, far = ([200 - move, 200 - move, 200 + move, 200 + move] for move in (20, 150))
    less, more = measure.of(reference, near), measure.of(reference, far)
    assert (more < less) if measure.identical else (more > less)


def test_a_flipped_correlation_is_found_among_unchanged_ones() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 400, 3))
    x[0, :, 1] += x[0, :, 0]
    x[1, :, 1] -= x[1, :, 0]

    shift, p_value, pair = largest_correlation_shift(*(CoMoments.of(("a", "b", "c"), side) for side in x))

    assert (pair, shift < -1, p_value < 1e-12) == (("a", "b"), True, True)
