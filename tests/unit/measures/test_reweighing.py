"""Weights that make a group and a label independent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.errors import DataError
from monitoring_core.measures.reweighing import reweighing

Rows = list[tuple[int, int]]
CELLS = [(group, label) for group in range(3) for label in range(2)]
rows = st.lists(st.sampled_from(CELLS), max_size=60).map(lambda more: CELLS + more)


@given(rows)
def test_group_and_label_are_independent_after_weighting(pairs: Rows) -> None:
    groups, labels = (np.array(side) for side in zip(*pairs, strict=True))
    weights = reweighing(groups, labels)
    total = weights.sum()
    for group, label in CELLS:
        inside, positive = groups == group, labels == label
        joint = weights[inside & positive].sum() / total
        assert joint == pytest.approx(weights[inside].sum() * weights[positive].sum() / total**2)


@given(rows)
def test_the_sizes_of_groups_and_labels_stay(pairs: Rows) -> None:
    groups, labels = (np.array(side) for side in zip(*pairs, strict=True))
    weights = reweighing(groups, labels)
    assert (weights > 0).all()
    for values in (groups, labels):
        for value in np.unique(values):
            assert weights[values == value].sum() == pytest.approx((values == value).sum())


@given(rows)
def test_it_is_the_formula_row_by_row(pairs: Rows) -> None:
    groups, labels = zip(*pairs, strict=True)
    expected = [groups.count(a) * labels.count(y) / len(pairs) / pairs.count((a, y)) for a, y in pairs]
    assert reweighing(groups, labels).tolist() == pytest.approx(expected)


def test_without_bias_every_row_weighs_one() -> None:
    assert reweighing(["a", "a", "b", "b"], [0, 1, 0, 1]).tolist() == [1, 1, 1, 1]


def test_a_group_that_lacks_a_label_is_refused() -> None:
    with pytest.raises(DataError, match="no row of the group b has the label 1, so no weights make"):
        reweighing(["a", "a", "b"], [0, 1, 0])


def test_lengths_must_match() -> None:
    with pytest.raises(DataError, match="got 2 and 1"):
        reweighing([0, 1], [0])
