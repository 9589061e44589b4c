"""The 206 metric calls of smclarify's own tests, on our formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring_core.measures.bias import (
    METRICS,
    FacetTable,
    Outcomes,
    PredictedRows,
    UndefinedBiasError,
    find_flips,
    generalized_entropy,
    jensen_shannon,
    kolmogorov_smirnov,
    kullback_leibler,
    lp_norm,
    total_variation,
)

GOLDEN = Path(__file__).parents[3] / "shared" / "conformance" / "golden" / "smclarify_metrics.json"
DIVERGENCES = {
    "KL": kullback_leibler,
    "JS": jensen_shannon,
    "LP": lp_norm,
    "TVD": total_variation,
    "KS": kolmogorov_smirnov,
}
BY_NAME = {metric.name: metric for metric in METRICS}


def calls() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(GOLDEN.read_bytes()) if GOLDEN.is_file() else []
    return loaded


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the golden values are not beside this repository (../shared)")
def test_there_are_206_calls() -> None:
    assert len(calls()) == 206


@pytest.mark.parametrize("call", calls(), ids=lambda call: call["metric"])
def test_every_call_gives_the_same_number_or_the_same_error(call: dict[str, Any]) -> None:
    if "error" in call:
        with pytest.raises(UndefinedBiasError) as raised:
            value_of(call["metric"], call["args"])
        assert f"ValueError: {raised.value}" == call["error"]
        return

    expected = float(call["expected"])

    assert value_of(call["metric"], call["args"]) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def value_of(name: str, args: dict[str, Any]) -> float:
    if name == "GE":
        return generalized_entropy(Outcomes.of(table_of(args).counts.sum(axis=(0, 1))))
    facet = np.array(args["sensitive_facet_index"], dtype=bool)
    if name in DIVERGENCES:
        values, codes = np.unique(np.array([str(label) for label in args["label"]]), return_inverse=True)
        counts = [np.bincount(codes[side], minlength=len(values)) for side in (~facet, facet)]
        return DIVERGENCES[name](*counts)
    return BY_NAME[name].compute(table_of(args), 0.0)


def table_of(args: dict[str, Any]) -> FacetTable:
    indexes = [
        args.get(key) for key in ("sensitive_facet_index", "positive_label_index", "positive_predicted_label_index")
    ]
    rows = max(len(index) for index in indexes if index is not None)
    facet, label, predicted = (
        np.zeros(rows, dtype=np.int64) if index is None else np.array(index, dtype=np.int64) for index in indexes
    )
    given = args.get("group_variable")
    groups, group = np.unique(given or [""] * rows, return_inverse=True)
    counts = np.zeros((2, len(groups), 2, 2), dtype=np.int64)
    np.add.at(counts, (facet, group, label, predicted), 1)
    return FacetTable(
        counts, 0 if given is None else len(groups), flips_of(args, facet.astype(bool), predicted.astype(bool))
    )


def flips_of(args: dict[str, Any], facet: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Any:
    if "df" not in args:
        return "not asked for"
    columns = list(args["df"]["dataframe"].values())
    if any(isinstance(value, str) for column in columns for value in column):
        return "FlipTest does not support non-numeric columns"
    features = np.array(columns, dtype=np.float64).T
    sides = [
        PredictedRows(features[side], predicted[side], np.ones(side.sum(), dtype=np.int64)) for side in (~facet, facet)
    ]
    return find_flips(*sides)
