"""The twenty distances of Deequ's own tests."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring_core.measures.deequ import distinct_value_distance
from monitoring_core.measures.distance import (
    chi_square,
    kolmogorov_smirnov,
    l_infinity,
    population_stability_index,
    robust,
)
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.kll import KllSketch

Case = dict[str, Any]  # the corpus' own JSON: its keys differ from kind to kind

GOLDEN = Path(__file__).parents[3] / "shared" / "conformance" / "golden" / "deequ_distance.json"


def categorical(case: Case) -> float:
    simple = l_infinity(case["baseline"], case["sample"])
    if case["mode"] == "simple":
        return simple
    n, m = sum(case["sample"].values()), sum(case["baseline"].values())
    return robust(simple, n, m, alpha=case.get("alpha"))


def numeric(case: Case) -> float:
    sketches = KllSketch.of(case["baseline"]), KllSketch.of(case["sample"])
    return distinct_value_distance(*sketches, correct=case["mode"] == "robust")


def chi(case: Case) -> float:
    return chi_square(case["baseline"], case["sample"])[case["output"] == "p_value"]


def psi(case: Case) -> float:
    return population_stability_index(case["baseline"], case["sample"], smoothing=0.0)


COMPUTE = {"categorical_linf": categorical, "numeric_linf": numeric, "chi_square": chi, "psi": psi}


def golden() -> list[Any]:
    if not GOLDEN.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="the conformance corpus is not beside this repository"))]
    cases: list[Case] = json.loads(GOLDEN.read_bytes())
    return cases


@pytest.mark.parametrize("case", golden(), ids=lambda case: f"{case.get('kind')}-{case.get('expected')}")
def test_golden_value(case: Case) -> None:
    value, expected = COMPUTE[case["kind"]](case), float(case["expected"])
    if math.isnan(expected):
        assert math.isnan(value)
    else:
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_the_exact_distance_agrees_where_values_are_distinct() -> None:
    baseline, sample = np.array([2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0, 4.0])
    simple = kolmogorov_smirnov(Histogram.of(baseline, baseline), Histogram.of(sample, baseline))
    assert simple == 0.25
    assert robust(simple, 4, 4) == 0.0
