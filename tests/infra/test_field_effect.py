"""Every field of the configuration changes the template: a field nobody reads would be a promise that is not kept."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from aws_cdk import App, Stage
from pydantic import BaseModel

from infra.config import EndpointConfig, parse_config
from infra.stacks.endpoint_stack import EndpointStack

from .conftest import cdk_context

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
STARTS = (CREATED, ATTACHED, LABELLED)
FIRST = ("endpoint", "create", "variants", 0)
MONITOR = ("monitors", 0)
TRAINING = ("retraining", "training")

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
    (CREATED, ("alarms",), {"runbook": "https://wiki.example.com/runbook"}),
    (ATTACHED, ("retraining", "pipeline"), "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/yours"),
    (CREATED, (*TRAINING, "prepare_image"), f"{ECR}/w:2"),
    (CREATED, (*TRAINING, "image"), f"{ECR}/m:2"),
    (CREATED, (*TRAINING, "code"), "s3://data/code2.tar.gz"),
    (CREATED, (*TRAINING, "champion"), "s3://data/champion.tar.gz"),
    (CREATED, (*TRAINING, "instance_type"), "ml.m5.4xlarge"),
    (CREATED, (*TRAINING, "holdout_share"), 0.3),
    (CREATED, (*TRAINING, "max_age"), "30d"),
    (CREATED, (*TRAINING, "min_labelled_rows"), 5),
    (CREATED, (*TRAINING, "min_improvement"), 0.1),
    (CREATED, (*TRAINING, "approval"), "automatic"),
    (CREATED, ("retraining", "cooldown"), "5d"),
    (CREATED, ("retraining", "dry_run"), True),
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
    (CREATED, ("runtime",), {"log_retention": "1y"}),
    (CREATED, ("runtime",), {"on_delete": "destroy"}),
    (CREATED, ("decrypt_keys",), ["arn:aws:kms:eu-west-1:111122223333:key/a"]),
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
    while isinstance(value, dict) and names[-1] not in {"environment", "tags"}:
        name, value = list(value.items())[-1]
        names.append(name)
    return ".".join(names)


def test_every_field_has_a_change_below() -> None:
    assert {touched(*change[1:]) for change in CHANGES} == set(leaves(EndpointConfig)) - ELSEWHERE


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The template of both starting points, then of every change; one synthesis for all."""
    app = App(context=cdk_context(), analytics_reporting=False, outdir=str(tmp_path_factory.mktemp("cdk.out")))
    documents = [*STARTS, *(changed(*change) for change in CHANGES)]
    for i, document in enumerate(documents):
        EndpointStack(Stage(app, f"Change{i}"), "Stack", config=parse_config(document, f"change {i}"))
    assembly = app.synth()
    stacks = [assembly.get_nested_assembly(f"assembly-Change{i}").stacks[0] for i in range(len(documents))]
    return [_comparable(stack.template) for stack in stacks]


def _comparable(template: dict[str, Any]) -> str:
    """Without the ids that carry the stage's name, and the hashes of the functions' code."""
    text = json.dumps(template, sort_keys=True)
    return re.sub(r"AllowEventRuleChange\w+|Change\d+|\b[0-9a-f]{64}\b", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[touched(*change[1:]) for change in CHANGES])
def test_a_field_changes_the_template(rendered: list[str], number: int) -> None:
    base = rendered[next(i for i, start in enumerate(STARTS) if start is CHANGES[number][0])]
    assert rendered[number + len(STARTS)] != base


@pytest.mark.slow
def test_an_existing_endpoint_is_not_created_again(rendered: list[str]) -> None:
    created, attached = (json.loads(rendered[i])["Resources"].values() for i in range(2))
    endpoint = "AWS::SageMaker::Endpoint"
    assert [endpoint in {resource["Type"] for resource in resources} for resources in (created, attached)] == [
        True,
        False,
    ]


@pytest.mark.slow
def test_the_same_file_gives_the_same_template(tmp_path_factory: pytest.TempPathFactory, rendered: list[str]) -> None:
    app = App(context=cdk_context(), analytics_reporting=False, outdir=str(tmp_path_factory.mktemp("cdk.out")))
    EndpointStack(Stage(app, "Change7"), "Stack", config=parse_config(copy.deepcopy(CREATED), "again"))
    assert _comparable(app.synth().get_nested_assembly("assembly-Change7").stacks[0].template) == rendered[0]
