"""Every kind of monitor: each field of its section reaches the run."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from infra.config import EndpointConfig, parse_config
from infra.config.monitors import Monitor

SCHEMA = {
    "problem": "binary-classification",
    "outputs": ["p"],
    "probability": "p",
    "features": ["age", "sex", "note"],
    "label": "y",
}
RUN = {
    "schedule": "daily",
    "alarm": {"evaluation_periods": 2},
    "emit_metrics": ["a"],
    "dataset": "s3://data/own.csv",
    "variant": "champion",
}
RULE = {"numeric": "psi"}
FACET = {"column": "sex", "equals": ["f"]}
VECTOR = {"name": "v", "columns": ["age"]}
SECTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "model-quality": (
        {},
        RUN
        | {
            "name": "other",
            "probability_threshold": 0.3,
            "positive_label": "yes",
            "constraints": {"auc": {"at_least": 0.8}},
            "segments": ["sex"],
            "min_rows": 5,
        },
    ),
    "model-bias": (
        {"facets": [FACET]},
        RUN
        | {
            "name": "other",
            "facets": [{"column": "age", "greater_than": 40}],
            "positive_labels": ["yes"],
            "probability_threshold": 0.3,
            "group_variable": "note",
            "metrics": ["DI"],
            "tolerance": 0.2,
            "limits": {"DI": {"at_least": 0.8}},
            "min_rows": 5,
            "segments": ["sex"],
        },
    ),
    "model-explainability": (
        {"model_file": "s3://models/model.json"},
        RUN
        | {
            "name": "other",
            "model_file": "s3://models/model2.json",
            "baseline": [[1, "f", None]],
            "background_records": 5,
            "use_logit": True,
            "agg_method": "median",
            "num_samples": 100,
            "seed": 1,
            "label_headers": ["late"],
            "ndcg_threshold": 0.8,
            "min_rows": 5,
            "max_rows": 50,
            "max_model_rows": 1000,
            "segments": ["sex"],
        },
    ),
    "prediction-drift": (
        {},
        RUN
        | {
            "name": "other",
            "classes": ["p"],
            "scores": ["p"],
            "interval": {"lower": "p", "upper": "p"},
            "drift": RULE,
            "segments": ["sex"],
        },
    ),
    "data-integrity": (
        {},
        RUN
        | {
            "name": "other",
            "tolerance": 0.1,
            "significance": 0.01,
            "min_rows": 5,
            "rules": [{"name": "adult", "holds": "age >= 18"}],
            "unique": ["note"],
            "freshness": {"column": "note", "max_age_seconds": 60},
            "volume": {"at_least": 3},
            "checksum": "0" * 16,
            "max_imbalance": {"sex": 0.5},
            "max_correlation_shift": 0.1,
            "skew": [{"served": "age", "trained": "age"}],
            "transformation": "package.module:function",
            "segments": ["sex"],
        },
    ),
    "embedding-drift": (
        {"vectors": [VECTOR]},
        RUN
        | {
            "name": "other",
            "vectors": [VECTOR, {"name": "w", "prefix": "e"}],
            "max_auc": 0.7,
            "max_cosine_distance": 0.5,
            "min_mmd_p_value": 0.01,
            "significance": 0.01,
            "sample_rows": 100,
            "sample_dimensions": 8,
            "min_rows": 30,
            "segments": ["sex"],
        },
    ),
    "text": (
        {"texts": ["note"]},
        RUN | {"name": "other", "texts": ["sex"], "drift": RULE, "max_unknown_increase": 0.2, "segments": ["sex"]},
    ),
    "custom": (
        {"name": "kpi", "factory": "package.module:make"},
        RUN
        | {
            "name": "other",
            "factory": "package.module:other",
            "parameters": {"cost": 3},
            "segments": ["sex"],
        },
    ),
}
CHANGES = [(kind, field) for kind, (_, changes) in SECTIONS.items() for field in changes]


def config(kind: str, **changes: Any) -> EndpointConfig:
    section = {"kind": kind} | SECTIONS[kind][0] | changes
    return parse_config(
        {
            "endpoint": {"name": "ep", "existing": True},
            "capture": {"destination": "s3://captured/data/"},
            "schema": SCHEMA,
            "baseline": {"dataset": "s3://data/train.csv"},
            "monitors": [section],
        },
        "monitoring.yaml",
    )


def reached(loaded: EndpointConfig) -> tuple[Any, ...]:
    """All that the stack takes from a monitor's section."""
    (monitor,) = loaded.monitors
    spec = monitor.spec(loaded.data_schema)
    return spec, monitor.schedule, monitor.emitted, monitor.dataset, monitor.alarm, monitor.variant


def test_every_kind_and_every_field_is_below() -> None:
    sections = {get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(Monitor)[0])}
    own = {kind: set(section.model_fields) - {"kind", "runtime", "columns"} for kind, section in sections.items()}
    own.pop("data-quality")  # in test_field_effect
    assert own == {kind: set(changes) for kind, (_, changes) in SECTIONS.items()}


@pytest.mark.parametrize(("kind", "field"), CHANGES)
def test_a_field_reaches_the_run(kind: str, field: str) -> None:
    assert reached(config(kind, **{field: SECTIONS[kind][1][field]})) != reached(config(kind))


@pytest.mark.parametrize("kind", SECTIONS)
def test_columns_are_given_once(kind: str) -> None:
    with pytest.raises(ValueError, match=r"monitors\[0\]"):
        config(kind, columns={"features": ["age"]})
