"""Comparing two models on the same labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from functions.pipeline_steps.compare import (
    Floats,
    Holdout,
    area_under_curve,
    compare,
    improvement_interval,
    log_loss,
)


def holdout(labels: ArrayLike, groups: ArrayLike | None = None) -> Holdout:
    truth = np.asarray(labels)
    return Holdout(truth, np.arange(truth.size) if groups is None else np.asarray(groups), "a", "b")


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=40))
def test_area_under_curve_is_the_share_of_ordered_pairs(pairs: list[tuple[int, int]]) -> None:
    positive = [s for label, s in pairs if label]
    negative = [s for label, s in pairs if not label]
    area = area_under_curve(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], dtype=float))
    if not positive or not negative:
        assert math.isnan(area)
        return
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    assert area == pytest.approx(wins / (len(positive) * len(negative)))


def test_a_weight_counts_like_a_copy() -> None:
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.3, 0.2, 0.1, 0.9])
    copied = area_under_curve(np.append(labels, 1), np.append(scores, 0.2))
    assert area_under_curve(labels, scores, np.array([1.0, 2.0, 1.0, 1.0])) == pytest.approx(copied)


def test_log_loss_of_a_certain_error_is_finite() -> None:
    assert math.isfinite(log_loss(np.array([1]), np.array([0.0])))


def test_a_better_model_is_better_beyond_chance_and_an_equal_one_is_not() -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(2, size=2000)
    noise = generator.normal(size=2000)
    weak, strong = (labels + spread * noise for spread in (4.0, 1.0))
    better = compare(holdout(labels), _probability(weak), _probability(strong))
    assert better["improvement"]["lower"] > 0
    lower, upper = improvement_interval(holdout(labels), weak, weak)
    assert (lower, upper) == (0.0, 0.0)


def test_rows_of_one_request_are_not_independent_evidence() -> None:
    generator = np.random.default_rng(2)
    labels = np.repeat(generator.integers(2, size=50), 40)
    before = labels.astype(float) + np.repeat(generator.normal(size=50), 40)
    after = labels.astype(float) + np.repeat(generator.normal(size=50), 40)
    alone = improvement_interval(holdout(labels), before, after)
    together = improvement_interval(holdout(labels, np.repeat(np.arange(50), 40)), before, after)
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_the_interval_is_the_same_every_time() -> None:
    data = holdout([0, 1, 0, 1, 1, 0])
    scores = np.array([0.1, 0.8, 0.4, 0.3, 0.9, 0.2])
    assert improvement_interval(data, scores, scores[::-1]) == improvement_interval(data, scores, scores[::-1])


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="all 2 held-out labels are 1; comparing needs both classes"):
        compare(holdout([1, 1]), np.array([0.1, 0.2]), np.array([0.1, 0.2]))


def _probability(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
