"""Slices of the rows: each is judged by itself, and the worst is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch
from monitoring_core.monitors.base import evaluate, fit, profile
from monitoring_core.monitors.data_quality import DataQuality
from monitoring_core.monitors.prediction_drift import make_files
from monitoring_core.monitors.segments import CAPACITY, Segmented
from monitoring_core.monitors.weakest import weakest
from monitoring_core.spec import PredictionDriftSpec
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

SPEC = PredictionDriftSpec.model_validate({"columns": {"outputs": ["score"]}, "segments": ["origin", "variant"]})


def rows(table: Table, n: int, seed: int, *, bad: str = "", by: float = 0.0, origins: str = "JFK LGA EWR") -> Batch:
    random = np.random.default_rng(seed)
    origin = random.choice(origins.split(), n)
    score = random.normal(np.where(origin == bad, by, 0.0))
    return table(score=score.round(4), origin=origin, variant=random.integers(1, 3, n))


def test_a_shift_in_one_segment_is_found_there_and_not_in_the_whole(table: Table) -> None:
    files, _ = make_files(SPEC, [[rows(table, 6000, 0, origins="JFK LGA EWR BOS PHL DCA IAD ORD DEN SFO")]])
    window = rows(table, 4000, 1, bad="EWR", by=0.7, origins="JFK LGA EWR BOS PHL DCA IAD ORD DEN SFO")

    analysis = analyse(SPEC, [window], files)

    assert {check.constraint.subject.segment for check in analysis.evaluation.violations} == {"origin=EWR"}
    (violation,) = analysis.evaluation.violations
    assert violation.reason.startswith("Segment origin=EWR: The distribution of score")
    worst = json.loads(analysis.files["segments.json"])["segments"][0]
    assert (worst["segment"], worst["violations"]) == ("origin=EWR", 1)
    assert weakest(analysis.evaluation)[0].excess > 1


def test_segments_share_one_chance_of_a_false_alarm(table: Table) -> None:
    many = " ".join(f"A{i}" for i in range(40))
    spec = PredictionDriftSpec.model_validate(
        {
            "columns": {"outputs": ["score"]},
            "segments": ["origin"],
            "drift": {"significance": 0.05, "threshold": 1e-9},
        }
    )
    files, _ = make_files(spec, [[rows(table, 8000, 0, origins=many)]])

    alarms = [analyse(spec, [rows(table, 5000, seed, origins=many)], files).evaluation for seed in range(1, 21)]

    assert sum(alarm.outcome is Outcome.VIOLATED for alarm in alarms) <= 3


def test_small_and_new_segments_are_not_judged(table: Table) -> None:
    files, _ = make_files(SPEC, [[rows(table, 3000, 0), rows(table, 20, 1, origins="TINY")]])
    evaluation = analyse(
        SPEC, [rows(table, 150, 2), rows(table, 500, 3, bad="NEW", by=9, origins="NEW")], files
    ).evaluation

    segments = {c.constraint.subject.segment: c for c in evaluation.checks if "origin" in c.constraint.subject.segment}
    assert segments.keys() == {"origin=JFK", "origin=LGA", "origin=EWR"}
    assert {check.outcome for check in segments.values()} == {Outcome.NOT_EVALUATED}
    assert segments["origin=JFK"].reason.startswith("needs 100 rows, got ")


def test_a_segment_that_vanished_is_not_evaluated(table: Table) -> None:
    files, _ = make_files(SPEC, [[rows(table, 3000, 0)]])
    evaluation = analyse(SPEC, [rows(table, 1000, 1, origins="JFK LGA")], files).evaluation
    (check,) = [c for c in evaluation.checks if c.constraint.subject.segment == "origin=EWR"]
    assert check.outcome is Outcome.NOT_EVALUATED


def test_a_column_of_identifiers_does_not_slice_and_does_not_fill_the_memory(table: Table) -> None:
    n = CAPACITY + 500
    monitor = Segmented(DataQuality(), ("id",), hidden=frozenset({"id"}))
    parts = [table(x=range(n), id=range(n)), table(x=range(n), id=range(n, 2 * n))]

    state = profile(monitor, parts)

    assert list(state.by) == ["id=*"]
    assert state.by["id=*"].rows == state.rows == 2 * n
    assert state.merge(monitor.empty()).by["id=*"].rows == 2 * n
    assert not monitor.as_reference(state).by


def test_any_monitor_can_be_sliced(table: Table) -> None:
    random = np.random.default_rng(0)

    def batch(n: int, missing_in: str = "") -> Batch:
        plan = random.choice(["basic", "gold"], n)
        age: list[Any] = [
            None if p == missing_in and i % 2 else a
            for i, (p, a) in enumerate(zip(plan, random.integers(18, 80, n), strict=True))
        ]
        return table(age=age, plan=plan)

    monitor = Segmented(DataQuality(), ("plan",), hidden=frozenset({"plan"}))
    baseline = fit(monitor, [batch(2000)])

    evaluation = evaluate(monitor, [batch(1000, missing_in="gold")], baseline)

    completeness = {
        c.constraint.subject.segment: c.outcome
        for c in evaluation.checks
        if c.constraint.check_type == "completeness_check"
    }
    assert completeness == {"": Outcome.VIOLATED, "plan=basic": Outcome.PASSED, "plan=gold": Outcome.VIOLATED}
    assert "column_count" not in {c.constraint.metric for c in evaluation.checks if c.constraint.subject.segment}


@pytest.mark.parametrize("spelling", [["1", "1.0"], ["1", "2"]])
def test_numbers_are_segments_by_value(table: Table, spelling: list[str]) -> None:
    monitor = Segmented(DataQuality(), ("variant",))
    state = profile(monitor, [table(x=[1, 2], variant=spelling)])
    assert len(state.by) == len({float(text) for text in spelling})


def test_missing_values_are_a_segment(table: Table) -> None:
    state = profile(Segmented(DataQuality(), ("tenant",)), [table(x=[1, 2, 3], tenant=["a", None, None])])
    assert {key: state.by[key].rows for key in state.by} == {"tenant=a": 1, "tenant=(missing)": 2}
