from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from monitoring_core.checks.evaluation import Bound, Constraint, Evaluation, Measurement, Subject, check_all
from monitoring_core.history_schema import COLUMNS, PARTITION_KEYS
from monitoring_core.report.history import history_parquet
from monitoring_core.window import Window

WINDOW = Window(datetime(2013, 7, 1, tzinfo=UTC), datetime(2013, 7, 2, tzinfo=UTC))
EVALUATION = check_all(
    "data-quality",
    900,
    [
        Measurement("linf_robust", 0.3, 900, Subject("age"), (0.2, 0.4)),
        Measurement("mean", float("nan"), 0, Subject("age")),
        Measurement("count", 70.0, 900),
    ],
    [
        Constraint("linf_robust", Bound(upper=0.1), Subject("age"), check_type="baseline_drift_check"),
        Constraint("completeness", Bound(lower=0.9), Subject("gone")),
        Constraint("count", Bound(lower=69)),
        Constraint("count", Bound(upper=69)),
    ],
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[dict[str, Any]]]:
    def load(content: bytes) -> list[dict[str, Any]]:
        path = tmp_path / "history.parquet"
        path.write_bytes(content)
        relation = duckdb.read_parquet(str(path))
        assert [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)] == [
            (column.name, column.duckdb_type) for column in COLUMNS
        ]
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]

    return load


def write(evaluation: Evaluation) -> bytes:
    return history_parquet(evaluation, run_id="e/m/w", window=WINDOW, engine="function", version="1.2.3")


def test_every_check_and_every_unchecked_measurement_is_a_row(read: Callable[[bytes], list[dict[str, Any]]]) -> None:
    rows = read(write(EVALUATION))
    assert [(row["metric"], row["feature"], row["outcome"]) for row in rows] == [
        ("linf_robust", "age", "violated"),
        ("completeness", "gone", "not-evaluated"),
        ("count", "", "passed"),
        ("count", "", "violated"),
        ("mean", "age", None),
    ]
    first = rows[0]
    assert (first["value"], first["n"], first["lower"], first["upper"]) == (0.3, 900, 0.2, 0.4)
    assert (first["limit_lower"], first["limit_upper"], first["severity"]) == (None, 0.1, "warning")
    assert (first["window_start"], first["window_end"]) == (datetime(2013, 7, 1), datetime(2013, 7, 2))
    assert {(row["run_id"], row["engine"], row["version"]) for row in rows} == {("e/m/w", "function", "1.2.3")}


def test_what_is_undefined_is_null(read: Callable[[bytes], list[dict[str, Any]]]) -> None:
    by_metric = {row["metric"]: row for row in read(write(EVALUATION))}
    assert by_metric["mean"]["value"] is None
    assert by_metric["completeness"]["value"] is None
    assert by_metric["completeness"]["n"] is None


def test_the_same_run_writes_the_same_bytes() -> None:
    assert write(EVALUATION) == write(EVALUATION)


def test_a_run_that_measured_nothing_is_an_empty_table(read: Callable[[bytes], list[dict[str, Any]]]) -> None:
    assert read(write(Evaluation("data-quality", 0))) == []


def test_partition_keys_are_not_columns_too() -> None:
    assert not {key.name for key in PARTITION_KEYS} & {column.name for column in COLUMNS}
