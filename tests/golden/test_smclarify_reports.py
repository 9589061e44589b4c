"""The 34 report calls of smclarify's own tests, asked for as Clarify's configuration asks."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from functions.analyzer.clarify.bias import analyse_bias, bias_spec
from functions.analyzer.clarify.config import AnalysisConfig
from functions.analyzer.clarify.dataset import Dataset
from monitoring_core.dataset import Batch, Column, column_from_texts
from monitoring_core.errors import WatchkeeperError
from monitoring_core.measures.bias import METRICS, Outcomes, confusion_shares, label_shares, performance
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.model_bias import ModelBias
from monitoring_core.spec import ColumnSelection
from monitoring_core.stats.confusion import Confusion

GOLDEN = Path(__file__).parents[3] / "shared" / "conformance" / "golden" / "smclarify_reports.json"
KNOWN = {metric.name for metric in METRICS}
PERFORMANCE = {
    "Accuracy": "accuracy",
    "Proportion of Positive Predictions in Labels": "positive_predictions",
    "Proportion of Negative Predictions in Labels": "negative_predictions",
    "True Positive Rate / Recall": "recall",
    "True Negative Rate / Specificity": "specificity",
    "Acceptance Rate / Precision": "precision",
    "Rejection Rate": "rejection_rate",
    "Conditional Acceptance": "conditional_acceptance",
    "Conditional Rejection": "conditional_rejection",
    "F1 Score": "f1",
}


def calls(function: str, *, fails: bool = False) -> list[Any]:
    loaded = json.loads(GOLDEN.read_bytes()) if GOLDEN.is_file() else []
    found = [(n, call) for n, call in enumerate(loaded) if call["function"] == function and ("error" in call) == fails]
    return [pytest.param(call, id=f"{number}-{call['test'].split('::')[1]}") for number, call in found]


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the golden values are not beside this repository (../shared)")
def test_there_are_34_calls() -> None:
    functions = ("bias_report", "bias_basic_stats", "model_performance_report")
    assert sum(len(calls(name, fails=fails)) for name in functions for fails in (False, True)) == 34


@pytest.mark.parametrize("call", calls("bias_report"))
def test_reports(call: dict[str, Any]) -> None:
    expected = call["expected"]
    wanted = [metric["name"] for metric in expected[0]["metrics"] if metric["name"] in KNOWN]
    config, dataset = config_of(call["args"], wanted), dataset_of(call["args"])
    spec = bias_spec(config, dataset, compat=True)
    monitor = ModelBias(decided_by_type(spec, call["args"]), compat=True)

    report = monitor.report(profile(monitor, dataset.batches))

    assert [facet.printed for facet in report.facets] == [facet["value_or_threshold"] for facet in expected]
    for facet, recorded in zip(report.facets, expected, strict=True):
        found = {metric.name: metric for metric in facet.metrics}
        assert list(found) == wanted
        for metric in (metric for metric in recorded["metrics"] if metric["name"] in KNOWN):
            ours = found[metric["name"]]
            assert (ours.description, ours.error or None) == (metric["description"], metric.get("error"))
            value = math.nan if metric["value"] is None else float(metric["value"])
            assert ours.value == pytest.approx(value, rel=1e-12, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("call", calls("bias_report", fails=True))
def test_calls_that_are_refused(call: dict[str, Any]) -> None:
    """Three have no counterpart but a key that does not exist: stages are names here, not members of an enumeration,
    and predictions have no positive values of their own."""
    words = call["error"].removeprefix("ValueError: ")
    stage_name = call["args"]["stage_type"] if words.startswith("stage_type") else None

    with pytest.raises((WatchkeeperError, ValidationError)) as raised:
        analyse_bias(config_of(call["args"], stage_name=stage_name), dataset_of(call["args"]), None, compat=True)

    same_words = ("Threshold values", "Facet/label value", "Positive label values", "Predicted Label Column series")
    if words.startswith(same_words):
        assert words.split(" are empty")[0] in str(raised.value)


@pytest.mark.parametrize("call", calls("bias_basic_stats"))
def test_basic_statistics(call: dict[str, Any]) -> None:
    config, dataset = config_of(call["args"], ["CI"]), dataset_of(call["args"])
    monitor = ModelBias(bias_spec(config, dataset, compat=True), compat=True)

    report = monitor.report(profile(monitor, dataset.batches))

    for facet, recorded in zip(report.facets, call["expected"], strict=True):
        expected = {metric["name"]: metric["value"] for metric in recorded["metrics"]}
        group = facet.disadvantaged
        assert group is not None
        assert group.rows / dataset.rows == expected["proportion"]
        assert list(label_shares(group).values()) == expected["observed_label_distribution"]
        if "confusion_matrix" in expected:
            assert list(confusion_shares(group)) == expected["confusion_matrix"]


@pytest.mark.parametrize("call", calls("model_performance_report"))
def test_model_performance(call: dict[str, Any]) -> None:
    label, predicted = call["args"]["label_column"], call["args"]["predicted_label_column"]
    (positive,) = label["positive_label_values"]
    is_number = isinstance(positive, int)
    sides = [np.array([v > positive if is_number else v == positive for v in c["values"]]) for c in (label, predicted)]
    counts = np.zeros((2, 2))
    np.add.at(counts, tuple(side.astype(int) for side in sides), 1)
    outcomes = Outcomes.of(counts)

    found, expected = performance(outcomes, empty=0.0), call["expected"]

    for metric in expected["model_performance_metrics"]:
        assert found[PERFORMANCE[metric["name"]]] == pytest.approx(metric["value"], rel=1e-12)
    assert list(confusion_shares(outcomes)) == pytest.approx(expected["binary_confusion_matrix"], rel=1e-12)
    if "confusion_matrix" in expected:
        names = sorted(expected["confusion_matrix"])
        codes = [np.array([names.index(value) for value in column["values"]]) for column in (label, predicted)]
        matrix = Confusion.of(names, *codes).matrix(names).tolist()
        assert matrix == [[expected["confusion_matrix"][row][column] for column in names] for row in names]


def config_of(args: dict[str, Any], metrics: list[str] | None = None, stage_name: str | None = None) -> AnalysisConfig:
    stage = stage_name or f"{args['stage_type']}_bias"
    if metrics == ["CI"]:
        stage = "pre_training_bias"
    facet = args["facet_column"]
    keys: dict[str, Any] = {
        "label": args["label_column"]["name"],
        "label_values_or_threshold": args["label_column"]["positive_label_values"],
        "facet": [{"name_or_index": facet["name"], "value_or_threshold": facet["sensitive_values"]}],
        "methods": {stage: {"methods": metrics or "all"}},
    }
    predicted = args.get("predicted_label_column") or {}
    if predicted.get("positive_label_values") not in (None, keys["label_values_or_threshold"]):
        keys["predicted_label_values_or_threshold"] = predicted["positive_label_values"]
    if args.get("group_variable") is not None:
        keys["group_variable"] = "the group"
    return AnalysisConfig.model_validate(keys)


def dataset_of(args: dict[str, Any]) -> Dataset:
    columns = {name: column_of(column["values"]) for name, column in args["df"]["dataframe"].items()}
    label, predicted = args["label_column"], args.get("predicted_label_column")
    columns[label["name"]] = column_of(label["values"])
    answer = None
    if predicted is not None:
        answer = predicted["name"]
        columns[answer] = column_of(predicted["values"])
    features = tuple(name for name in columns if name not in {label["name"], answer})
    if args.get("group_variable") is not None:
        columns["the group"] = column_of(args["group_variable"])
    return Dataset((Batch(columns),), features, label["name"], answer)


def column_of(values: list[Any]) -> Column:
    return column_from_texts([str(value).lower() if isinstance(value, bool) else str(value) for value in values])


def decided_by_type(spec: Any, args: dict[str, Any]) -> Any:
    """A pandas category says that its column has values; our specification says so with `equals`."""
    label = args["label_column"]
    if label["dtype"] != "category":
        return spec
    chosen = ColumnSelection(column=label["name"], equals=tuple(label["positive_label_values"]))
    return spec.model_copy(update={"label": chosen})
