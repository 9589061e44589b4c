"""Amazon's files go through reading and writing unchanged."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitoring_core.errors import BaselineError, DataError
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.data_quality import DataQuality
from monitoring_core.report.sagemaker import (
    dump_constraints,
    dump_statistics,
    load_constraints,
    load_statistics,
    load_violations,
)

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

RECORDED = Path(__file__).parents[4] / "shared" / "conformance" / "recorded"


def recorded(kind: str) -> list[Any]:
    found = sorted((RECORDED / kind).glob("*.json"))
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="the conformance corpus is not there"))]


@pytest.mark.parametrize("path", recorded("constraints"), ids=lambda path: getattr(path, "stem", "none"))
def test_recorded_constraints_round_trip(path: Path) -> None:
    data = path.read_bytes()

    assert json.loads(dump_constraints(load_constraints(data))) == json.loads(data)


@pytest.mark.parametrize("path", recorded("statistics"), ids=lambda path: getattr(path, "stem", "none"))
def test_recorded_statistics_round_trip(path: Path) -> None:
    expected = json.loads(path.read_bytes())

    got = json.loads(dump_statistics(load_statistics(path.read_bytes())))

    for mine, theirs in zip(got["features"], expected["features"], strict=True):
        assert mine["inferred_type"] == theirs["inferred_type"]
        ours, amazons = mine["numerical_statistics"], theirs["numerical_statistics"]
        assert ours["distribution"] == amazons["distribution"]
        assert ours["std_dev"] == pytest.approx(amazons["std_dev"], rel=1e-12)
        assert {k: ours[k] for k in ("common", "sum", "min", "max")} == {
            k: amazons[k] for k in ("common", "sum", "min", "max")
        }
    assert list(got) == list(expected)


@pytest.mark.parametrize("path", recorded("violations"), ids=lambda path: getattr(path, "stem", "none"))
def test_recorded_violations_of_every_monitor_can_be_read(path: Path) -> None:
    assert all(entry["constraint_check_type"] for entry in load_violations(path.read_bytes()))


def test_keys_that_are_not_understood_are_kept() -> None:
    data = {
        "version": 0.0,
        "features": [{"name": "a", "inferred_type": "String", "completeness": 1.0, "note": "ours"}],
        "monitoring_config": {"evaluate_constraints": "Enabled", "later": {"x": 1}},
    }

    assert json.loads(dump_constraints(load_constraints(json.dumps(data).encode()))) == data


def test_text_columns_and_gaps(table: Table) -> None:
    state = profile(DataQuality(), [table(city=["Oslo", "Rome", "Oslo", None], gone=[None] * 4, yes=["true"] * 4)])

    features = {f["name"]: f for f in json.loads(dump_statistics(state))["features"]}
    assert features["city"] == {
        "name": "city",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 3, "num_missing": 1},
            "distinct_count": 2.0,
            "distribution": {
                "categorical": {"buckets": [{"value": "Oslo", "count": 2}, {"value": "Rome", "count": 1}]}
            },
        },
    }
    assert features["gone"]["inferred_type"] == "Unknown"
    assert features["yes"]["inferred_type"] == "String"
    loaded = load_statistics(dump_statistics(state))
    assert dict(loaded.columns["city"].tally.counts) == {"Oslo": 2, "Rome": 1}
    assert loaded.columns["gone"].present == 0


def test_words_for_what_is_not_finite(table: Table) -> None:
    values = ["1.0", "9" * 400]
    state = profile(DataQuality(), [table(x=[value for value in values if math.isfinite(float(value))])])

    assert b"NaN" not in dump_statistics(state)
    text = dump_statistics(state).replace(b'"max": 1.0', b'"max": "Infinity"')
    assert load_statistics(text).columns["x"].moments.maximum == math.inf


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"dataset":{"item_count":1},"features":[{"name":"x"}]}'])
def test_a_file_that_is_no_statistics_file_is_refused(data: bytes) -> None:
    with pytest.raises(BaselineError, match=r"statistics.json cannot be read"):
        load_statistics(data)


def test_a_wrong_value_in_a_constraints_file_is_named() -> None:
    data = b'{"features":[{"name":"a","inferred_type":"Integral","completeness":2}]}'

    with pytest.raises(BaselineError, match=r"at features.0.completeness: Input should be less than or equal to 1"):
        load_constraints(data)


def test_a_file_without_violations_list_is_refused() -> None:
    with pytest.raises(DataError, match="expected an object with a list 'violations'"):
        load_violations(b"{}")
