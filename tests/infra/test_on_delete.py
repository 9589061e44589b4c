"""What the configuration says about deletion is what the template does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra.app import build
from infra.bundling import ROOT

from .conftest import Template, cdk_context

FLIGHTS = ROOT / "examples" / "flights" / "monitoring.yaml"


@pytest.fixture(scope="module")
def destroyed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("destroy")
    config = folder / "monitoring.yaml"
    config.write_text(FLIGHTS.read_text() + "\nruntime: { on_delete: destroy }\n")
    app = App(context=cdk_context(), outdir=str(folder / "cdk.out"))
    build(app, [Path(config)])
    (stack,) = app.synth().stacks
    template: Template = stack.template
    return template


def contents(template: Template, of_type: Callable[..., Any]) -> dict[str, Any]:
    return dict(of_type(template, "Custom::WatchkeeperBucketContents"))


def test_retained_buckets_are_never_emptied(templates: dict[str, Template], of_type: Callable[..., Any]) -> None:
    assert all(not contents(template, of_type) for template in templates.values())
    assert "s3:DeleteObjectVersion" not in json.dumps(templates)
    assert "watchkeeper:on-delete" not in json.dumps(templates)


def test_every_destroyed_bucket_is_emptied_and_says_that_it_may_be(
    destroyed: Template, of_type: Callable[..., Any]
) -> None:
    buckets = dict(of_type(destroyed, "AWS::S3::Bucket"))
    emptied = [one["Properties"]["Bucket"]["Ref"] for one in contents(destroyed, of_type).values()]
    assert sorted(emptied) == sorted(buckets)
    for bucket in buckets.values():
        assert bucket["DeletionPolicy"] == "Delete"
        assert {"Key": "watchkeeper:on-delete", "Value": "destroy"} in bucket["Properties"]["Tags"]


def test_what_empties_a_bucket_may_touch_that_one_alone(destroyed: Template, of_type: Callable[..., Any]) -> None:
    policies = [p for name, p in of_type(destroyed, "AWS::IAM::Policy") if name.startswith("StorageEmptied")]
    touched = []
    for policy in policies:
        of_s3 = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if "s3:" in json.dumps(s["Action"])]
        assert sorted(action for s in of_s3 for action in s["Action"]) == [
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetBucketTagging",
            "s3:ListBucketVersions",
        ]
        (bucket,) = {
            name
            for s in of_s3
            for name, _ in [s["Resource"].get("Fn::GetAtt") or s["Resource"]["Fn::Join"][1][0]["Fn::GetAtt"]]
        }
        touched.append(bucket)
    assert sorted(touched) == sorted(name for name, _ in of_type(destroyed, "AWS::S3::Bucket"))


def test_the_access_logs_are_emptied_after_the_bucket_that_writes_them_is_gone(
    destroyed: Template, of_type: Callable[..., Any]
) -> None:
    (data,) = [b for name, b in of_type(destroyed, "AWS::S3::Bucket") if "AccessLogs" not in name]
    assert next(name for name in contents(destroyed, of_type) if "AccessLogs" in name) in data["DependsOn"]


def test_whatever_may_still_write_is_deleted_before_the_bucket_is_emptied(
    destroyed: Template, of_type: Callable[..., Any]
) -> None:
    emptying = {name for name in contents(destroyed, of_type) if "AccessLogs" not in name}
    for kind in ("AWS::SageMaker::Endpoint", "AWS::SageMaker::Pipeline", "AWS::StepFunctions::StateMachine"):
        for name, resource in of_type(destroyed, kind):
            assert emptying <= set(resource["DependsOn"]), name
