"""Prediction drift, end to end through the files of a baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation, Outcome
from monitoring_core.dataset import Batch, Column, TypeCode
from monitoring_core.errors import BaselineError, ColumnNotFoundError, NoDataError
from monitoring_core.monitors.prediction_drift import make_files
from monitoring_core.spec import PredictionDriftSpec
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

SPEC = PredictionDriftSpec.model_validate(
    {
        "columns": {"outputs": ["label", "score"], "label": "delayed"},
        "classes": ["label", "delayed"],
        "scores": ["score"],
        "interval": {"lower": "low", "upper": "high"},
    }
)


def predictions(table: Table, rows: int, seed: int, *, shift: float = 0.0, width: float = 1.0, **extra: Any) -> Batch:
    random = np.random.default_rng(seed)
    score = np.round(1 / (1 + np.exp(-random.normal(shift, 1, rows))), 4)
    delayed = (random.random(rows) < score).astype(int)
    half = width * (0.05 + 0.05 * random.random(rows))
    columns = {"label": (score > 0.5).astype(int), "score": score, "low": score - half, "high": score + half}
    return table(**columns, delayed=delayed, **extra)


def value(evaluation: Evaluation, metric: str, column: str = "", segment: str = "") -> float:
    return next(
        m.value
        for m in evaluation.measurements
        if (m.metric, m.subject.column, m.subject.segment) == (metric, column, segment)
    )


def violated(evaluation: Evaluation) -> set[str]:
    return {check.constraint.subject.column for check in evaluation.violations}


@pytest.fixture
def files(table: Table) -> dict[str, bytes]:
    made, rows = make_files(SPEC, [[predictions(table, 3000, 1), predictions(table, 2000, 2)]])
    assert rows == 5000
    return made


def test_quiet_when_nothing_changed(table: Table, files: dict[str, bytes]) -> None:
    outcomes = [analyse(SPEC, [predictions(table, 400, seed)], files).evaluation.outcome for seed in range(10, 22)]
    assert set(outcomes) == {Outcome.PASSED}


def test_every_derived_column_is_judged(table: Table, files: dict[str, bytes]) -> None:
    evaluation = analyse(SPEC, [predictions(table, 800, 3, shift=0.8, width=3.0)], files).evaluation

    assert violated(evaluation) == {"label", "score", "low", "high", "delayed", "interval_width", "confidence"}
    assert value(evaluation, "share:1", "label") > 0.7
    assert value(evaluation, "mean_shift", "score") > 0.5
    assert 0.5 <= value(evaluation, "mean", "confidence") <= 1


def test_wider_intervals_alone_are_seen(table: Table, files: dict[str, bytes]) -> None:
    evaluation = analyse(SPEC, [predictions(table, 800, 3, width=1.5)], files).evaluation
    assert violated(evaluation) == {"interval_width"}


def test_labels_that_are_not_there_yet_are_not_judged(table: Table, files: dict[str, bytes]) -> None:
    window = predictions(table, 800, 3)
    unlabelled = Batch({name: column for name, column in window.columns.items() if name != "delayed"})

    evaluation = analyse(SPEC, [unlabelled], files).evaluation

    (check,) = [check for check in evaluation.checks if check.constraint.subject.column == "delayed"]
    assert (check.outcome, check.reason) == (Outcome.NOT_EVALUATED, "not measured in this window")
    assert evaluation.outcome is Outcome.PASSED


def test_files_hold_the_whole_verdict(table: Table, files: dict[str, bytes]) -> None:
    analysis = analyse(SPEC, [predictions(table, 800, 3, shift=0.8)], files)

    assert analysis.files.keys() == {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
        "evaluation.json",
    }
    assert load_evaluation(analysis.files["evaluation.json"]).violations == analysis.evaluation.violations
    assert b"The distribution of score differs from the baseline" in analysis.files["constraint_violations.json"]


def test_an_unknown_output_is_an_error(table: Table, files: dict[str, bytes]) -> None:
    with pytest.raises(ColumnNotFoundError, match="label"):
        analyse(SPEC, [table(score=[0.5])], files)


def test_a_baseline_needs_rows_and_the_right_monitor(table: Table, files: dict[str, bytes]) -> None:
    with pytest.raises(NoDataError):
        make_files(SPEC, [])
    other = SPEC.model_copy(update={"name": "other"})
    with pytest.raises(BaselineError, match="not of 'other'"):
        analyse(other, [predictions(table, 10, 1)], files)
    with pytest.raises(BaselineError, match="cannot be read"):
        analyse(SPEC, [predictions(table, 10, 1)], {**files, "statistics.json": b"{"})
    with pytest.raises(BaselineError, match="has no statistics"):
        analyse(SPEC, [predictions(table, 10, 1)], {})


def drift_of(table: Table, baseline: list[Any], window: list[Any], **rule: Any) -> Evaluation:
    spec = PredictionDriftSpec.model_validate({"columns": {"outputs": ["y"]}, "drift": rule})
    return analyse(spec, [table(y=window)], make_files(spec, [[table(y=baseline)]])[0]).evaluation


def test_missing_predictions_are_a_level_of_their_own(table: Table) -> None:
    random = np.random.default_rng(0)
    numbers, names = random.normal(size=1000).tolist(), random.choice(list("ab"), 1000).tolist()
    for column in (numbers, names):
        half = [None if i % 3 == 0 else v for i, v in enumerate(column)]
        assert violated(drift_of(table, column, half)) == {"y"}
        assert violated(drift_of(table, half, column)) == {"y"}
        assert not violated(drift_of(table, half, half))


def test_new_categories_and_text_among_numbers_are_drift(table: Table) -> None:
    assert violated(drift_of(table, ["a", "b"] * 200, ["a", "b", "new"] * 100)) == {"y"}
    assert violated(drift_of(table, [1, 2, 3, 4] * 100, [1, 2, 3, "many"] * 50)) == {"y"}


def test_constants(table: Table) -> None:
    assert drift_of(table, [7] * 100, [7] * 100).outcome is Outcome.PASSED
    assert violated(drift_of(table, [7] * 100, [8] * 100)) == {"y"}
    assert drift_of(table, ["a"] * 100, ["a"] * 100).outcome is Outcome.PASSED
    assert violated(drift_of(table, ["a"] * 100, ["b"] * 100)) == {"y"}
    undefined = value(drift_of(table, [7] * 100, [8] * 100), "mean_shift", "y")
    assert math.isnan(undefined)


def test_a_column_without_values_is_not_healthy(table: Table) -> None:
    assert violated(drift_of(table, [1, 2] * 100, [None] * 100)) == {"y"}


def test_infinities_are_values() -> None:
    def batch(values: list[float]) -> Batch:
        codes = np.full(len(values), TypeCode.FRACTIONAL, dtype=np.uint8)
        return Batch({"y": Column(codes, np.array(values))})

    spec = PredictionDriftSpec.model_validate({"columns": {"outputs": ["y"]}})
    good = np.random.default_rng(0).normal(size=500).tolist()
    files, _ = make_files(spec, [[batch([*good, math.inf, -math.inf])]])

    assert analyse(spec, [batch([*good[:200], math.inf])], files).evaluation.outcome is Outcome.PASSED
    assert violated(analyse(spec, [batch([*good[:100], *[math.inf] * 100])], files).evaluation) == {"y"}


def test_few_rows_are_not_judged(table: Table) -> None:
    (check,) = drift_of(table, [1, 2, 3] * 100, [9, 9, 9]).checks
    assert (check.outcome, check.reason) == (Outcome.NOT_EVALUATED, "needs 30 rows, got 3")


@pytest.mark.parametrize("distance", ["ks", "psi", "js", "hellinger", "wasserstein"])
def test_every_distance_is_quiet_by_chance_and_loud_on_change(table: Table, distance: str) -> None:
    random = np.random.default_rng(0)
    base = random.normal(size=4000).round(3).tolist()
    for n in (60, 500):
        quiet = [drift_of(table, base, random.normal(size=n).tolist(), numeric=distance).outcome for _ in range(8)]
        assert set(quiet) == {Outcome.PASSED}
    assert violated(drift_of(table, base, random.normal(1.2, 1, 300).tolist(), numeric=distance)) == {"y"}


def test_a_certain_difference_that_does_not_matter_passes(table: Table) -> None:
    random = np.random.default_rng(0)
    base, window = random.normal(size=30_000).round(3), random.normal(0.1, 1, 30_000).round(3)
    evaluation = drift_of(table, base.tolist(), window.tolist())

    assert value(evaluation, "p_value", "y") < 1e-6
    assert 0 < value(evaluation, "distance", "y") < 0.1
    assert evaluation.outcome is Outcome.PASSED


def test_corrections_order_the_p_values(table: Table) -> None:
    random = np.random.default_rng(0)
    columns = {f"y{i}": random.normal(size=800) for i in range(5)}
    window = {name: random.normal(0.12, 1, 400) for name in columns}
    found = {}
    for correction in ("none", "benjamini-hochberg", "holm"):
        spec = PredictionDriftSpec.model_validate(
            {
                "columns": {"outputs": list(columns)},
                "drift": {"correction": correction},
            }
        )
        files, _ = make_files(spec, [[table(**columns)]])
        evaluation = analyse(spec, [table(**window)], files).evaluation
        found[correction] = [value(evaluation, "p_value", name) for name in columns]
    for none, bh, holm in zip(*found.values(), strict=True):
        assert none <= bh <= holm
    assert sum(found["none"]) < sum(found["benjamini-hochberg"]) < sum(found["holm"])


def test_ordinary_days_of_the_baseline_widen_the_limits(table: Table) -> None:
    random = np.random.default_rng(0)
    days = np.repeat(np.arange(8), 200)
    usual = random.normal(np.where(days % 2, 1.0, 0.0))  # every other day is another season
    by_day = [[table(y=usual[days == day])] for day in range(8)]
    window = table(y=random.normal(1.0, 1, 200))
    spec = PredictionDriftSpec.model_validate({"columns": {"outputs": ["y"]}})

    verdicts = [
        analyse(spec, [window], make_files(spec, windows)[0]).evaluation for windows in ([[table(y=usual)]], by_day)
    ]

    assert [violated(verdict) for verdict in verdicts] == [{"y"}, set()]
    assert verdicts[1].checks[0].constraint.bound.upper == pytest.approx(0.3, abs=0.1)
