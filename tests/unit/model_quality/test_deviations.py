"""Standard deviations are those that repeating the experiment shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.model_quality import BinaryQuality, MulticlassQuality, RegressionQuality
from monitoring_core.monitors.windows import take
from monitoring_core.spec import ModelQualitySpec
from tests.unit.model_quality.tables import batch, scored

BINARY = ModelQualitySpec(
    problem_type="BinaryClassification", probability_attribute="probability", ground_truth_attribute="label"
)
MULTICLASS = ModelQualitySpec(
    problem_type="MulticlassClassification", inference_attribute="guess", ground_truth_attribute="label"
)
REGRESSION = ModelQualitySpec(problem_type="Regression", inference_attribute="guess", ground_truth_attribute="label")


def of_classes(rows: int, seed: int) -> Batch:
    random = np.random.default_rng(seed)
    labels = random.choice(3, rows, p=[0.6, 0.3, 0.1])
    guesses = np.where(random.random(rows) < 0.8, labels, random.choice(3, rows))
    return batch(label=labels.tolist(), guess=guesses.tolist())


def of_numbers(rows: int, seed: int) -> Batch:
    random = np.random.default_rng(seed)
    labels = random.gamma(3, 20, rows)
    return batch(label=labels.tolist(), guess=(labels + random.normal(0, 1 + labels / 20)).tolist())


CASES: dict[str, Any] = {
    "binary": (
        BinaryQuality,
        BINARY,
        lambda rows, seed: scored(rows, seed=seed),
        ("auc", "f1", "precision", "accuracy"),
    ),
    "multiclass": (MulticlassQuality, MULTICLASS, of_classes, ("accuracy", "weighted_f1", "weighted_precision")),
    "regression": (RegressionQuality, REGRESSION, of_numbers, ("mae", "mse", "rmse", "r2", "mean_error")),
}


def measured(monitor: Any, rows: Batch) -> dict[str, Any]:
    return {m.metric: m for m in monitor.measure(profile(monitor, [rows]))}


@pytest.mark.parametrize("problem", CASES)
def test_the_deviation_is_that_of_repeated_windows(problem: str) -> None:
    make, spec, sample, metrics = CASES[problem]
    windows = [measured(make(spec), sample(1000, seed)) for seed in range(60)]

    for metric in metrics:
        seen = np.std([window[metric].value for window in windows], ddof=1)
        said = np.mean([window[metric].standard_deviation for window in windows])
        assert said == pytest.approx(seen, rel=0.4), metric
        centre = np.mean([window[metric].value for window in windows])
        covered = sum(window[metric].interval[0] <= centre <= window[metric].interval[1] for window in windows)
        assert covered >= 58, metric


@pytest.mark.parametrize("problem", CASES)
def test_amazons_deviations_are_half_as_large_and_none_below_200_rows(problem: str) -> None:
    make, spec, sample, metrics = CASES[problem]
    windows = [sample(1000, seed) for seed in range(20)]

    ratios = [
        measured(make(spec, compat=True), rows)[metrics[0]].standard_deviation
        / measured(make(spec), rows)[metrics[0]].standard_deviation
        for rows in windows
    ]

    assert np.mean(ratios) == pytest.approx(0.5, rel=0.25)
    few = measured(make(spec, compat=True), sample(199, 0))
    assert all(m.standard_deviation is None for m in few.values())


@settings(max_examples=10, deadline=None)
@given(order=st.randoms(use_true_random=False), cut=st.integers(0, 300))
@pytest.mark.parametrize("problem", CASES)
def test_the_same_rows_in_any_order_give_the_same_numbers(problem: str, order: Any, cut: int) -> None:
    make, spec, sample, _ = CASES[problem]
    whole, monitor = sample(300, 0), make(spec)
    places = list(range(300))
    order.shuffle(places)
    parts = [take(whole, np.array(part, dtype=np.intp)) for part in (places[:cut], places[cut:])]

    shuffled = {m.metric: m for m in monitor.measure(profile(monitor, parts))}

    for metric, expected in measured(monitor, whole).items():
        got = shuffled[metric]
        assert (got.value, got.n) == (pytest.approx(expected.value, nan_ok=True), expected.n)
        assert got.standard_deviation == pytest.approx(expected.standard_deviation)


def test_an_area_from_cells_says_how_far_it_may_be_off() -> None:
    rows = scored(20_000)
    exact = measured(BinaryQuality(BINARY, compat=True), rows)["auc"].value
    auc = measured(BinaryQuality(BINARY), rows)["auc"]

    assert auc.value != exact
    assert abs(auc.value - exact) < 1e-4
    assert (auc.interval[1] - auc.interval[0]) / 2 > 3 * auc.standard_deviation


def test_what_is_undefined_is_not_zero_and_has_no_deviation() -> None:
    rows = batch(probability=[0.1, 0.2], label=[0, 0])

    found = measured(BinaryQuality(BINARY), rows)
    as_amazon = measured(BinaryQuality(BINARY, compat=True), rows)

    for metric in ("precision", "recall", "auc", "f1"):
        assert math.isnan(found[metric].value), metric
        assert found[metric].standard_deviation is None
        assert as_amazon[metric].value == 0
    assert found["accuracy"].value == 1
