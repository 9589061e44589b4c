"""Our numbers are scikit-learn's where they mean the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.measures.calibration import reliability_curve
from monitoring_core.measures.ranking import precision_recall_curve, receiver_operating_characteristic
from monitoring_core.monitors.model_quality import BinaryQuality, MulticlassQuality, RegressionQuality
from monitoring_core.spec import ModelQualitySpec

SIZES = [30, 1000, 20_000]
EXACT: dict[str, Any] = {"rel": 1e-9, "abs": 1e-12}


def texts(values: Any) -> Any:
    return column_from_texts([str(value) for value in values.tolist()])


def binary(rows: int, digits: int) -> tuple[Any, Any]:
    random = np.random.default_rng(rows + digits)
    labels = (random.random(rows) < 0.3).astype(int)
    return labels, np.round(1 / (1 + np.exp(1.5 - 1.5 * labels - random.normal(size=rows))), digits)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("digits", [1, 3, 17])
@pytest.mark.parametrize("compat", [False, True])
def test_binary_metrics(rows: int, digits: int, compat: bool) -> None:
    labels, scores = binary(rows, digits)
    spec = ModelQualitySpec(
        problem_type="BinaryClassification", probability_attribute="score", ground_truth_attribute="label"
    )
    monitor = BinaryQuality(spec, compat=compat)
    state = monitor.observe(Batch({"score": texts(scores), "label": texts(labels)}))
    got = {m.metric: m.value for m in monitor.measure(state)}
    predicted = scores > 0.5

    expected = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted, zero_division=0),
        "recall": metrics.recall_score(labels, predicted),
        "true_negative_rate": metrics.recall_score(labels, predicted, pos_label=0),
        **{name: metrics.fbeta_score(labels, predicted, beta=b) for name, b in (("f0_5", 0.5), ("f1", 1), ("f2", 2))},
    }
    if not compat:
        expected |= {
            "brier_score": metrics.brier_score_loss(labels, scores),
            "log_loss": metrics.log_loss(labels, scores),
        }
    assert {name: got[name] for name in expected} == pytest.approx(expected, **EXACT)
    exact = state.scores.level is None
    assert got["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores), **EXACT if exact else {"abs": 1e-5})
    if not compat:
        area = metrics.average_precision_score(labels, scores)
        assert got["average_precision"] == pytest.approx(area, **EXACT if exact else {"abs": 1e-4})


def test_curves() -> None:
    labels, scores = binary(2000, 3)
    distinct, place = np.unique(scores, return_inverse=True)
    negatives, positives = (np.bincount(place[labels == label], minlength=distinct.size) for label in (0, 1))

    false_rates, true_rates = receiver_operating_characteristic(negatives, positives)
    expected = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert np.allclose(false_rates[:-1], expected[0])
    assert np.allclose(true_rates[:-1], expected[1])

    precisions, recalls = precision_recall_curve(negatives, positives)
    expected = metrics.precision_recall_curve(labels, scores)
    assert np.allclose(precisions[1:], expected[0][:-1][::-1])
    assert np.allclose(recalls[1:], expected[1][:-1][::-1])


def test_calibration_curve() -> None:
    labels, scores = binary(5000, 17)
    monitor = BinaryQuality(
        ModelQualitySpec(
            problem_type="BinaryClassification", probability_attribute="score", ground_truth_attribute="label"
        )
    )
    state = monitor.observe(Batch({"score": texts(scores), "label": texts(labels)}))

    said, seen = reliability_curve(state.probabilities.bins)

    expected_seen, expected_said = calibration_curve(labels, scores, n_bins=10)
    assert np.allclose(said[~np.isnan(said)], expected_said)
    assert np.allclose(seen[~np.isnan(seen)], expected_seen)


@pytest.mark.parametrize("rows", SIZES)
def test_multiclass_metrics(rows: int) -> None:
    random = np.random.default_rng(rows)
    names = np.array(["ant", "bee", "cow", "never predicted"])
    actual = random.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])
    predicted = np.where(random.random(rows) < 0.7, np.minimum(actual, 2), random.choice(3, rows))
    spec = ModelQualitySpec(
        problem_type="MulticlassClassification", inference_attribute="predicted", ground_truth_attribute="label"
    )
    monitor = MulticlassQuality(spec)
    state = monitor.observe(Batch({"predicted": texts(names[predicted]), "label": texts(names[actual])}))
    got = {m.metric: m.value for m in monitor.measure(state)}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "accuracy": metrics.accuracy_score(actual, predicted),
            "weighted_recall": metrics.recall_score(actual, predicted, average="weighted"),
            "weighted_precision": metrics.precision_score(actual, predicted, average="weighted"),
            "weighted_f0_5": metrics.fbeta_score(actual, predicted, beta=0.5, average="weighted"),
            "weighted_f1": metrics.f1_score(actual, predicted, average="weighted"),
            "weighted_f2": metrics.fbeta_score(actual, predicted, beta=2, average="weighted"),
            "accuracy_best_constant_classifier": np.bincount(actual).max() / rows,
        }
    assert {name: got[name] for name in expected} == pytest.approx(expected, **EXACT)
    assert state.confusion.matrix(names.tolist()).tolist() == metrics.confusion_matrix(actual, predicted).tolist()


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_regression_metrics(rows: int, offset: float) -> None:
    random = np.random.default_rng(rows)
    labels = offset + random.gamma(2, 10, rows)
    predictions = labels + random.standard_t(4, rows)
    spec = ModelQualitySpec(problem_type="Regression", inference_attribute="predicted", ground_truth_attribute="label")
    monitor = RegressionQuality(spec)
    state = monitor.observe(Batch({"predicted": texts(predictions), "label": texts(labels)}))
    got = {m.metric: m.value for m in monitor.measure(state)}

    expected = {
        "mae": metrics.mean_absolute_error(labels, predictions),
        "mse": metrics.mean_squared_error(labels, predictions),
        "rmse": metrics.root_mean_squared_error(labels, predictions),
        "r2": metrics.r2_score(labels, predictions),
        "mape": metrics.mean_absolute_percentage_error(labels, predictions),
    }
    assert {name: got[name] for name in expected} == pytest.approx(expected, **EXACT)
    quantile = np.quantile(np.abs(predictions - labels), 0.9, method="inverted_cdf")
    assert got["absolute_error_p90"] == pytest.approx(quantile, abs=state.sizes.width + 1e-12)
