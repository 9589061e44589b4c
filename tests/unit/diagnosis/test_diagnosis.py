"""Faults are told from shifts, and what is no fault is not called one: by Amazon's file, as all runtimes have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from monitoring_core.dataset import Batch, column_from_texts
from monitoring_core.diagnosis.findings import Cause, Diagnosis, Kind
from monitoring_core.diagnosis.rules import Facts, diagnose
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.data_quality.monitor import DataQuality
from monitoring_core.monitors.data_quality.profile import DataProfile
from monitoring_core.report.sagemaker import dump_statistics, load_statistics

ROWS = 2000
Columns = dict[str, Any]
Change = Mapping[str, Callable[[Any], Any]]
NUMBERS = ("temp", "distance", "age", "delay")
CODES = {"UA": "x1", "AA": "x2", "DL": "x3", "B6": "x4"}


def traffic(seed: int, rows: int = ROWS) -> Columns:
    rng = np.random.default_rng(seed)
    return {
        "temp": rng.normal(15, 8, rows).round(2),
        "distance": rng.lognormal(6, 0.8, rows).round(1),
        "age": rng.integers(18, 90, rows),
        "delay": rng.normal(300, 20, rows).round(1),
        "carrier": rng.choice(["UA", "AA", "DL", "B6"], rows, p=[0.4, 0.3, 0.2, 0.1]),
        "origin": rng.choice(["EWR", "JFK"], rows, p=[0.7, 0.3]),
    }


def stored(columns: Columns) -> DataProfile:
    texts = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
    batch = Batch({name: column_from_texts(values) for name, values in texts.items()})
    return load_statistics(dump_statistics(profile(DataQuality(), [batch])))


@pytest.fixture(scope="module")
def baseline() -> DataProfile:
    return stored(traffic(1, 20_000))


def found(baseline: DataProfile, columns: Columns, **facts: Any) -> Diagnosis:
    return diagnose(baseline, stored(columns), Facts(**facts))


def sometimes(values: Any, value: object, share: float = 0.1, seed: int = 5) -> list[object]:
    hit = np.random.default_rng(seed).random(len(values)) < share
    return [value if h else v for v, h in zip(values, hit, strict=True)]


FAULTS: dict[str, tuple[Cause, Change]] = {
    "nulls": (Cause.NULLS, {"temp": lambda v: sometimes(v, None)}),
    "all nulls": (Cause.NULLS, {"temp": lambda v: [None] * len(v)}),
    "nulls become 0": (Cause.DEFAULT_VALUE, {"delay": lambda v: sometimes(v, 0.0)}),
    "nulls become -999": (Cause.DEFAULT_VALUE, {"distance": lambda v: sometimes(v, -999)}),
    "times 1000": (Cause.UNIT, {"distance": lambda v: v * 1000}),
    "kilometres": (Cause.UNIT, {"delay": lambda v: v * 1.609344}),
    "Fahrenheit": (Cause.UNIT, {"temp": lambda v: v * 1.8 + 32}),
    "opposite sign": (Cause.UNIT, {"delay": lambda v: -v}),
    "minutes": (Cause.UNIT, {"delay": lambda v: v / 60}),
    "lower case": (Cause.ENCODING, {"carrier": np.char.lower}),
    "numbers as decimals": (Cause.ENCODING, {"carrier": lambda v: np.char.add(v, " ")}),
    "other names": (Cause.ENCODING, {"carrier": lambda v: [CODES[x] for x in v]}),
    "texts for numbers": (Cause.TYPE, {"age": lambda v: [f"{x} years" for x in v]}),
    "numbers for texts": (Cause.TYPE, {"carrier": lambda v: [int(CODES[x][1:]) for x in v]}),
    "frozen number": (Cause.FROZEN, {"temp": lambda v: v * 0 + 3}),
    "frozen category": (Cause.FROZEN, {"carrier": lambda v: ["UA"] * len(v)}),
}


@pytest.mark.parametrize(("cause", "change"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("rows", [200, ROWS])
def test_a_broken_pipeline_is_named_with_its_column(
    baseline: DataProfile, cause: Cause, change: Change, rows: int
) -> None:
    columns = traffic(2, rows)
    (name,) = change
    columns[name] = change[name](columns[name])

    diagnosis = found(baseline, columns, drifted=[name])

    assert [(f.cause, f.columns) for f in diagnosis.findings] == [(cause, (name,))]
    assert diagnosis.kind is Kind.PIPELINE_BUG
    assert name in diagnosis.sentence


def test_swapped_columns_are_named_both(baseline: DataProfile) -> None:
    columns = traffic(2)
    columns["age"], columns["temp"] = columns["temp"], columns["age"]

    diagnosis = found(baseline, columns, drifted=["age", "temp"])

    assert [(f.cause, set(f.columns)) for f in diagnosis.findings] == [(Cause.SWAPPED, {"age", "temp"})]


SHIFTS: dict[str, Change] = {
    "a quarter of a standard deviation": {"temp": lambda v: v + 2},
    "two standard deviations": {"temp": lambda v: v + 16},
    "prices rise by 30 %": {"distance": lambda v: v * 1.3},
    "twice as large": {"distance": lambda v: v * 2},
    "wider": {"delay": lambda v: 300 + 3 * (v - 300)},
    "other shares": {"carrier": lambda v: np.random.default_rng(9).choice(["UA", "AA", "DL", "B6"], len(v))},
}


@pytest.mark.parametrize("change", SHIFTS.values(), ids=SHIFTS)
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_shift_of_the_population_is_no_fault(baseline: DataProfile, change: Change, seed: int) -> None:
    columns = traffic(seed)
    (name,) = change
    columns[name] = change[name](columns[name])

    diagnosis = found(baseline, columns, drifted=[name])

    assert diagnosis.kind is Kind.POPULATION_SHIFT
    assert diagnosis.findings[0].cause is Cause.DRIFT


def test_a_dry_day_is_no_frozen_sensor_and_a_calm_one_no_default_value() -> None:
    rng = np.random.default_rng(4)
    rain = np.where(rng.random(20_000) < 0.06, rng.exponential(1, 20_000).round(2), 0.0)
    wind = np.where(rng.random(20_000) < 0.03, 0.0, rng.gamma(4, 3, 20_000).round(1))
    usual = stored({"rain": rain, "wind": wind})
    calm = np.where(rng.random(900) < 0.15, 0.0, rng.gamma(4, 3, 900).round(1))

    diagnosis = found(usual, {"rain": np.zeros(900), "wind": calm}, drifted=["wind"])

    assert diagnosis.kind is Kind.POPULATION_SHIFT


def test_a_new_category_is_news_of_the_population(baseline: DataProfile) -> None:
    columns = traffic(2)
    columns["carrier"] = sometimes(columns["carrier"], "WN", share=0.2)

    diagnosis = found(baseline, columns, drifted=["carrier"])

    assert diagnosis.kind is Kind.POPULATION_SHIFT
    assert "'WN'" in diagnosis.sentence


@pytest.mark.parametrize("rows", [40, 200, 2000])
def test_traffic_as_before_has_no_diagnosis(baseline: DataProfile, rows: int) -> None:
    kinds = {found(baseline, traffic(seed, rows)).kind for seed in range(2, 32)}

    assert kinds == {Kind.NONE}


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ({"duplicate_share": 0.5}, Cause.REPLAY),
        ({"unreadable_share": 0.3}, Cause.UNREADABLE),
        ({"empty_hours_share": 0.5}, Cause.CAPTURE_GAP),
    ],
)
def test_faults_of_the_capture_explain_a_shift_away(
    baseline: DataProfile, facts: dict[str, float], cause: Cause
) -> None:
    diagnosis = found(baseline, traffic(2) | {"temp": traffic(2)["temp"] + 5}, drifted=["temp"], **facts)

    assert diagnosis.kind is Kind.CAPTURE_FAULT
    assert diagnosis.findings[0].cause is cause


def test_a_worse_model_on_data_as_before_is_a_shift_of_the_concept(baseline: DataProfile) -> None:
    diagnosis = found(baseline, traffic(2), quality_violated=True)

    assert diagnosis.kind is Kind.CONCEPT_SHIFT
    assert diagnosis.kind.calls_for_retraining


def test_a_fault_comes_before_a_shift_that_is_there_as_well(baseline: DataProfile) -> None:
    columns = traffic(2)
    columns["temp"] = columns["temp"] + 5
    columns["distance"] = columns["distance"] * 1000

    diagnosis = found(baseline, columns, drifted=["temp", "distance"], quality_violated=True)

    assert diagnosis.kind is Kind.PIPELINE_BUG
    assert [f.cause for f in diagnosis.findings] == [Cause.UNIT, Cause.DRIFT]
    assert not diagnosis.kind.calls_for_retraining


def test_too_few_rows_say_nothing(baseline: DataProfile) -> None:
    assert (
        found(baseline, {name: values[:10] * 0 for name, values in traffic(2).items() if name in NUMBERS}).kind
        is Kind.NONE
    )
