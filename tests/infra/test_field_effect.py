"""Every field of the configuration changes the template: a field nobody reads would be a promise that is not kept."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, get_args

import pytest
from aws_cdk import App, Stage
from pydantic import BaseModel

from infra.config import EndpointConfig, parse_config
from infra.stacks.endpoint_stack import EndpointStack

from .conftest import cdk_context
from .replacement import collisions, moved

ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
PACKAGES = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/m"
CREATED: dict[str, Any] = {
    "endpoint": {
        "name": "ep",
        "create": {
            "variants": [
                {
                    "name": "champion",
                    "model": {"image": f"{ECR}/m:1", "artifact": "s3://data/m.tar.gz", "environment": {"A": "1"}},
                    "instance": {"type": "ml.m5.large", "count": 1},
                    "autoscaling": {"min": 1, "max": 2, "invocations_per_instance": 100},
                },
                {
                    "name": "package",
                    "model": {"package": f"{PACKAGES}/1", "image": f"{ECR}/m:1", "artifact": "s3://packages/m.tar.gz"},
                },
            ]
        },
    },
    "capture": {"sampling_percentage": 50},
    "schema": {"problem": "binary-classification", "outputs": ["p"], "features": ["temp", "wind"], "label": "y"},
    "baseline": {"dataset": "s3://data/train.csv"},
    "ground_truth": {"lag": "1d"},
    "monitors": [{"kind": "data-quality", "features": {"temp": {"max_distance": 0.2}}}],
    "retraining": {
        "training": {"prepare_image": f"{ECR}/w:1", "image": f"{ECR}/m:1", "code": "s3://data/code.tar.gz"},
    },
}
ATTACHED: dict[str, Any] = {
    "endpoint": {"name": "ep", "existing": True},
    "capture": {"destination": "s3://captured/data/", "kms_key": "arn:aws:kms:eu-west-1:111122223333:key/a"},
    "baseline": {"statistics": "s3://data/statistics.json", "constraints": "s3://data/constraints.json"},
    "monitors": [
        {"kind": "data-quality"},
        {"kind": "data-quality", "name": "managed", "runtime": "managed", "emit_features": ["temp"]},
    ],
    "retraining": {"pipeline": "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/mine"},
}
LABELLED: dict[str, Any] = {
    **CREATED,
    "schema": CREATED["schema"] | {"outputs": ["p", "q"], "probability": "p"},
    "monitors": [{"kind": "model-quality"}],
}
CHECKED: dict[str, Any] = {
    **LABELLED,
    "monitors": [
        {"kind": "model-bias", "facets": [{"column": "wind", "equals": [1]}]},
        {"kind": "model-explainability", "model_file": "s3://data/m.tar.gz"},
    ],
}
INSIDE = {"subnets": ["subnet-0a"], "security_groups": ["sg-0a"]}
ENGINES: dict[str, Any] = {
    **CREATED,
    "runtime": {
        "auto": {"function_max": {"size": "1GiB", "rows": 1000}, "processing_max": {"size": "9GiB", "rows": 9000}},
        "processing": {"image": f"{ECR}/w:1", "network": dict(INSIDE)},
        "spark": {"image": f"{ECR}/s:1", "network": dict(INSIDE)},
    },
}
MANAGED: dict[str, Any] = {
    "batch_transform": {"name": "ep", "captured": "s3://captured/transforms/", "output": "s3://captured/out/"},
    "schema": CREATED["schema"] | {"outputs": ["p", "q"], "prediction": "q", "probability": "p"},
    "baseline": CREATED["baseline"],
    "monitors": [
        {"kind": "data-quality", "runtime": "managed"},
        {"kind": "model-quality", "runtime": "managed"},
        {"kind": "model-bias", "runtime": "managed", "facets": [{"column": "wind", "equals": [1]}]},
        {"kind": "model-explainability", "runtime": "managed", "model_file": "s3://data/m.json", "baseline": [[1, 2]]},
    ],
    "runtime": {
        "processing": {"image": f"{ECR}/w:1"},
        "managed": {
            "shadow_endpoint": {"model": "m"},
            "image": "ours",
        },
    },
}
BATCH: dict[str, Any] = {
    "batch_transform": {
        "name": "jobs",
        "model": "m",
        "captured": "s3://captured/transforms/",
        "output": "s3://captured/out/",
        "kms_key": "arn:aws:kms:eu-west-1:111122223333:key/a",
    },
    "baseline": CREATED["baseline"],
    "monitors": [{"kind": "data-quality", "emit_features": ["temp"]}],
}
PROMOTED: dict[str, Any] = {
    **LABELLED,
    "monitors": [{"kind": "model-quality"}, {"kind": "data-quality"}],
    "promotion": {"max_latency_ms": 100},
}
PROMOTED_EXISTING: dict[str, Any] = {
    **ATTACHED,
    "promotion": {"model_package_group": "m", "execution_role": "arn:aws:iam::111122223333:role/models"},
}
VARIANTS = CREATED["endpoint"]["create"]["variants"]
TESTED: dict[str, Any] = {
    **CREATED,
    "endpoint": {"name": "ep", "create": {"variants": [*VARIANTS, VARIANTS[1] | {"name": "third"}]}},
    "schema": CREATED["schema"] | {"outputs": ["p", "q"], "probability": "p", "prediction": "q"},
    "experiment": {
        "name": "new",
        "control": "champion",
        "metric": {"name": "p", "better": "higher"},
        "guardrails": [{"name": "temp", "better": "lower", "tolerance": 1}],
    },
}
SHADOWED: dict[str, Any] = {
    **CREATED,
    "endpoint": {
        "name": "ep",
        "create": {
            "variants": VARIANTS[:1],
            "shadow": {
                "name": "next",
                "model": {"image": f"{ECR}/m:1", "artifact": "s3://data/n.tar.gz", "environment": {"A": "1"}},
            },
        },
    },
}
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook"  # noqa: S105 - a name, no secret
TEAM = "00000000-0000-0000-0000-000000000000"
PEOPLE: dict[str, Any] = {
    **CREATED,
    "schema": CREATED["schema"] | {"probability": "p"},
    "alarms": {
        "notify": {
            "routes": [{"email": ["a@example.com"]}],
            "slack": [{"workspace": "T1", "channel": "C1"}],
            "teams": [{"tenant": TEAM, "team": TEAM, "channel": "19%3aa%40thread.tacv2"}],
            "webhooks": [{"name": "hook", "url": "https://hooks.example.com/a", "secret": SECRET}],
        }
    },
    "review": {"probability_between": [0.4, 0.6], "segments": [{"column": "temp", "equals": [1]}]},
}
STARTS = (
    CREATED,
    ATTACHED,
    LABELLED,
    CHECKED,
    ENGINES,
    MANAGED,
    BATCH,
    PROMOTED,
    PROMOTED_EXISTING,
    TESTED,
    SHADOWED,
    PEOPLE,
)
TOLD = ("alarms", "notify")
FIRST = ("endpoint", "create", "variants", 0)
MONITOR = ("monitors", 0)
TRAINING = ("retraining", "training")
JOBS = ("runtime", "managed")
SHADOW = (*JOBS, "shadow_endpoint")
COMPARED = ("experiment",)
COPIED = ("endpoint", "create", "shadow")

CHANGES: list[tuple[dict[str, Any], tuple[str | int, ...], Any]] = [
    (CREATED, ("endpoint", "name"), "ep2"),
    (CREATED, (*FIRST, "name"), "blue"),
    (CREATED, (*FIRST, "weight"), 0.5),
    (CREATED, (*FIRST, "model", "image"), f"{ECR}/m:2"),
    (CREATED, (*FIRST, "model", "artifact"), "s3://data/m2.tar.gz"),
    (CREATED, (*FIRST, "model", "environment"), {"A": "2"}),
    (CREATED, ("endpoint", "create", "variants", 1, "model", "package"), f"{PACKAGES}/2"),
    (CREATED, ("endpoint", "create", "variants", 1, "model", "artifact"), "s3://packages/m2.tar.gz"),
    (CREATED, (*FIRST, "instance", "type"), "ml.c5.large"),
    (CREATED, (*FIRST, "instance", "count"), 2),
    (CREATED, (*FIRST, "autoscaling", "min"), 2),
    (CREATED, (*FIRST, "autoscaling", "max"), 3),
    (CREATED, (*FIRST, "autoscaling", "invocations_per_instance"), 200),
    (BATCH, ("batch_transform", "name"), "jobs2"),
    (BATCH, ("batch_transform", "model"), "n"),
    (BATCH, ("batch_transform", "captured"), "s3://captured/others/"),
    (BATCH, ("batch_transform", "output"), "s3://captured/out/others/"),
    (BATCH, ("batch_transform", "kms_key"), "arn:aws:kms:eu-west-1:111122223333:key/b"),
    (BATCH, ("batch_transform", "start"), "schedule"),
    (CREATED, ("fleet",), "payments"),
    (CREATED, ("capture", "sampling_percentage"), 60),
    (CREATED, ("capture", "modes"), ["Output", "Input"]),
    (CREATED, ("capture", "csv_content_types"), ["text/plain"]),
    (CREATED, ("capture", "json_content_types"), ["application/jsonlines"]),
    (CREATED, ("capture", "retention_days"), 10),
    (ATTACHED, ("capture", "destination"), "s3://captured/other/"),
    (ATTACHED, ("capture", "kms_key"), "arn:aws:kms:eu-west-1:111122223333:key/b"),
    (CREATED, ("schema", "outputs"), ["q"]),
    (CREATED, ("schema", "features"), ["temp", "rain"]),
    (CREATED, ("schema", "label"), "z"),
    (LABELLED, ("schema", "prediction"), "q"),
    (LABELLED, ("schema", "probability"), "q"),
    (ATTACHED, ("schema",), {"problem": "regression"}),
    (CREATED, ("baseline", "dataset"), "s3://data/train2.csv"),
    (CREATED, ("baseline", "time_column"), "time"),
    (ATTACHED, ("baseline", "statistics"), "s3://data/statistics2.json"),
    (ATTACHED, ("baseline", "constraints"), "s3://data/constraints2.json"),
    (CREATED, ("ground_truth", "prefix"), "s3://labels/here/"),
    (CREATED, ("ground_truth", "lag"), "2d"),
    (LABELLED, ("ground_truth", "final_after"), "7d"),
    (CREATED, (*MONITOR, "name"), "dq"),
    (CREATED, (*MONITOR, "dataset"), "s3://data/own.csv"),
    (CREATED, (*MONITOR, "alarm"), {"evaluation_periods": 2, "datapoints_to_alarm": 2}),
    (CREATED, (*MONITOR, "alarm"), {"evaluation_periods": 2}),
    (CREATED, (*MONITOR, "alarm"), {"heartbeat_periods": 4}),
    (CREATED, (*MONITOR, "schedule"), "daily"),
    (ATTACHED, ("monitors", 1, "runtime"), "function"),
    (CREATED, (*MONITOR, "datatype_check_threshold"), 0.5),
    (CREATED, (*MONITOR, "domain_content_threshold"), 0.5),
    (CREATED, (*MONITOR, "distribution"), {"comparison_method": "Simple"}),
    (CREATED, (*MONITOR, "distribution"), {"comparison_threshold": 0.3}),
    (CREATED, (*MONITOR, "distribution"), {"categorical_drift_method": "ChiSquared"}),
    (CREATED, (*MONITOR, "distribution"), {"calibrate": False}),
    (CREATED, (*MONITOR, "features", "temp", "max_distance"), 0.5),
    (CREATED, (*MONITOR, "features", "temp", "min_completeness"), 0.5),
    (CREATED, (*MONITOR, "features", "temp", "perform_comparison"), False),
    (CREATED, (*MONITOR, "emit_features"), ["temp"]),
    (CREATED, (*MONITOR, "min_rows"), 10),
    (CREATED, (*MONITOR, "segments"), ["temp"]),
    (CREATED, ("alarms",), {"evaluation_periods": 2, "datapoints_to_alarm": 2}),
    (CREATED, ("alarms",), {"evaluation_periods": 2}),
    (CREATED, ("alarms",), {"missing_data": "breaching"}),
    (CREATED, ("alarms",), {"heartbeat_periods": 4}),
    (CREATED, ("alarms",), {"max_quarantined_share": 0.2}),
    (CREATED, ("alarms",), {"notify": {"email": ["a@example.com"]}}),
    (PEOPLE, (*TOLD, "routes", 0, "email"), ["b@example.com"]),
    (PEOPLE, (*TOLD, "routes", 0, "audiences"), ["legal"]),
    (PEOPLE, (*TOLD, "routes", 0, "min_severity"), "critical"),
    (PEOPLE, (*TOLD, "slack", 0, "workspace"), "T2"),
    (PEOPLE, (*TOLD, "slack", 0, "channel"), "C2"),
    (PEOPLE, (*TOLD, "slack", 0, "audiences"), ["legal"]),
    (PEOPLE, (*TOLD, "slack", 0, "min_severity"), "critical"),
    (PEOPLE, (*TOLD, "teams", 0, "tenant"), f"{TEAM[:-1]}1"),
    (PEOPLE, (*TOLD, "teams", 0, "team"), f"{TEAM[:-1]}1"),
    (PEOPLE, (*TOLD, "teams", 0, "channel"), "19%3ab%40thread.tacv2"),
    (PEOPLE, (*TOLD, "teams", 0, "audiences"), ["legal"]),
    (PEOPLE, (*TOLD, "teams", 0, "min_severity"), "critical"),
    (PEOPLE, (*TOLD, "webhooks", 0, "name"), "other"),
    (PEOPLE, (*TOLD, "webhooks", 0, "url"), "https://hooks.example.com/b"),
    (PEOPLE, (*TOLD, "webhooks", 0, "secret"), f"{SECRET}2"),
    (PEOPLE, (*TOLD, "webhooks", 0, "secret_field"), "key"),
    (PEOPLE, (*TOLD, "webhooks", 0, "header"), "X-Key"),
    (PEOPLE, (*TOLD, "webhooks", 0, "format"), "pagerduty"),
    (PEOPLE, (*TOLD, "webhooks", 0, "audiences"), ["legal"]),
    (PEOPLE, (*TOLD, "webhooks", 0, "min_severity"), "critical"),
    (PEOPLE, ("review", "probability_between"), [0.3, 0.7]),
    (PEOPLE, ("review", "segments", 0, "column"), "wind"),
    (PEOPLE, ("review", "segments", 0, "equals"), [2]),
    (PEOPLE, ("review", "custom_attribute"), "look"),
    (PEOPLE, ("review", "max_per_window"), 5),
    (PEOPLE, ("review", "raw_rows"), True),
    (CREATED, ("governance",), {"ledger": True}),
    (CREATED, ("governance",), {"report_retention_days": 400}),
    (CREATED, ("alarms",), {"runbook": "https://wiki.example.com/runbook"}),
    (ATTACHED, ("retraining", "pipeline"), "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/yours"),
    (CREATED, (*TRAINING, "prepare_image"), f"{ECR}/w:2"),
    (CREATED, (*TRAINING, "image"), f"{ECR}/m:2"),
    (CREATED, (*TRAINING, "code"), "s3://data/code2.tar.gz"),
    (CREATED, (*TRAINING, "champion"), "s3://data/champion.tar.gz"),
    (CREATED, (*TRAINING, "instance_type"), "ml.m5.4xlarge"),
    (CREATED, (*TRAINING, "holdout_share"), 0.3),
    (CREATED, (*TRAINING, "max_age"), "30d"),
    (CREATED, (*TRAINING, "leave_out_faults"), False),
    (CREATED, (*TRAINING, "min_labelled_rows"), 5),
    (CREATED, (*TRAINING, "min_improvement"), 0.1),
    (CREATED, (*TRAINING, "metric"), "log_loss"),
    (CREATED, (*TRAINING, "approval"), "automatic"),
    (CREATED, (*TRAINING, "reweighing"), {"column": "temp"}),
    (CREATED, (*TRAINING, "reweighing"), {"column": "temp", "equals": [1]}),
    (CREATED, (*TRAINING, "reweighing"), {"column": "temp", "greater_than": 1}),
    (CHECKED, (*TRAINING, "checks"), {"bias": False}),
    (CHECKED, (*TRAINING, "checks"), {"max_bias_increase": 0.2}),
    (CHECKED, (*TRAINING, "checks"), {"attribution": False}),
    (CHECKED, (*TRAINING, "checks"), {"min_ndcg": 0.8}),
    (ATTACHED, ("retraining", "parameters"), {"IncidentId": "Ticket"}),
    (CREATED, ("retraining", "ask"), "runs"),
    (CREATED, ("retraining", "schedule"), "daily"),
    (CREATED, ("retraining", "max_rejected"), 5),
    (CREATED, ("retraining",), CREATED["retraining"] | {"expected_cost_usd": 10, "monthly_budget_usd": 100}),
    (CREATED, ("retraining", "expected_cost_usd"), 20),
    (LABELLED, ("retraining", "min_labels"), 50),
    (CREATED, ("retraining", "cooldown"), "5d"),
    (CREATED, ("retraining", "dry_run"), True),
    (PROMOTED, ("promotion", "strategy"), "linear"),
    (PROMOTED, ("promotion", "canary_percent"), 20),
    (PROMOTED, ("promotion", "linear_steps"), 5),
    (PROMOTED, ("promotion", "wait"), "5m"),
    (PROMOTED, ("promotion", "bake"), "5m"),
    (PROMOTED, ("promotion", "rollback_alarms"), False),
    (PROMOTED, ("promotion", "rollback_monitors"), ["data-quality"]),
    (PROMOTED, ("promotion", "max_error_share"), 0.2),
    (PROMOTED, ("promotion", "max_latency_ms"), 200),
    (PROMOTED, ("promotion", "allow_older"), True),
    (PROMOTED, ("promotion", "variant"), "package"),
    (PROMOTED, ("promotion", "model_package_group"), "mine"),
    (PROMOTED, ("promotion", "artifacts"), ["s3://models/"]),
    (PROMOTED, ("promotion", "images"), [f"{ECR}/other:9"]),
    (PROMOTED_EXISTING, ("promotion", "execution_role"), "arn:aws:iam::111122223333:role/others"),
    (CREATED, ("governance",), {"owner": "me"}),
    (CREATED, ("governance",), {"risk_rating": "high"}),
    (CREATED, ("governance",), {"purpose": "To know."}),
    (CREATED, ("governance",), {"tags": {"cost-centre": "42"}}),
    (CREATED, ("runtime",), {"function": {"architecture": "arm64"}}),
    (CREATED, ("runtime",), {"function": {"memory_mib": 3008}}),
    (CREATED, ("runtime",), {"function": {"timeout_seconds": 300}}),
    (ATTACHED, ("runtime",), {"managed": {"instance_type": "ml.m5.4xlarge"}}),
    (ATTACHED, ("runtime",), {"managed": {"instance_count": 2}}),
    (ATTACHED, ("runtime",), {"managed": {"volume_gib": 50}}),
    (ATTACHED, ("runtime",), {"managed": {"timeout_seconds": 3000}}),
    (MANAGED, (*JOBS, "network"), {"security_groups": ["sg-0a1b2c3d"], "subnets": ["subnet-0a1b2c3d"]}),
    (MANAGED, (*JOBS, "network"), {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]}),
    (MANAGED, (*JOBS, "network"), {"isolation": False}),
    (MANAGED, (*JOBS, "network"), {"encrypt_inter_container_traffic": False}),
    (MANAGED, (*JOBS, "record_preprocessor"), "s3://code/before.py"),
    (MANAGED, (*JOBS, "post_analytics_processor"), "s3://code/after.py"),
    (MANAGED, (*JOBS, "batch_transform"), {"format": "parquet"}),
    (MANAGED, (*JOBS, "batch_transform"), {"header": True}),
    (MANAGED, (*JOBS, "attributes"), {"features": "instances[*].features"}),
    (MANAGED, (*JOBS, "attributes"), {"prediction": "predicted_label"}),
    (MANAGED, (*JOBS, "attributes"), {"probability": "score"}),
    (MANAGED, (*SHADOW, "model"), "n"),
    (MANAGED, (*SHADOW, "instance_type"), "ml.m5.4xlarge"),
    (MANAGED, (*SHADOW, "instance_count"), 2),
    (MANAGED, (*SHADOW, "content_type"), "application/json"),
    (MANAGED, (*SHADOW, "accept_type"), "application/json"),
    (MANAGED, (*SHADOW, "content_template"), '{"instances":$records}'),
    (MANAGED, (*SHADOW, "record_template"), '{"features":$features}'),
    (MANAGED, (*JOBS, "publish_metrics"), True),
    (MANAGED, ("runtime",), {"managed": {**MANAGED["runtime"]["managed"], "image": "amazon"}}),
    (ENGINES, ("runtime", "auto", "function_max", "size"), "2GiB"),
    (ENGINES, ("runtime", "auto", "function_max", "rows"), 2000),
    (ENGINES, ("runtime", "auto", "processing_max", "size"), "8GiB"),
    (ENGINES, ("runtime", "auto", "processing_max", "rows"), 8000),
    (ENGINES, ("runtime", "processing", "image"), f"{ECR}/w:2"),
    (ENGINES, ("runtime", "processing", "instance_type"), "ml.m5.4xlarge"),
    (ENGINES, ("runtime", "processing", "instance_count"), 3),
    (ENGINES, ("runtime", "processing", "volume_gib"), 99),
    (ENGINES, ("runtime", "processing", "timeout_seconds"), 999),
    (ENGINES, ("runtime", "processing", "network", "subnets"), ["subnet-0b"]),
    (ENGINES, ("runtime", "processing", "network", "security_groups"), ["sg-0b"]),
    (ENGINES, ("runtime", "processing", "network", "isolation"), False),
    (ENGINES, ("runtime", "processing", "network", "encrypt_inter_container_traffic"), False),
    (ENGINES, ("runtime", "spark", "image"), f"{ECR}/s:2"),
    (ENGINES, ("runtime", "spark", "instance_type"), "ml.m5.4xlarge"),
    (ENGINES, ("runtime", "spark", "instance_count"), 3),
    (ENGINES, ("runtime", "spark", "volume_gib"), 99),
    (ENGINES, ("runtime", "spark", "timeout_seconds"), 999),
    (ENGINES, ("runtime", "spark", "network", "subnets"), ["subnet-0b"]),
    (ENGINES, ("runtime", "spark", "network", "security_groups"), ["sg-0b"]),
    (ENGINES, ("runtime", "spark", "network", "encrypt_inter_container_traffic"), False),
    (CREATED, ("runtime",), {"backfill_concurrency": 5}),
    (CREATED, ("runtime",), {"log_retention": "1y"}),
    (CREATED, ("runtime",), {"on_delete": "destroy"}),
    (CREATED, ("decrypt_keys",), ["arn:aws:kms:eu-west-1:111122223333:key/a"]),
    (CREATED, (*MONITOR, "variant"), "champion"),
    (SHADOWED, (*COPIED, "name"), "copy"),
    (SHADOWED, (*COPIED, "model", "image"), f"{ECR}/m:2"),
    (SHADOWED, (*COPIED, "model", "artifact"), "s3://data/o.tar.gz"),
    (SHADOWED, (*COPIED, "model", "package"), f"{PACKAGES}/2"),
    (SHADOWED, (*COPIED, "model", "environment"), {"A": "2"}),
    (SHADOWED, (*COPIED, "instance"), {"type": "ml.c5.large"}),
    (SHADOWED, (*COPIED, "instance"), {"count": 2}),
    (TESTED, (*COMPARED, "name"), "newer"),
    (TESTED, (*COMPARED, "control"), "package"),
    (TESTED, (*COMPARED, "treatments"), ["package"]),
    (TESTED, (*COMPARED, "metric", "name"), "q"),
    (TESTED, (*COMPARED, "metric", "better"), "lower"),
    (TESTED, (*COMPARED, "guardrails", 0, "name"), "wind"),
    (TESTED, (*COMPARED, "guardrails", 0, "better"), "higher"),
    (TESTED, (*COMPARED, "guardrails", 0, "tolerance"), 2),
    (TESTED, (*COMPARED, "split"), {"champion": 2, "package": 1, "third": 1}),
    (TESTED, (*COMPARED, "positive_label"), "yes"),
    (TESTED, (*COMPARED, "probability_threshold"), 0.4),
    (TESTED, (*COMPARED, "schedule"), "hourly"),
    (TESTED, (*COMPARED, "alpha"), 0.01),
    (TESTED, (*COMPARED, "min_n"), 500),
    (TESTED, (*COMPARED, "min_duration"), "3d"),
    (TESTED, (*COMPARED, "max_duration"), "30d"),
    (TESTED, (*COMPARED, "margin"), 0.1),
    (TESTED, (*COMPARED, "sample_ratio_alpha"), 0.01),
    (TESTED, (*COMPARED, "policy"), {"on_winner": "ramp"}),
    (TESTED, (*COMPARED, "policy"), {"steps": [0.5]}),
    (TESTED, (*COMPARED, "policy"), {"step_duration": "2d"}),
    (TESTED, (*COMPARED, "policy"), {"on_harm": "stop"}),
]  # fmt: skip
ELSEWHERE = {"monitors.kind", "endpoint.existing"}
"""Each kind has fields of its own (test_monitor_kinds); an existing endpoint is the difference between two starts."""


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(document)
    section: Any = result
    for part in path[:-1]:
        section = section[part]
    section[path[-1]] = value
    return result


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = next(iter(models(field.annotation)), None)
        if inner is None:
            yield path
        else:
            yield from leaves(inner, f"{path}.")


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models(argument)


def touched(path: tuple[str | int, ...], value: Any) -> str:
    """Name of the field that a change is about: the innermost that it sets."""
    names = [str(part) for part in path if isinstance(part, str) and part != "temp"]
    while isinstance(value, dict) and names[-1] not in {"environment", "parameters", "split", "tags"}:
        name, value = list(value.items())[-1]
        names.append(name)
    return ".".join(names)


def test_every_field_has_a_change_below() -> None:
    assert {touched(*change[1:]) for change in CHANGES} == set(leaves(EndpointConfig)) - ELSEWHERE


PARTS: Final = 2
"""The changes are rendered in so many parts, which workers of pytest take in parallel."""


@dataclass(frozen=True)
class Rendered:
    """Templates of the starting points, and of the changes of one part by number."""

    starts: list[str]
    changes: dict[int, str]

    def before(self, number: int) -> str:
        return self.starts[next(i for i, start in enumerate(STARTS) if start is CHANGES[number][0])]


def in_part(part: int) -> pytest.MarkDecorator:
    """Run a test in the worker that renders a part."""
    return pytest.mark.xdist_group(f"fields-{part}")


each_change = pytest.mark.parametrize(
    "number",
    [pytest.param(i, marks=in_part(i % PARTS), id=touched(*change[1:])) for i, change in enumerate(CHANGES)],
)
each_part = pytest.mark.parametrize("part", [pytest.param(part, marks=in_part(part)) for part in range(PARTS)])


@cache
def rendered(part: int) -> Rendered:
    """Render the starting points, then every change of a part; one synthesis for all."""
    numbers = range(part, len(CHANGES), PARTS)
    documents = [*STARTS, *(changed(*CHANGES[number]) for number in numbers)]
    with TemporaryDirectory() as folder:
        app = App(context=cdk_context(), analytics_reporting=False, outdir=folder)
        for i, document in enumerate(documents):
            EndpointStack(Stage(app, f"Change{i}"), "Stack", config=parse_config(document, f"change {i}"))
        assembly = app.synth()
        stacks = [assembly.get_nested_assembly(f"assembly-Change{i}").stacks[0] for i in range(len(documents))]
        templates = [_comparable(stack.template) for stack in stacks]
    return Rendered(templates[: len(STARTS)], dict(zip(numbers, templates[len(STARTS) :], strict=True)))


def _comparable(template: dict[str, Any]) -> str:
    """Without the ids that carry the stage's name, and the hashes of the functions' code."""
    text = json.dumps(template, sort_keys=True)
    return re.sub(r"AllowEventRuleChange\w+|Change\d+|\b[0-9a-f]{64}\b", "", text)


@pytest.mark.long
@each_change
def test_a_field_changes_the_template(number: int) -> None:
    part = rendered(number % PARTS)
    assert part.changes[number] != part.before(number)


@pytest.mark.long
@in_part(0)
def test_an_existing_endpoint_is_not_created_again() -> None:
    created, attached = (json.loads(rendered(0).starts[i])["Resources"].values() for i in range(2))
    endpoint = "AWS::SageMaker::Endpoint"
    assert [endpoint in {resource["Type"] for resource in resources} for resources in (created, attached)] == [
        True,
        False,
    ]


@pytest.mark.long
@in_part(0)
def test_the_same_file_gives_the_same_template(tmp_path: Path) -> None:
    app = App(context=cdk_context(), analytics_reporting=False, outdir=str(tmp_path))
    EndpointStack(Stage(app, "Change7"), "Stack", config=parse_config(copy.deepcopy(CREATED), "again"))
    template = app.synth().get_nested_assembly("assembly-Change7").stacks[0].template
    assert _comparable(template) == rendered(0).starts[0]


@pytest.mark.long
@each_change
def test_an_update_replaces_nothing_under_its_own_name(number: int) -> None:
    part = rendered(number % PARTS)
    before, after = json.loads(part.before(number)), json.loads(part.changes[number])
    assert list(collisions(before, after)) == []


@pytest.mark.long
@each_part
def test_an_update_keeps_what_holds_data(part: int) -> None:
    """Bucket, key and tables, whatever changes; only the fleet decides whose bucket it is."""
    for number, template in rendered(part).changes.items():
        name = touched(*CHANGES[number][1:])
        found = list(moved(json.loads(rendered(part).before(number)), json.loads(template)))
        assert bool(found) == (name == "fleet"), (name, found)
