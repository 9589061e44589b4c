"""KernelSHAP: exact where all coalitions fit, additive always, and within its budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.errors import ConfigError, DataError
from monitoring_core.explain import Background, CallableModel, Explainer, LinearModel, Link, logit
from monitoring_core.explain.kernel_shap import kernel_shap
from monitoring_core.explain.model import logistic
from tests.unit.explain.brute_force import shapley_values

Floats = np.ndarray[Any, np.dtype[np.float64]]


def curved(rows: Floats) -> Floats:
    """Two outputs with interactions."""
    return np.stack([rows[:, 0] * rows[:, 1] + rows[:, 2], logistic(rows.sum(axis=1))], axis=1)


class Counting:
    """A model that counts the rows it is asked about."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, rows: Floats) -> Floats:
        self.rows += len(rows)
        return logistic(rows.sum(axis=1))


def table(seed: int, rows: int, features: int) -> Floats:
    return np.random.default_rng(seed).normal(size=(rows, features))


@settings(max_examples=20, deadline=None)
@given(features=st.integers(3, 6), seed=st.integers(0, 10**6))
def test_with_all_coalitions_it_is_the_definition(features: int, seed: int) -> None:
    rows, background = table(seed, 3, features), Background.of(table(seed + 1, 2, features))

    found = kernel_shap(CallableModel(curved), rows, background, num_samples=10**6)

    assert found.values == pytest.approx(shapley_values(curved, rows, background), abs=1e-10)


@settings(max_examples=20, deadline=None)
@given(features=st.integers(1, 40), samples=st.integers(1, 300), use_logit=st.booleans())
def test_attributions_add_up_however_few_coalitions(features: int, samples: int, use_logit: bool) -> None:
    model = CallableModel(lambda rows: logistic(rows.sum(axis=1)))
    rows, background = table(1, 4, features), Background.of(table(2, 2, features))

    found = kernel_shap(model, rows, background, num_samples=samples, use_logit=use_logit)

    scores = model.predict(rows)
    assert found.values.sum(axis=2) + found.expected == pytest.approx(logit(scores) if use_logit else scores, abs=1e-8)


def test_an_additive_model_is_exact_from_a_sample_too() -> None:
    weights = np.linspace(-1, 1, 30)
    rows, background = table(1, 5, 30), Background.of(table(2, 3, 30))

    found = kernel_shap(CallableModel(lambda rows: rows @ weights), rows, background, num_samples=200)

    assert found.values[:, 0] == pytest.approx(weights * (rows - background.weights @ background.rows), abs=1e-9)


def test_more_coalitions_come_nearer() -> None:
    model, rows = CallableModel(lambda rows: logistic(rows.sum(axis=1) * 2)), table(1, 20, 12)
    background = Background.of(np.zeros((1, 12)))
    exact = kernel_shap(model, rows, background, num_samples=10**6).values

    errors = [
        float(np.abs(kernel_shap(model, rows, background, num_samples=size).values - exact).max())
        for size in (30, 300, 3000)
    ]

    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.02


def test_the_same_call_gives_the_same_and_another_seed_does_not() -> None:
    model, rows, background = CallableModel(curved), table(1, 4, 20), Background.of(table(2, 2, 20))

    first, again, other = (
        kernel_shap(model, rows, background, num_samples=100, seed=seed).values[:, 1] for seed in (0, 0, 1)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_rows_attributions_do_not_depend_on_the_other_rows() -> None:
    model, rows, background = CallableModel(curved), table(1, 9, 20), Background.of(table(2, 3, 20))

    together = kernel_shap(model, rows, background, num_samples=100).values

    for index in range(9):
        alone = kernel_shap(model, rows[[index]], background, num_samples=100).values
        assert together[[index]] == pytest.approx(alone, abs=1e-12)


def test_equal_rows_are_asked_once() -> None:
    model = Counting()
    background, rows = Background.of(np.zeros((1, 10))), np.zeros((50, 10))
    rows[:, 0] = np.arange(50) % 2  # two different rows; nine features are as in the background

    kernel_shap(CallableModel(model), rows, background, num_samples=10**6)

    assert model.rows <= 2 + 50 + 1


def test_the_budget_holds() -> None:
    model = Counting()
    records = table(2, 200, 10)
    explainer = Explainer.of(CallableModel(model), Background.of(records), rows=20, max_model_rows=50_000)

    explainer.explain(table(1, 20, 10))

    assert model.rows <= 50_000 + 20 + 200
    assert len(explainer.background) >= 10


def test_a_budget_that_is_too_small_is_refused_with_the_number_it_takes() -> None:
    with pytest.raises(ConfigError, match="needs at least 4000 model rows, the budget is 100"):
        Explainer.of(CallableModel(curved), Background.of(table(1, 10, 10)), rows=20, max_model_rows=100)


def test_a_logistic_model_is_exact_in_both_units() -> None:
    model = LinearModel(table(1, 1, 8), np.array([0.3]), Link.LOGISTIC)
    rows, background = table(2, 6, 8), Background.of(table(3, 2, 8))

    for use_logit, score in ((True, model.raw), (False, model.predict)):
        found = Explainer.of(model, background, rows=6, use_logit=use_logit).explain(rows)
        assert found.values == pytest.approx(shapley_values(score, rows, background), abs=1e-10)


def test_a_linear_model_gives_what_its_predictions_give() -> None:
    """The short cut for linear models and the way through predictions are the same game."""
    model = LinearModel(table(1, 3, 6), table(2, 1, 3)[0], Link.SOFTMAX)
    rows, background = table(2, 6, 6), Background.of(table(3, 4, 6))

    short, long = (
        kernel_shap(m, rows, background, num_samples=100).values for m in (model, CallableModel(model.predict))
    )

    assert short == pytest.approx(long, abs=1e-12)


def test_a_model_that_answers_with_another_number_of_scores_is_refused() -> None:
    with pytest.raises(DataError, match=r"answered 3 rows with scores of shape \(2,\)"):
        CallableModel(lambda rows: rows[:2, 0]).predict(np.zeros((3, 2)))
