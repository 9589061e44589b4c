"""Where labels and predictions are, and what they mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.errors import ColumnNotFoundError, DataError
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.model_quality import BinaryQuality, MulticlassQuality
from monitoring_core.monitors.model_quality.analysis import make_files
from monitoring_core.monitors.model_quality.columns import find_column, normalise
from monitoring_core.spec import ModelQualitySpec
from tests.unit.analysing import analyse
from tests.unit.model_quality.tables import batch, scored


def matrix_of(spec: ModelQualitySpec, **columns: Any) -> Any:
    files, _ = make_files(spec, [[batch(**columns)]])
    (section,) = (part for name, part in json.loads(files["statistics.json"]).items() if name.endswith("_metrics"))
    return section["confusion_matrix"]


def binary(**given: Any) -> ModelQualitySpec:
    return ModelQualitySpec(
        problem_type="BinaryClassification",
        **{"inference_attribute": "guess", "ground_truth_attribute": "label", **given},
    )


@pytest.mark.parametrize(
    ("attribute", "found"),
    [
        ("score", 0.25),
        ("0", 0.75),
        ("1", 0.25),
        ("predictions[0].score", 0.25),
        ("$.predictions[0]['score']", 0.25),
        ("SageMakerOutput.label", 0.75),
    ],
)
def test_an_attribute_is_a_name_a_position_or_a_path(attribute: str, found: float) -> None:
    assert find_column(batch(SageMakerOutput_label=[0.75], score=[0.25]), attribute).numbers.item() == found


def test_a_name_goes_before_a_position() -> None:
    assert find_column(batch(**{"1": [5], "x": [6]}), "1").numbers.item() == 5


@pytest.mark.parametrize("attribute", ["2", "scor", "-1"])
def test_an_attribute_without_column_is_an_error_that_names_the_columns(attribute: str) -> None:
    with pytest.raises(ColumnNotFoundError, match="available columns: label, score"):
        find_column(batch(label=[1], score=[0.5]), attribute)


@pytest.mark.parametrize(
    ("labels", "guesses"),
    [
        (["1", "0", "1"], ["1.0", "0.0", "0.0"]),
        ([1, 0, 1], ["true", "false", "false"]),
        (["True", "False", "True"], [1, 0, 0]),
        ([" 1", "0 ", "1"], ["1.00", "0", "0e5"]),
    ],
)
def test_one_label_may_be_spelled_in_many_ways(labels: list[object], guesses: list[object]) -> None:
    assert matrix_of(binary(), label=labels, guess=guesses) == {"0": {"0": 1, "1": 0}, "1": {"0": 1, "1": 1}}


def test_multiclass_labels_are_normalised_too() -> None:
    spec = ModelQualitySpec(
        problem_type="MulticlassClassification", inference_attribute="guess", ground_truth_attribute="label"
    )

    matrix = matrix_of(spec, label=["2", "10", "2"], guess=["2.0", "10.0", "10.0"])

    assert matrix == {"2": {"2": 1, "10": 1}, "10": {"2": 0, "10": 1}}
    assert list(matrix) == ["2", "10"]


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("labels", "positive"), [(["no", "yes", "no"], "yes"), ([1, 2, 1], "2"), ([-1, 1, -1], "1"), (["b", "b", "a"], "b")]
)
def test_the_label_that_sorts_last_is_the_positive_one(labels: list[object], positive: str) -> None:
    files, _ = make_files(binary(), [[batch(label=labels, guess=labels)]])

    assert json.loads(files["model_quality.json"])["positive_label"] == positive
    recall = json.loads(files["statistics.json"])["binary_classification_metrics"]["recall"]["value"]
    assert recall == 1


def test_the_positive_label_can_be_given() -> None:
    matrix = matrix_of(binary(positive_label="no"), label=["no", "yes", "maybe"], guess=["no", "no", "yes"])

    assert matrix == {"no": {"no": 1, "not no": 0}, "not no": {"no": 1, "not no": 1}}


def test_labels_of_a_window_with_one_class_mean_what_they_meant_in_the_baseline() -> None:
    baseline, _ = make_files(binary(), [[batch(label=["no", "yes"] * 50, guess=["no", "yes"] * 50)]])

    analysis = analyse(binary(), [batch(label=["no"] * 40, guess=["yes"] * 40)], baseline)

    assert {check.constraint.metric for check in analysis.evaluation.violations} >= {"accuracy", "false_positive_rate"}


@pytest.mark.parametrize(
    ("labels", "guesses", "message"),
    [
        (["a", "b", "c"], ["a", "b", "c"], "the label 'label' holds a, b, c; BinaryClassification has two classes"),
        (["no", "no", "no"], ["no", "no", "no"], "say which one is positive with positive_label"),
        ([0, 1, 1], [0.2, 0.9, 0.8], "if they are probabilities, name the column as probability_attribute"),
    ],
)
def test_what_are_no_two_classes_is_an_error(labels: list[object], guesses: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        make_files(binary(), [[batch(label=labels, guess=guesses)]])


def test_numbers_are_no_classes() -> None:
    spec = ModelQualitySpec(
        problem_type="MulticlassClassification", inference_attribute="guess", ground_truth_attribute="label"
    )
    numbers = [i / 7 for i in range(260_000)]

    with pytest.raises(DataError, match="or analyse a Regression"):
        profile(MulticlassQuality(spec), [batch(label=numbers, guess=numbers)])


def test_the_threshold_itself_is_not_above_the_threshold() -> None:
    spec = binary(inference_attribute=None, probability_attribute="p", probability_threshold=0.8)

    assert matrix_of(spec, label=[1, 1], p=["0.8", "0.81"]) == {"0": {"0": 0, "1": 0}, "1": {"0": 1, "1": 1}}


def test_a_given_prediction_goes_before_the_threshold() -> None:
    spec = binary(probability_attribute="p")

    assert matrix_of(spec, label=[1], guess=[0], p=[0.9]) == {"0": {"0": 0, "1": 0}, "1": {"0": 1, "1": 0}}


def test_rows_without_label_or_prediction_are_counted_and_left_out() -> None:
    spec = binary(probability_attribute="p")
    rows = batch(label=[1, None, 0, 1, 1], guess=[1, 1, None, 1, 1], p=[0.9, 0.9, 0.2, None, "x"])

    state = profile(BinaryQuality(spec), [rows])

    assert (state.rows, state.unusable) == (1, 4)
    assert BinaryQuality(spec).measure(state)[0].value == 4


def test_the_label_is_ground_truth_where_nothing_names_it() -> None:
    spec = ModelQualitySpec(problem_type="Regression", inference_attribute="0")

    files, rows = make_files(spec, [[batch(_c0=[1.0, 2.0], ground_truth=[1.5, 2.5])]])

    assert rows == 2
    assert json.loads(files["statistics.json"])["regression_metrics"]["mae"]["value"] == 0.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"problem_type": "BinaryClassification"}, "needs inference_attribute or probability_attribute"),
        ({"problem_type": "Regression"}, "needs inference_attribute: the column that holds the prediction"),
        (
            {"problem_type": "MulticlassClassification", "probability_attribute": "p"},
            "needs inference_attribute: the column that holds the prediction",
        ),
        (
            {"problem_type": "Regression", "inference_attribute": "y", "probability_attribute": "p"},
            "Regression has no probability; remove probability_attribute",
        ),
        (
            {"problem_type": "Regression", "inference_attribute": "y", "constraints": {"mae": {}}},
            "give at_least, at_most or both",
        ),
    ],
)
def test_a_specification_that_cannot_work_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelQualitySpec.model_validate(given)


def test_scores_need_not_be_probabilities() -> None:
    rows = scored(500)
    logits = batch(
        p=[5 * value - 2 for value in rows["probability"].numbers.tolist()], label=rows["label"].numbers.tolist()
    )
    spec = binary(inference_attribute=None, probability_attribute="p")
    monitor = BinaryQuality(spec)

    measured = {m.metric: m.value for m in monitor.measure(profile(monitor, [logits]))}

    assert measured["auc"] > 0.7
    assert "log_loss" not in measured
