"""Data integrity: every fault is found, by its own check, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from monitoring_core.checks.evaluation import Evaluation, Outcome
from monitoring_core.dataset import Batch, column_from_texts
from monitoring_core.errors import ConfigError, DataError
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.data_integrity import DataIntegrity, make_files
from monitoring_core.monitors.data_integrity.rules import judge_rows
from monitoring_core.spec import DataIntegritySpec
from monitoring_core.spec.rule import parse_rule
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

Columns = dict[str, list[Any]]
END = datetime(2013, 4, 2, tzinfo=UTC)
SPEC = DataIntegritySpec.model_validate(
    {
        "rules": [{"name": "order", "holds": "departure <= arrival"}],
        "freshness": {"column": "at", "max_age_seconds": 7200},
        "volume": {"at_least": 100, "at_most": 5000},
        "skew": [{"served": "distance", "trained": "distance_trained"}],
        "max_imbalance": {"carrier": 0.3},
    }
)


def flights(rows: int, seed: int) -> Columns:
    random = np.random.default_rng(seed)
    distance = random.lognormal(6, 0.5, rows).round(1)
    departure = random.normal(10, 3, rows).round(2)
    return {
        "distance": distance.tolist(),
        "duration": (distance / 8 + random.normal(0, 5, rows)).round(2).tolist(),
        "departure": departure.tolist(),
        "arrival": (departure + 1 + random.random(rows)).round(2).tolist(),
        "carrier": random.choice(["AA", "UA", "YV"], rows, p=[0.5, 0.3, 0.2]).tolist(),
        "stops": random.poisson(0.5, rows).tolist(),
        "at": [f"2013-04-01T{i % 24:02d}:30:00Z" for i in range(rows)],
        "distance_trained": distance.tolist(),
    }


def every(step: int, value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value if i % step == 0 else v for i, v in enumerate(values)]


def batch_of(columns: Columns) -> Batch:
    return Batch(
        {
            name: column_from_texts([None if value is None else str(value) for value in values])
            for name, values in columns.items()
        }
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return make_files(SPEC, [[batch_of(flights(3000, 0)), batch_of(flights(3000, 1))]])[0]


def judged(files: dict[str, bytes], batch: Batch) -> Evaluation:
    return analyse(SPEC, [batch], files, as_of=END).evaluation


def found(evaluation: Evaluation) -> set[tuple[str, str]]:
    return {(check.constraint.check_type, check.constraint.subject.column) for check in evaluation.violations}


def test_quiet_on_good_data(files: dict[str, bytes], table: Table) -> None:
    assert {judged(files, table(**flights(n, seed))).outcome for seed in range(2, 12) for n in (150, 1500)} == {
        Outcome.PASSED
    }


@pytest.mark.parametrize(
    ("column", "fault", "expected"),
    [
        ("distance", every(10, None), {("completeness_check", "distance"), ("transformation_skew_check", "distance")}),
        ("duration", every(10, "n/a"), {("data_type_check", "duration")}),
        ("stops", every(10, 40), {("range_check", "stops"), ("outlier_check", "stops")}),
        ("carrier", every(10, "XX"), {("categorical_values_check", "carrier")}),
        ("carrier", every(10, "A\ufffd"), {("categorical_values_check", "carrier"), ("encoding_check", "carrier")}),
        ("carrier", every(1, "AA"), {("frozen_feature_check", "carrier"), ("imbalance_check", "carrier")}),
        ("stops", every(1, 0), {("frozen_feature_check", "stops")}),
        (
            "arrival",
            every(50, -5),
            {("consistency_check", "order"), ("range_check", "arrival"), ("outlier_check", "arrival")},
        ),
        ("distance_trained", every(700, 1), {("transformation_skew_check", "distance")}),
        ("at", every(1, "2013-04-01T12:00:00Z"), {("freshness_check", "")}),
    ],
)
def test_every_fault_has_its_own_check(
    files: dict[str, bytes], table: Table, column: str, fault: Any, expected: set[tuple[str, str]]
) -> None:
    columns = flights(800, 5)
    columns[column] = fault(columns[column])

    evaluation = judged(files, table(**columns))

    assert found(evaluation) == expected
    assert all(check.reason and "allowed is" in check.reason for check in evaluation.violations)


def test_a_flipped_relation_is_found(files: dict[str, bytes], table: Table) -> None:
    columns = flights(800, 5)
    columns["duration"] = sorted(columns["duration"])
    columns["distance"] = columns["distance_trained"] = sorted(columns["distance"], reverse=True)
    assert {column for kind, column in found(judged(files, table(**columns))) if kind == "baseline_drift_check"} >= {
        "duration",
        "distance",
    }


def test_swapped_units_repeated_and_absent_columns_are_found(files: dict[str, bytes], table: Table) -> None:
    columns = flights(800, 5)
    replayed = {name: values[:200] * 4 for name, values in columns.items()}
    assert found(judged(files, table(**replayed))) == {("duplicate_check", "")}
    absent = {name: values for name, values in columns.items() if name != "stops"}
    assert found(judged(files, table(**absent, gates=columns["stops"]))) == {
        ("missing_column_check", ""),
        ("extra_column_check", ""),
    }


@pytest.mark.parametrize(
    ("rows", "expected"), [(99, {("volume_check", "")}), (5001, {("volume_check", "")}), (100, set())]
)
def test_volume(files: dict[str, bytes], table: Table, rows: int, expected: set[tuple[str, str]]) -> None:
    assert found(judged(files, table(**flights(rows, 5)))) == expected


def test_an_empty_window_breaks_the_volume_and_judges_nothing_else(files: dict[str, bytes]) -> None:
    evaluation = analyse(SPEC, [], files, as_of=END).evaluation
    assert found(evaluation) == {("volume_check", "")}
    assert {c.outcome for c in evaluation.checks if c.constraint.check_type != "volume_check"} == {
        Outcome.NOT_EVALUATED
    }


def test_freshness_needs_a_time_to_compare_with(files: dict[str, bytes], table: Table) -> None:
    evaluation = analyse(SPEC, [table(**flights(500, 5))], files).evaluation
    (check,) = [c for c in evaluation.checks if c.constraint.check_type == "freshness_check"]
    assert check.outcome is Outcome.NOT_EVALUATED


def test_age_when_used(table: Table) -> None:
    spec = DataIntegritySpec.model_validate(
        {
            "freshness": {"column": "made", "relative_to": "used", "max_age_seconds": 60},
        }
    )
    good = table(x=range(50), made=[100] * 50, used=[150] * 50)
    files, _ = make_files(spec, [[good]])
    stale = table(x=range(50), made=[100] * 50, used=[*[150] * 49, 200])
    assert analyse(spec, [good], files).evaluation.outcome is Outcome.PASSED
    assert found(analyse(spec, [stale], files).evaluation) == {("freshness_check", "")}


def test_unique_keys(table: Table) -> None:
    spec = DataIntegritySpec.model_validate({"unique": ["id"]})
    files, _ = make_files(spec, [[table(id=range(100), x=[1] * 100)]])
    assert analyse(spec, [table(id=range(200, 300), x=[1] * 100)], files).evaluation.outcome is Outcome.PASSED
    assert found(analyse(spec, [table(id=[*range(200, 299), 200], x=[1] * 100)], files).evaluation) >= {
        ("duplicate_check", "")
    }


def test_the_checksum_is_of_the_rows_in_any_order(table: Table) -> None:
    state = profile(DataIntegrity(DataIntegritySpec()), [table(a=[1, 2, 3], b=["x", "y", None])])
    spec = DataIntegritySpec(checksum=f"{state.checksum:016x}")
    files, _ = make_files(spec, [[table(a=[1], b=["x"])]])

    same, other = table(a=["3.0", "1", "2"], b=[None, "x", "y"]), table(a=[1, 2, 3], b=["x", None, "y"])

    assert ("checksum_check", "") not in found(analyse(spec, [same], files).evaluation)
    assert ("checksum_check", "") in found(analyse(spec, [other], files).evaluation)


def test_the_training_transformation_is_run_on_served_rows(
    table: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "training_code.py").write_text(
        "from monitoring_core.dataset import Batch, Column\n"
        "def double(batch):\n"
        "    raw = batch['raw']\n"
        "    return Batch({'feature': Column(raw.codes, raw.numbers * 2)})\n"
        "def short(batch):\n"
        "    return Batch({})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = DataIntegritySpec(transformation="training_code:double")
    good = table(raw=range(100), feature=range(0, 200, 2))
    files, _ = make_files(spec, [[good]])

    assert analyse(spec, [good], files).evaluation.outcome is Outcome.PASSED
    skewed = table(raw=range(100), feature=[*range(0, 198, 2), 0])
    assert found(analyse(spec, [skewed], files).evaluation) == {("transformation_skew_check", "feature")}
    with pytest.raises(DataError, match="must return a Batch of as many rows"):
        make_files(DataIntegritySpec(transformation="training_code:short"), [[good]])
    with pytest.raises(ConfigError, match="No module named 'nowhere'"):
        make_files(DataIntegritySpec(transformation="nowhere:f"), [[good]])


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("a < b", [True, False, None]),
        ("0 <= a < 3", [True, False, None]),
        ("a + b * 2 == 7 or b == 4", [False, True, None]),
        ("not a > 3", [True, False, None]),
        ("kind in ['x', 'z']", [True, False, True]),
        ("kind not in ['x'] or a == 1", [True, True, True]),
        ("a in [1, -5]", [True, False, None]),
        ("day < until", [True, True, False]),
        ("kind != 'x' or a > 100", [False, True, True]),
        ("`two words` >= a", [True, None, None]),
        ("a / b > 1", [False, True, None]),
    ],
)
def test_rules(table: Table, rule: str, holds: list[bool | None]) -> None:
    columns: Columns = {
        "a": [1, 5, None],
        "b": [2, 4, 9],
        "kind": ["x", "y", "z"],
        "two words": [1, None, 3],
        "day": ["2013-01-02", "2013-02-01", "2013-03-01"],
        "until": ["2013-01-10", "2013-02-02", "2013-02-28"],
    }
    truth = judge_rows(parse_rule(rule), table(**columns))
    assert [True if h else False if f else None for h, f in zip(*truth, strict=True)] == holds


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("open('x') == 1", "Call is not allowed"),
        ("a.b == 1", "Attribute is not allowed"),
        ("a ==", "invalid syntax"),
        ("1 < 2", "names no column"),
        ("a + b", "neither true nor false"),
        ("a in b", "needs a list"),
        ("a == [1]", "needs a list"),
        ("a in [b]", "numbers and texts only"),
        ("(a < b) + 1 > 2", "is not a value"),
        ("a == None", "None is not a number or a text"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_configuration(rule: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        DataIntegritySpec.model_validate({"rules": [{"name": "r", "holds": rule}]})
