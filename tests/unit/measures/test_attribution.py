"""Order of features: laws, and scikit-learn's own NDCG."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.measures.attribution import ndcg_interval, normalised_discounted_cumulative_gain, rank_moves
from monitoring_core.stats.attribution import Attributions

IMPORTANCES = st.lists(
    st.tuples(*[st.floats(0, 10).map(lambda value: round(value, 1))] * 2), min_size=2, max_size=12
).filter(lambda pairs: any(a for a, _ in pairs) and any(b for _, b in pairs))


@given(pairs=IMPORTANCES)
def test_it_is_scikit_learns_ndcg(pairs: list[tuple[float, float]]) -> None:
    baseline, current = (list(side) for side in zip(*pairs, strict=True))

    found = normalised_discounted_cumulative_gain(baseline, current)

    assert found == pytest.approx(ndcg_score([baseline], [current]), abs=1e-12)
    assert 0 < found <= 1 + 1e-12


@given(pairs=IMPORTANCES, data=st.data())
def test_neither_the_order_of_the_columns_nor_the_unit_counts(
    pairs: list[tuple[float, float]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(pairs))
    first, second = (
        normalised_discounted_cumulative_gain(*(np.array(side) * unit for side in zip(*some, strict=True)))
        for some, unit in ((pairs, 1.0), (shuffled, -8.0))
    )
    assert first == pytest.approx(second, abs=1e-12)


@given(pairs=IMPORTANCES)
def test_moves_cancel_out(pairs: list[tuple[float, float]]) -> None:
    baseline, current = zip(*pairs, strict=True)

    assert rank_moves(baseline, current).sum() == 0
    assert not rank_moves(baseline, baseline).any()


@pytest.mark.parametrize("sides", [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([math.nan, 1], [1, 2]), ([], [])])
def test_no_importance_has_no_order(sides: tuple[list[float], list[float]]) -> None:
    assert math.isnan(normalised_discounted_cumulative_gain(*sides))


def test_different_features_are_refused() -> None:
    with pytest.raises(IncompatibleStatesError, match="different features"):
        normalised_discounted_cumulative_gain([1, 2], [1, 2, 3])


def test_the_interval_holds_the_value_of_other_samples_and_narrows() -> None:
    random = np.random.default_rng(0)
    scales = np.array([1.0, 0.95, 0.9, 0.2])

    def sample(rows: int) -> Attributions:
        return Attributions.of(random.normal(size=(rows, 1, 4)) * scales)

    few, many = sample(60), sample(6000)
    low, high = ndcg_interval(sample(6000), few, 0)
    inside = 0
    for _ in range(100):
        scored = normalised_discounted_cumulative_gain(sample(6000).mean()[0], sample(60).mean()[0])
        inside += low - 1e-12 <= scored <= high + 1e-12
    assert inside >= 90
    narrow = ndcg_interval(sample(6000), many, 0)
    assert narrow[1] - narrow[0] < high - low
    assert all(map(math.isnan, ndcg_interval(Attributions(), few, 0)))


@given(st.integers(1, 4))
def test_an_attribution_of_nothing_changes_nothing(outputs: int) -> None:
    state = Attributions.of(np.ones((3, outputs, 2)))

    merged = state.merge(Attributions.of(np.zeros((0, outputs, 2)), unexplained=4))

    assert merged.unexplained == 4
    assert np.array_equal(merged.mean(), state.mean())
    with pytest.raises(IncompatibleStatesError):
        state.merge(Attributions.of(np.ones((1, outputs, 3))))
