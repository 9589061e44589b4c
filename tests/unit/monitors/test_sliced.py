"""Data quality and bias by slice, through the functions that every runtime calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from monitoring_core.artifacts import RunResult, evaluate_window, make_baseline
from monitoring_core.dataset import Batch
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.spec import ColumnSelection, DataQualitySpec, ModelBiasSpec, MonitorSpec

DATA_QUALITY = DataQualitySpec(segments=("origin",))
BIAS = ModelBiasSpec(
    label=ColumnSelection(column="late", equals=(1,)),
    facets=(ColumnSelection(column="carrier", equals=("YV",)),),
    predicted_label="late",
    segments=("origin",),
    flip_test_rows=0,
)


def flights(seed: int, *, shift: str = "", unfair: str = "", origins: str = "EWR JFK LGA", n: int = 6000) -> Batch:
    """Flights of several airports; at one the temperature is higher, at one only YV is late."""
    random = np.random.default_rng(seed)
    origin = random.choice(origins.split(), n)
    carrier = random.choice(["UA", "YV"], n)
    temp = random.normal(np.where(origin == shift, 3.0, 0.0), 1.0)
    rate = np.where(origin == unfair, np.where(carrier == "YV", 0.9, 0.05), 0.3)
    columns: dict[str, Any] = {
        "origin": origin,
        "carrier": carrier,
        "temp": [f"{value:.3f}" for value in temp],
        "late": (random.uniform(size=n) < rate).astype(int),
    }
    return Batch({name: column_from_texts([str(value) for value in values]) for name, values in columns.items()})


def judge(spec: MonitorSpec, window: Batch) -> RunResult:
    baseline = make_baseline(
        spec, [flights(0)], model="m", dataset="d", dataset_sha256="0", created_at=datetime(2013, 1, 1, tzinfo=UTC)
    )
    return evaluate_window(spec, [window], baseline)


def violated_segments(result: RunResult) -> set[str]:
    return {check.constraint.subject.segment for check in result.evaluation.violations}


@pytest.mark.parametrize("spec", [DATA_QUALITY, BIAS], ids=["data quality", "bias"])
def test_quiet_when_nothing_changed(spec: MonitorSpec) -> None:
    result = judge(spec, flights(1))
    assert violated_segments(result) == set()
    assert not [
        c
        for c in result.evaluation.checks
        if c.constraint.subject.segment and "column_check" in str(c.constraint.check_type)
    ]
    assert {check.constraint.subject.segment for check in result.evaluation.checks} == {
        "",
        "origin=EWR",
        "origin=JFK",
        "origin=LGA",
    }


def test_a_shift_of_one_slice_is_named_and_ranked_first() -> None:
    result = judge(DATA_QUALITY, flights(2, shift="JFK"))
    assert violated_segments(result) == {"", "origin=JFK"}
    assert json.loads(result.files["segments.json"])["segments"][0]["segment"] == "origin=JFK"
    texts = [entry["description"] for entry in json.loads(result.files["constraint_violations.json"])["violations"]]
    assert any(text.startswith("Segment origin=JFK: Baseline drift distance") for text in texts)
    assert len(texts) == result.violations


def test_bias_at_one_airport_is_found_there() -> None:
    result = judge(BIAS, flights(3, unfair="LGA"))
    assert "origin=LGA" in violated_segments(result)
    assert not {"origin=EWR", "origin=JFK"} & violated_segments(result)


def test_a_small_slice_is_not_evaluated_and_says_so() -> None:
    result = judge(DATA_QUALITY, flights(4, origins="EWR JFK"))
    reasons = [c.reason for c in result.evaluation.checks if c.constraint.subject.segment == "origin=LGA"]
    assert reasons == ["needs 100 rows, got 0"]


def test_an_unknown_slicing_column_is_an_error() -> None:
    with pytest.raises(ColumnNotFoundError, match="'airport' not found"):
        judge(DataQualitySpec(segments=("airport",)), flights(1))
