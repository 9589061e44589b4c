"""Every measurement and check of a run as Parquet: one row each, for trends, calibration and backtests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from monitoring_core.checks.evaluation import Check, Constraint, Evaluation, Measurement, Subject
from monitoring_core.history_schema import COLUMNS
from monitoring_core.window import Window


def history_parquet(
    evaluation: Evaluation, *, run_id: str, window: Window, revision: int = 1, engine: str, version: str
) -> bytes:
    """Parquet file with the columns of `monitoring_core.history_schema.COLUMNS`.

    A measurement that several constraints check has a row for each; one that none checks has a row
    without outcome; a constraint whose measurement is missing has a row without value. Undefined
    numbers are null. The same evaluation gives the same bytes.
    """
    run = {
        "run_id": run_id,
        "window_start": _naive(window.start),
        "window_end": _naive(window.end),
        "revision": revision,
        "engine": engine,
        "version": version,
    }
    rows = [run | row for row in evaluation_rows(evaluation)]
    columns = ", ".join(f"unnest(?::{column.duckdb_type}[]) AS {column.name}" for column in COLUMNS)
    values = [[row[column.name] for row in rows] for column in COLUMNS]
    with TemporaryDirectory() as folder, duckdb.connect(":memory:", config={"threads": 1}) as connection:
        path = Path(folder, "history.parquet")
        connection.execute(f"CREATE TABLE history AS SELECT {columns}", values)
        connection.table("history").write_parquet(str(path), compression="zstd")
        return path.read_bytes()


def _naive(time: datetime) -> datetime:
    """UTC without zone, the type Athena calls ``timestamp``; a `Window` is always in UTC."""
    return time.replace(tzinfo=None)


def evaluation_rows(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield the columns of the history table that an evaluation fills, one row per check or unchecked measurement."""
    checked = set()
    for check in evaluation.checks:
        checked.add((check.constraint.metric, check.constraint.subject))
        yield _measured(check.constraint, check.measurement) | _checked(check)
    for measurement in evaluation.measurements:
        if (measurement.metric, measurement.subject) not in checked:
            yield _measured(measurement, measurement) | dict.fromkeys(_CHECK_COLUMNS)


def _measured(named: Constraint | Measurement, measurement: Measurement | None) -> dict[str, Any]:
    subject: Subject = named.subject
    lower, upper = (None, None) if measurement is None or measurement.interval is None else measurement.interval
    return {
        "metric": named.metric,
        "feature": subject.column,
        "segment": subject.segment,
        "value": None if measurement is None else _defined(measurement.value),
        "n": None if measurement is None else measurement.n,
        "lower": _defined(lower),
        "upper": _defined(upper),
    }


_CHECK_COLUMNS = ("limit_lower", "limit_upper", "outcome", "check_type", "severity", "reason")
_MEASURED_COLUMNS = ("metric", "feature", "segment", "value", "n", "lower", "upper")

EVALUATION_COLUMNS: Final = tuple(
    column for column in COLUMNS if column.name in _MEASURED_COLUMNS or column.name in _CHECK_COLUMNS
)
"""Those of `evaluation_rows`."""


def _checked(check: Check) -> dict[str, Any]:
    bound = check.constraint.bound
    return {
        "limit_lower": bound.lower,
        "limit_upper": bound.upper,
        "outcome": str(check.outcome),
        "check_type": check.constraint.check_type,
        "severity": str(check.constraint.severity),
        "reason": check.reason,
    }


def _defined(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
