"""Baseline, window, verdict: what is violated, and what is written."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import BaselineError
from monitoring_core.monitors.model_quality.analysis import make_files
from monitoring_core.spec import MetricLimit, ModelQualitySpec
from tests.unit.analysing import analyse
from tests.unit.model_quality.tables import batch, scored

BINARY = ModelQualitySpec(
    problem_type="BinaryClassification", probability_attribute="probability", ground_truth_attribute="label"
)
REGRESSION = ModelQualitySpec(problem_type="Regression", inference_attribute="guess", ground_truth_attribute="label")


def limited(spec: ModelQualitySpec, **limits: MetricLimit) -> ModelQualitySpec:
    return spec.model_copy(update={"constraints": limits})


def violated(spec: ModelQualitySpec, rows: Batch, baseline: Any, *, compat: bool = False) -> list[str]:
    evaluation = analyse(spec, [rows], baseline, compat=compat).evaluation
    return [check.constraint.metric for check in evaluation.violations]


def test_the_same_model_passes_and_a_worse_one_does_not() -> None:
    baseline, rows = make_files(BINARY, [[scored(20_000)]])

    assert rows == 20_000
    assert [metric for seed in range(1, 40) for metric in violated(BINARY, scored(500, seed=seed), baseline)] == []
    assert violated(BINARY, scored(500, seed=1, skill=0.3), baseline)[0] == "auc"


def test_amazons_rule_violates_on_chance_alone() -> None:
    baseline, _ = make_files(BINARY, [[scored(20_000)]], compat=True)

    assert violated(BINARY, scored(500, seed=1), baseline, compat=True)


def test_the_baselines_own_data_does_not_violate_amazons_rule() -> None:
    for spec, rows in ((BINARY, scored(3000)), (REGRESSION, numbers(3000))):
        baseline, _ = make_files(spec, [[rows]], compat=True)
        places = np.random.default_rng(0).permutation(3000)
        shuffled = batch(**{name: column.numbers[places].tolist() for name, column in rows.columns.items()})

        assert violated(spec, shuffled, baseline, compat=True) == []


def numbers(rows: int, *, seed: int = 0, noise: float = 1.0) -> Batch:
    random = np.random.default_rng(seed)
    labels = random.normal(10, 3, rows)
    return batch(guess=(labels + random.normal(0, noise, rows)).tolist(), label=labels.tolist())


def test_regression_verdicts() -> None:
    baseline, _ = make_files(REGRESSION, [[numbers(5000)]])

    assert violated(REGRESSION, numbers(500, seed=1), baseline) == []
    assert violated(REGRESSION, numbers(500, seed=1, noise=1.5), baseline) == ["mae", "mse", "rmse", "r2"]


def test_limits_of_the_specification_replace_those_of_the_baseline() -> None:
    baseline, _ = make_files(BINARY, [[scored(5000)]])
    worse = scored(2000, seed=1, skill=1.0)
    lenient = limited(BINARY, auc=MetricLimit(at_least=0.6))

    assert "auc" in violated(BINARY, worse, baseline)
    assert "auc" not in violated(lenient, worse, baseline)
    assert json.loads(make_files(lenient, [[worse]])[0]["constraints.json"])["binary_classification_constraints"][
        "auc"
    ] == {"threshold": 0.6, "comparison_operator": "LessThanThreshold"}


def test_a_limit_may_be_put_on_any_metric_that_is_measured() -> None:
    baseline, _ = make_files(BINARY, [[scored(5000)]])
    strict = limited(BINARY, brier_score=MetricLimit(at_most=0.01))

    analysis = analyse(strict, [scored(2000, seed=1)], baseline)

    (entry,) = json.loads(analysis.files["constraint_violations.json"])["violations"]
    assert entry["metric_name"] == "brier_score"
    assert entry["constraint_check_type"] == "GreaterThanThreshold"
    assert entry["threshold"] == 0.01
    assert entry["description"].startswith(f"Metric brier_score with {entry['metric_value']} +/- ")


def test_a_metric_may_be_limited_on_both_sides() -> None:
    baseline, _ = make_files(REGRESSION, [[numbers(5000)]])
    unbiased = limited(REGRESSION, mean_error=MetricLimit(at_least=-0.5, at_most=0.5))

    for shift, found in ((0.0, []), (2.0, ["GreaterThanThreshold"]), (-2.0, ["LessThanThreshold"])):
        rows = numbers(500, seed=1)
        moved = batch(guess=(rows["guess"].numbers + shift).tolist(), label=rows["label"].numbers.tolist())
        checks = analyse(unbiased, [moved], baseline).evaluation.violations
        assert [c.constraint.check_type for c in checks if c.constraint.metric == "mean_error"] == found


def test_a_limit_on_what_is_not_measured_is_not_evaluated() -> None:
    baseline, _ = make_files(BINARY, [[scored(5000)]])
    hard = ModelQualitySpec(
        problem_type="BinaryClassification", inference_attribute="guess", ground_truth_attribute="label"
    )

    evaluation = analyse(hard, [batch(guess=[0, 1] * 50, label=[0, 1] * 50)], baseline).evaluation

    (check,) = (check for check in evaluation.checks if check.constraint.metric == "auc")
    assert (check.outcome, check.reason) == (Outcome.NOT_EVALUATED, "not measured in this window")


def test_metrics_that_rest_on_few_rows_are_not_evaluated() -> None:
    baseline, _ = make_files(BINARY, [[scored(5000)]])
    rows = batch(probability=[0.9] * 5 + [0.1] * 200, label=[0] * 205)

    checks = {c.constraint.metric: c for c in analyse(BINARY, [rows], baseline).evaluation.checks}

    assert checks["precision"].reason == "needs 30 rows, got 5"
    assert checks["recall"].reason == "needs 30 rows, got 0"
    assert checks["auc"].outcome is Outcome.NOT_EVALUATED
    assert checks["accuracy"].outcome is Outcome.PASSED


def test_limits_hold_for_every_window_of_the_baseline() -> None:
    skills = (1.5, 1.5, 0.8, 1.5)
    windows = [[scored(1500, seed=seed, skill=skill)] for seed, skill in enumerate(skills)]
    by_window, _ = make_files(BINARY, windows)
    at_once, _ = make_files(BINARY, [[rows for window in windows for rows in window]])
    weak = windows[2][0]

    assert "auc" in violated(BINARY, weak, at_once)
    assert violated(BINARY, weak, by_window) == []
    assert "auc" in violated(BINARY, scored(1500, seed=9, skill=0.2), by_window)


def test_no_rows_are_not_healthy() -> None:
    baseline, _ = make_files(BINARY, [[scored(1000)]])

    analysis = analyse(BINARY, [], baseline)

    assert analysis.evaluation.outcome is Outcome.NOT_EVALUATED
    assert set(analysis.files) == {"constraint_violations.json"}
    assert make_files(BINARY, [[]]) == ({}, 0)


def test_every_metric_of_amazon_becomes_a_cloudwatch_metric() -> None:
    baseline, _ = make_files(BINARY, [[scored(1000)]])

    metrics = analyse(BINARY, [scored(1000, seed=1)], baseline, compat=True).metrics

    recorded = (  # by ListMetrics of a real account
        "accuracy accuracy_best_constant_classifier auc f0_5 f0_5_best_constant_classifier f1 "
        "f1_best_constant_classifier f2 f2_best_constant_classifier false_negative_rate false_positive_rate precision "
        "precision_best_constant_classifier recall recall_best_constant_classifier true_negative_rate "
        "true_positive_rate"
    )
    assert sorted(metric.name for metric in metrics) == recorded.split()


def test_f0_5_is_reported_by_default_and_never_for_parity() -> None:
    baseline, _ = make_files(BINARY, [[scored(5000)]], compat=True)
    good = scored(2000, seed=1)
    wrong = batch(probability=(1 - good["probability"].numbers).tolist(), label=good["label"].numbers.tolist())

    assert violated(BINARY, wrong, baseline)[-1] == "f0_5"
    recorded = (
        "auc precision true_positive_rate f1 accuracy false_positive_rate true_negative_rate "
        "false_negative_rate recall f2"
    )
    assert violated(BINARY, wrong, baseline, compat=True) == recorded.split()


def test_multiclass_files() -> None:
    spec = ModelQualitySpec(
        problem_type="MulticlassClassification", inference_attribute="guess", ground_truth_attribute="label"
    )
    right, wrong = (
        batch(label=list("aab") * 50, guess=list("aab") * 50),
        batch(label=list("aab") * 50, guess=["c"] * 150),
    )
    baseline, _ = make_files(spec, [[right]], compat=True)

    statistics = json.loads(baseline["statistics.json"])["multiclass_classification_metrics"]
    violations = json.loads(analyse(spec, [wrong], baseline, compat=True).files["constraint_violations.json"])

    weighted = [f"weighted_{metric}" for metric in ("recall", "precision", "f0_5", "f1", "f2")]
    constants = [f"{metric}_best_constant_classifier" for metric in ("accuracy", *weighted)]
    assert list(statistics) == ["confusion_matrix", "accuracy", *weighted, *constants]
    assert statistics["accuracy_best_constant_classifier"] == {"value": 100 / 150, "standard_deviation": "NaN"}
    assert statistics["weighted_precision_best_constant_classifier"]["value"] == pytest.approx((100 / 150) ** 2)
    assert list(json.loads(baseline["constraints.json"])["multiclass_classification_constraints"]) == [
        "accuracy",
        *weighted,
    ]
    assert violations["violations"][1] == {
        "constraint_check_type": "LessThanThreshold",
        "description": "Metric accuracy with 0.0 was LessThanThreshold '1.0'",
        "metric_name": "accuracy",
    }
    assert {entry["metric_name"] for entry in violations["violations"]} == {
        "accuracy",
        "weightedRecall",
        "weightedPrecision",
        "weightedF1",
        "weightedF2",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "constraints.json cannot be read: at the top level"),
        (b"{}", r"has no binary_classification_constraints \(found: none\)"),
        (b'{"regression_constraints": {}}', r"\(found: regression_constraints\); a baseline of BinaryClassification"),
        (
            b'{"binary_classification_constraints": {"auc": {"threshold": 1, "comparison_operator": "Less"}}}',
            "at binary_classification_constraints.auc.comparison_operator",
        ),
    ],
)
def test_constraints_that_cannot_be_used_are_an_error(content: bytes, message: str) -> None:
    with pytest.raises(BaselineError, match=message):
        analyse(BINARY, [scored(100)], {"constraints.json": content})


def by_city(rows: int, seed: int, *, weak: str = "") -> Batch:
    random = np.random.default_rng(seed)
    cities = random.choice(["Bern", "Graz", "Lyon"], rows)
    good, bad = scored(rows, seed=seed), scored(rows, seed=seed, skill=-2)
    probability = np.where(cities == weak, bad["probability"].numbers, good["probability"].numbers)
    return batch(probability=probability.tolist(), label=good["label"].numbers.tolist(), city=cities.tolist())


def test_a_weak_segment_is_found() -> None:
    spec = BINARY.model_copy(update={"segments": ("city",)})
    baseline, _ = make_files(spec, [[by_city(6000, 0)]])

    good = analyse(spec, [by_city(3000, 1)], baseline)
    bad = analyse(spec, [by_city(3000, 1, weak="Graz")], baseline)

    assert good.evaluation.outcome is Outcome.PASSED
    weakest = json.loads(bad.files["segments.json"])["segments"][0]
    assert weakest["segment"] == "city=Graz"
    first = next(c for c in bad.evaluation.violations if c.constraint.subject.segment)
    assert first.reason.startswith("Segment city=Graz: Metric auc with ")
    entries = json.loads(bad.files["constraint_violations.json"])["violations"]
    assert {entry["segment"] for entry in entries if "segment" in entry} == {"city=Graz"}


def test_a_segment_that_changes_from_day_to_day_does_not_violate_on_such_a_day() -> None:
    spec = BINARY.model_copy(update={"segments": ("city",)})
    days = [[by_city(3000, seed, weak="Graz" if seed == 3 else "")] for seed in range(6)]
    usual = [[by_city(3000, seed)] for seed in range(6)]

    of_such_a_day = by_city(3000, 3, weak="Graz")
    for good, expected in ((days, False), (usual, True)):
        found = analyse(spec, [of_such_a_day], make_files(spec, good)[0]).evaluation.violations
        assert ("city=Graz" in {check.constraint.subject.segment for check in found}) is expected


def test_small_files_for_many_scores() -> None:
    files, _ = make_files(BINARY, [[scored(30_000)]])

    curve = json.loads(files["statistics.json"])["binary_classification_metrics"]["precision_recall_curve"]
    assert len(curve["recalls"]) == len(curve["precisions"]) <= 2001
    assert curve["recalls"][-1] == 1
    assert sum(map(len, files.values())) < 300_000
