"""Laws of the bias metrics, and the flip test's neighbours against a plain search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitoring_core.measures.bias import METRICS, BiasMetric, FacetTable, Flips, interval
from monitoring_core.measures.bias.intervals import measure
from monitoring_core.measures.bias.neighbours import positive_votes

COUNTS = st.lists(st.integers(0, 40), min_size=16, max_size=16)
SIGNED = [m for m in METRICS if m.name in {"CI", "DPL", "DPPL", "AD", "RD", "SD", "DAR", "DRR", "DCA", "DCR", "TE"}]
# GE and FT do not compare outcomes of two groups; for CDDL and CDDPL an empty side of a group counts as 0.
PAIRED = [m for m in METRICS if m.name not in {"GE", "FT", "CDDL", "CDDPL"}]
BOUNDED = {"CI", "DPL", "DPPL", "AD", "RD", "SD", "DAR", "DRR", "CDDL", "CDDPL", "LP", "TVD", "KS"}

each_metric = pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])


def table(counts: list[int], *, times: int = 1, swapped: bool = False) -> FacetTable:
    cells = np.array(counts).reshape(2, 2, 2, 2) * times
    return FacetTable(cells[::-1] if swapped else cells, 2, Flips(3 * times, 5 * times, 40 * times))


@each_metric
@settings(max_examples=60, deadline=None)
@given(counts=COUNTS)
def test_only_shares_matter_not_the_number_of_rows(metric: BiasMetric, counts: list[int]) -> None:
    (value, reason), (often, same_reason) = (measure(metric, table(counts, times=times)) for times in (1, 7))

    assert value == pytest.approx(often, rel=1e-9, abs=1e-12, nan_ok=True)
    assert reason == same_reason


@pytest.mark.parametrize("metric", SIGNED, ids=[metric.name for metric in SIGNED])
@settings(max_examples=60, deadline=None)
@given(counts=COUNTS)
def test_when_the_groups_change_places_the_sign_does(metric: BiasMetric, counts: list[int]) -> None:
    value, other = (measure(metric, table(counts, swapped=swapped))[0] for swapped in (False, True))

    assert value == pytest.approx(-other, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("metric", PAIRED, ids=[metric.name for metric in PAIRED])
@settings(max_examples=40, deadline=None)
@given(half=st.lists(st.integers(0, 40), min_size=8, max_size=8))
def test_equal_groups_are_at_parity(metric: BiasMetric, half: list[int]) -> None:
    value, _ = measure(metric, table(half * 2))
    assume(not math.isnan(value))

    assert value == pytest.approx(1.0 if metric.name == "DI" else 0.0, abs=1e-12)


@each_metric
@settings(max_examples=60, deadline=None)
@given(counts=COUNTS)
def test_values_stay_in_their_range_within_their_interval(metric: BiasMetric, counts: list[int]) -> None:
    value, reason = measure(metric, table(counts))
    if math.isnan(value):
        assert reason
        return
    low, high = interval(metric, table(counts), value, 0.95)

    assert low <= value <= high
    if metric.name in BOUNDED:
        assert abs(value) <= math.sqrt(2) + 1e-12


@pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])
def test_intervals_hold_the_truth_as_often_as_they_say(metric: BiasMetric) -> None:
    """95 % intervals over 300 samples of 2,000 rows; at least 90 % must hold the population's value."""
    random = np.random.default_rng(7)
    shares = random.dirichlet(np.full(16, 3.0))
    truth, _ = measure(metric, table((shares * 1e9).astype(int).tolist()))
    held = 0
    for _ in range(300):
        sample = table(random.multinomial(2000, shares).tolist())
        value, _ = measure(metric, sample)
        low, high = interval(metric, sample, value, 0.95)
        held += low <= truth <= high

    assert held >= 270


def test_an_empty_cell_is_not_taken_for_certain() -> None:
    """Nobody of 40 advantaged rows is predicted positive: the ratio is infinite, its interval is not one point."""
    counts = np.array([[[[20, 0], [20, 0]]], [[[18, 2], [18, 2]]]])
    metric = next(metric for metric in METRICS if metric.name == "DI")

    low, high = interval(metric, FacetTable(counts), math.inf, 0.99)

    assert 0 < low < 10
    assert high == math.inf


@settings(max_examples=60, deadline=None)
@given(data=st.data(), features=st.integers(1, 4), size=st.integers(5, 120), k=st.sampled_from([1, 5]))
def test_neighbours_are_those_of_a_plain_search(data: st.DataObject, features: int, size: int, k: int) -> None:
    """Small integers make many ties and many equal rows."""
    seed = data.draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    spread = data.draw(st.sampled_from([3, 1000]))
    points = random.integers(0, spread, (size, features)).astype(float)
    queries = random.integers(0, spread, (17, features)).astype(float)
    positive, counts = random.random(size) < 0.5, random.integers(1, 4, size)

    votes = positive_votes(points, positive, counts, queries, k)

    assert votes == pytest.approx(plain_votes(points, positive, counts, queries, k))


def plain_votes(
    points: NDArray[np.float64],
    positive: NDArray[np.bool_],
    counts: NDArray[np.int64],
    queries: NDArray[np.float64],
    k: int,
) -> list[float]:
    rows, answers = np.repeat(points, counts, axis=0), np.repeat(positive, counts)
    votes = []
    for query in queries:
        squares = ((rows - query) ** 2).sum(axis=1)
        last = np.sort(squares)[k - 1]
        inside, tied = squares < last, squares == last
        votes.append(answers[inside].sum() + (k - inside.sum()) * answers[tied].mean())
    return votes


def test_many_rows_have_exact_neighbours_too() -> None:
    """More points than one block and one window hold."""
    random = np.random.default_rng(3)
    points = random.normal(size=(4000, 3)) * [100.0, 1.0, 1.0]
    queries = random.normal(size=(600, 3)) * [100.0, 1.0, 1.0]
    positive, counts = random.random(4000) < 0.5, np.ones(4000, dtype=np.int64)

    assert positive_votes(points, positive, counts, queries, 5) == pytest.approx(
        plain_votes(points, positive, counts, queries, 5)
    )
