"""Comparing two models on the same labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from functions.pipeline_steps.compare import Holdout, compare, decide, improvement_interval
from functions.pipeline_steps.holdout import as_batch
from functions.pipeline_steps.metrics import LOSSES, Weighted, measures_of
from infra.config.comparison import METRICS
from infra.config.monitors.model_quality import PROBLEM_TYPES
from monitoring_core.errors import ConfigError, DataError
from monitoring_core.spec import ModelQualitySpec, ProblemType

SPECS = {
    ProblemType.BINARY: ModelQualitySpec(
        problem_type=ProblemType.BINARY, probability_attribute="p", ground_truth_attribute="y"
    ),
    ProblemType.MULTICLASS: ModelQualitySpec(
        problem_type=ProblemType.MULTICLASS, inference_attribute="p", ground_truth_attribute="y"
    ),
    ProblemType.REGRESSION: ModelQualitySpec(
        problem_type=ProblemType.REGRESSION, inference_attribute="p", ground_truth_attribute="y"
    ),
}
EVERY = [(PROBLEM_TYPES[problem], metric) for problem, metrics in METRICS.items() for metric in metrics]
ROWS = 200


def measures(spec: ModelQualitySpec, labels: Sequence[object], answers: Sequence[object]) -> dict[str, Weighted]:
    return measures_of(spec, as_batch({"p": tuple(map(str, answers)), "y": tuple(map(str, labels))}))


def holdout(rows: int, requests: ArrayLike | None = None) -> Holdout:
    return Holdout(np.arange(rows) if requests is None else np.asarray(requests), "a", "b")


def models(problem: ProblemType, seed: int) -> tuple[list[object], list[object], list[object]]:
    """Labels, and the answers of a model and of one that comes closer to the label in every row in which it can."""
    random = np.random.default_rng(seed)
    right = random.random(ROWS) < 0.5
    if problem is ProblemType.REGRESSION:
        numbers, errors = random.normal(size=ROWS), random.normal(size=ROWS)
        return numbers.tolist(), (numbers + errors).tolist(), (numbers + errors / 2).tolist()
    if problem is ProblemType.MULTICLASS:
        classes, names = random.integers(4, size=ROWS), np.array(["a", "b", "c", "d"])
        weak = np.where(right, classes, (classes + 1) % 4)
        strong = np.where(random.random(ROWS) < 0.5, classes, weak)
        return names[classes].tolist(), names[weak].tolist(), names[strong].tolist()
    labels = random.integers(2, size=ROWS)
    scores = np.clip(random.normal(0.5, 0.2, ROWS), 0.05, 0.95)
    return labels.tolist(), scores.tolist(), (scores + (labels - scores) / 2).tolist()


@pytest.mark.parametrize(("problem", "metric"), EVERY)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32), per_request=st.integers(1, 4))
def test_a_model_is_never_better_than_itself(problem: ProblemType, metric: str, seed: int, per_request: int) -> None:
    labels, answers, _ = models(problem, seed)
    same = measures(SPECS[problem], labels, answers)
    result = compare(holdout(ROWS, np.arange(ROWS) // per_request), metric, same, same)
    improvement = result["improvement"]
    assert (improvement["value"], improvement["lower"], improvement["upper"]) == (0, 0, 0)
    assert not decide(result, 0.0)["better"]


@pytest.mark.parametrize(("problem", "metric"), EVERY)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_model_that_is_closer_to_every_label_is_better_and_the_other_way_round_worse(
    problem: ProblemType, metric: str, seed: int
) -> None:
    labels, *answers = models(problem, seed)
    weak, strong = (measures(SPECS[problem], labels, side) for side in answers)
    better, worse = (compare(holdout(ROWS), metric, *pair) for pair in ((weak, strong), (strong, weak)))
    assert better["improvement"]["lower"] > 0
    assert decide(better, 0.0)["better"]
    assert worse["improvement"]["upper"] < 0
    sign = ">" if metric in LOSSES else "<"
    assert f" {sign} " in decide(worse, 0.0)["reason"]


@pytest.mark.parametrize(("problem", "metric"), EVERY)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_row_that_counts_twice_is_like_a_copy(problem: ProblemType, metric: str, seed: int) -> None:
    labels, answers, _ = models(problem, seed)
    weights = np.random.default_rng(seed).integers(3, size=ROWS)
    places = np.repeat(np.arange(ROWS), weights).tolist()
    copied = measures(SPECS[problem], [labels[i] for i in places], [answers[i] for i in places])
    weighed = measures(SPECS[problem], labels, answers)[metric](weights.astype(float))
    assert weighed == pytest.approx(copied[metric](np.ones(len(places))))


def test_what_the_configuration_allows_is_what_is_measured() -> None:
    for problem, allowed in METRICS.items():
        spec = SPECS[PROBLEM_TYPES[problem]]
        assert set(measures(spec, [0, 1], [0, 1])) == set(allowed), problem


def test_a_wider_demand_is_named_in_the_unit_of_the_metric() -> None:
    labels, *answers = models(ProblemType.REGRESSION, 1)
    result = compare(holdout(ROWS), "mae", *(measures(SPECS[ProblemType.REGRESSION], labels, side) for side in answers))
    before, after = result["champion"]["mae"], result["challenger"]["mae"]
    assert result["improvement"]["value"] == before - after > 0
    refused = decide(result, before)
    assert refused["reason"] == f"MAE {after:.4g} vs {before:.4g} is not better by more than {before:g} beyond chance"


def test_rows_of_one_request_are_not_independent_evidence() -> None:
    random = np.random.default_rng(2)
    labels = np.repeat(random.integers(2, size=50).astype(float), 40)
    before, after = (_probability(labels + np.repeat(random.normal(size=50), 40)) for _ in range(2))
    sides = [measures(SPECS[ProblemType.BINARY], labels.tolist(), side.tolist())["auc"] for side in (before, after)]
    alone = improvement_interval(np.arange(2000), "auc", *sides)
    together = improvement_interval(np.repeat(np.arange(50), 40), "auc", *sides)
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_the_interval_is_the_same_every_time() -> None:
    labels, *answers = models(ProblemType.BINARY, 3)
    sides = [measures(SPECS[ProblemType.BINARY], labels, side)["auc"] for side in answers]
    first, second = (improvement_interval(np.arange(ROWS), "auc", *sides) for _ in range(2))
    assert first == second


def test_labels_of_one_class_have_no_area_under_a_curve() -> None:
    side = measures(SPECS[ProblemType.BINARY], [1, 1], [0.1, 0.2])
    with pytest.raises(DataError, match="the champion's auc is undefined on 2 held-out rows"):
        compare(holdout(2), "auc", side, side)


def test_scores_that_are_no_probabilities_are_ranked_but_have_no_log_loss() -> None:
    side = measures(SPECS[ProblemType.BINARY], [0, 1], [-3, 7])
    result = compare(holdout(2), "auc", side, side)
    assert (result["champion"]["auc"], result["champion"]["log_loss"]) == (1.0, None)
    with pytest.raises(DataError, match="the champion's log_loss is undefined"):
        compare(holdout(2), "log_loss", side, side)


def test_the_log_loss_of_a_certain_error_is_finite() -> None:
    assert math.isfinite(measures(SPECS[ProblemType.BINARY], [1], [0])["log_loss"](np.ones(1)))


def test_classes_of_two_have_any_names() -> None:
    spec = ModelQualitySpec(problem_type=ProblemType.BINARY, inference_attribute="p", ground_truth_attribute="y")
    named = spec.model_copy(update={"positive_label": "no"})
    labels, answers = ["no", "yes", "yes"], ["no", "no", "yes"]
    assert measures(named, labels, answers)["f1"](np.ones(3)) == pytest.approx(2 / 3)
    with pytest.raises(ConfigError, match="the models' answers give no 'auc'; they give: accuracy, f1"):
        compare(holdout(3), "auc", *[measures(named, labels, answers)] * 2)


@pytest.mark.parametrize("problem", ProblemType)
def test_a_model_that_does_not_answer_a_row_is_not_compared(problem: ProblemType) -> None:
    with pytest.raises(DataError, match="1 of 2 held-out rows have a label or an answer that is missing"):
        measures(SPECS[problem], [0, 1], [0, ""])


def _probability(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)))
