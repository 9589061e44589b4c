"""What Model Monitor and Clarify would not honour is refused, with what to do."""

# ruff: noqa: E501 - one mistake, one line

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.config import parse_config
from monitoring_core.errors import ConfigError

from .test_runtime_managed_kinds import BASE

OURS = "or use `runtime: auto`"
QUALITY, BIAS, EXPLAIN = 1, 2, 3
EXISTING = {"endpoint": {"name": "ep", "existing": True}, "capture": {"destination": "s3://captured/data/"}}


def monitor(number: int, **fields: Any) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    document["monitors"][number] |= fields
    return document


def managed(**fields: Any) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    document["runtime"]["managed"] |= fields
    return document


def only(kind: str, **settings: Any) -> dict[str, Any]:
    """A single managed monitor, and a runtime of its own."""
    monitors = [one for one in copy.deepcopy(BASE)["monitors"] if one["kind"] == kind]
    document: dict[str, Any] = {**BASE, "monitors": monitors, "runtime": {"managed": settings}}
    return document if kind == "model-bias" else without(document, "ground_truth")


def without(document: dict[str, Any], *path: str | int) -> dict[str, Any]:
    result = copy.deepcopy(document)
    section: Any = result
    for part in path[:-1]:
        section = section[part]
    del section[path[-1]]
    return result


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (monitor(QUALITY, constraints={"f0_5": {"at_least": 0.5}}), f"monitors[1].constraints.f0_5: Amazon's analyzer does not check it; it does recall, precision, accuracy, true_positive_rate, true_negative_rate, false_positive_rate, false_negative_rate, auc, f1, f2; remove it, {OURS}"),
        (monitor(QUALITY, constraints={"auc": {"at_least": 0.5, "at_most": 0.9}}), f"monitors[1].constraints.auc: Amazon's analyzer takes one bound of a metric; give one, {OURS}"),
        (monitor(QUALITY, min_rows=5), f"monitors[1].min_rows: Amazon's analyzers judge windows of any size; remove it, {OURS}"),
        (monitor(QUALITY, emit_metrics=["auc"]), "runtime.managed.publish_metrics: publishes every metric of Amazon's names, and model-quality names some to publish; give one of both"),
        (monitor(BIAS, tolerance=0.1), f"monitors[2].tolerance: Clarify compares with the baseline as it is; remove it, {OURS}"),
        (monitor(BIAS, limits={"DI": {"at_least": 0.8}}), f"monitors[2].limits: Clarify compares with the baseline as it is; remove it, {OURS}"),
        (monitor(BIAS, metrics=["DI", "average_odds_difference"]), f"monitors[2].metrics: Clarify has no average_odds_difference; remove them, {OURS}"),
        (monitor(BIAS, segments=["age"]), f"monitors[2].segments: Amazon's analyzers do not slice the rows; remove it, {OURS}"),
        (monitor(BIAS, facets=[{"column": "age", "greater_than": 60}]), f"monitors[2].facets[0]: 'age': whether a single number is a threshold or a value for Clarify depends on how many different values a window has, so that baseline and windows may compare other groups; put the group into a column of its own and name its values in `equals`, {OURS}"),
        (monitor(EXPLAIN, ndcg_threshold=0.8), f"monitors[3].ndcg_threshold: Clarify's is 0.9 and cannot be changed; remove it, {OURS}"),
        (monitor(EXPLAIN, max_rows=10), f"monitors[3].max_rows: Clarify explains every row, as it is asked to; remove it, {OURS}"),
        (without(BASE, "monitors", EXPLAIN, "baseline"), f"monitors[3].baseline: missing; give the SHAP baseline, a record of feature values: without one Clarify makes another of each window, {OURS}"),
        (managed(network={"isolation": True}), "runtime.managed.network.isolation: model-explainability asks the model over the network; remove it, or set it to false"),
        (managed(timeout_seconds=1801), "runtime.managed.timeout_seconds: a job of Model Monitor may not run longer than the time to the next, and merging the labels is a job of its own, got 1801 for hourly (model-quality); allowed: up to 1800"),
        (managed(batch_transform={"format": "parquet", "header": True}), "runtime.managed: `batch_transform.header` is for CSV, got format 'parquet'; remove it"),
        (without(BASE, "runtime", "processing"), "runtime.managed.image: 'ours' is the image of `runtime.processing`; add that section, e.g. with `image: codebuild`"),
        (BASE | EXISTING, "runtime.managed.shadow_endpoint.model: missing; Clarify asks the model itself: give the name of the SageMaker model behind the existing endpoint"),
        (BASE | {"schema": {**BASE["schema"], "features": []}}, "schema.features: missing; Clarify finds the columns of a request by their names (model-bias)"),
        (BASE | {"ground_truth": {"lag": "1d", "final_after": "7d"}}, f"ground_truth.final_after: has no effect: Model Monitor looks at the labels of a window once; give a longer `lag`, {OURS}"),
        (BASE | {"alarms": {"evaluation_periods": 101}}, "alarms.evaluation_periods: the alert of a Model Monitor schedule looks at 100 executions at most (data-quality)"),
        (only("data-quality", shadow_endpoint={"instance_type": "ml.m5.xlarge"}), "runtime.managed.shadow_endpoint: is for managed monitors of model-explainability; add one, or remove it"),
        (only("data-quality", attributes={"prediction": "p"}), "runtime.managed.attributes: is for managed monitors of model-bias or model-explainability or model-quality; add one, or remove it"),
        (only("model-bias", record_preprocessor="s3://bucket/p.py"), "runtime.managed.record_preprocessor: is for managed monitors of data-quality or model-quality; add one, or remove it"),
        ({**only("data-quality", volume_gib=30), "monitors": [{"kind": "data-quality"}]}, "runtime.managed: has no effect: no monitor has `runtime: managed`; remove it, or change one"),
    ],
)  # fmt: skip
def test_a_setting_without_an_effect_is_named_with_what_to_do(document: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(document, "monitoring.yaml")
    assert line in str(error.value)


@pytest.mark.parametrize(
    "document",
    [
        BASE,
        monitor(QUALITY, constraints={"auc": {"at_least": 0.7}}, dataset="s3://bucket/validation.csv"),
        monitor(BIAS, facets=[{"column": "sex"}], metrics=["DI"]),
        without(managed(image="amazon", network={"isolation": False}, publish_metrics=False), "runtime", "processing"),
        only("data-quality", timeout_seconds=3600),
        BASE | EXISTING | {"runtime": {"managed": {"shadow_endpoint": {"model": "m"}}}},
        {**only("data-quality"), "baseline": {"dataset": "s3://bucket/train.csv", "time_column": "time"}},
    ],
)
def test_what_amazon_can_do_is_allowed(document: dict[str, Any]) -> None:
    parse_config(document, "monitoring.yaml")
