"""Who may do what with which encryption key."""

from __future__ import annotations

import copy
import json
from typing import Any

import boto3
import pytest

from infra.config import parse_config
from infra.config.instances import has_local_storage

from .conftest import Template
from .test_field_effect import ATTACHED, CREATED, changed
from .test_runtime_managed import synth

FOREIGN = "arn:aws:kms:eu-west-1:444455556666:key/data"
LOCAL_DISKS = (
    "c5d c6gd dl1 g4dn g5 g6 g6e g7 g7e m5d m6gd p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 p6e-gb200 r5d r6gd r7gd "
    "trn1 trn1n trn2"
)
"""Families that SageMaker offers and EC2's table of instance store volumes lists."""


def template(document: dict[str, Any]) -> Template:
    return synth(parse_config(copy.deepcopy(document), "f"))


def of_type(found: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in found["Resources"].items() if r["Type"] == kind}


def permissions(found: Template) -> dict[str, list[dict[str, Any]]]:
    """Statements of every role, by the role's logical id."""
    held: dict[str, list[dict[str, Any]]] = {}
    for policy in of_type(found, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            held.setdefault(role["Ref"], []).extend(policy["PolicyDocument"]["Statement"])
    return held


def on_key(statements: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [s for s in statements if "kms:" in json.dumps(s["Action"]) and key in json.dumps(s["Resource"])]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {a for s in statements for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])}


@pytest.fixture(scope="module")
def foreign() -> Template:
    """The created endpoint with data in buckets whose key is another account's."""
    return template(changed(CREATED, ("decrypt_keys",), [FOREIGN]))


def test_whatever_sagemaker_runs_may_encrypt_its_volumes_and_outputs(flights: Template, managed: Template) -> None:
    roles = []
    for found in (flights, managed):
        for name, role in of_type(found, "AWS::IAM::Role").items():
            if "sagemaker.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"]):
                roles.append(name)
                held = on_key(permissions(found)[name], "StorageKey")
                assert {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"} <= actions(held), name
                (grant,) = [s for s in held if "kms:CreateGrant" in actions([s])]
                assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}, name
    assert len(roles) == 4


@pytest.mark.parametrize("instance", ["ml.g5.xlarge", "ml.m5d.large"])
def test_an_endpoint_with_a_machine_with_local_disks_has_no_volume_key(instance: str) -> None:
    document = changed(CREATED, ("endpoint", "create", "variants", 0, "instance", "type"), instance)
    (config,) = of_type(template(document), "AWS::SageMaker::EndpointConfig").values()
    assert "KmsKeyId" not in config
    assert config["DataCaptureConfig"]["KmsKeyId"]


def test_a_job_on_a_machine_with_local_disks_has_no_volume_key_but_encrypts_its_output() -> None:
    document = changed(ATTACHED, ("runtime",), {"managed": {"instance_type": "ml.r5d.large"}})
    (definition,) = of_type(template(document), "AWS::SageMaker::DataQualityJobDefinition").values()
    assert "VolumeKmsKeyId" not in definition["JobResources"]["ClusterConfig"]
    assert definition["DataQualityJobOutputConfig"]["KmsKeyId"]


def test_every_family_with_local_disks_is_known() -> None:
    model = boto3.session.Session(region_name="us-east-1").client("sagemaker").meta.service_model
    shapes = ("ProductionVariantInstanceType", "ProcessingInstanceType", "TrainingInstanceType")
    offered = {name for shape in shapes for name in model.shape_for(shape).enum}
    assert {name.split(".")[1] for name in offered if has_local_storage(name)} == set(LOCAL_DISKS.split())


def test_data_in_other_buckets_can_be_read_by_the_roles_that_read_it(foreign: Template) -> None:
    held = {role: actions(on_key(s, FOREIGN)) for role, s in permissions(foreign).items() if on_key(s, FOREIGN)}
    assert all(granted == {"kms:Decrypt"} for granted in held.values())
    assert [role.rstrip("0123456789ABCDEF") for role in sorted(held)] == [
        "BaselinesMakerRole",
        "EndpointRole",
        "RetrainingRole",
    ]


def test_captured_records_of_others_are_only_read() -> None:
    found = template(ATTACHED)
    key = ATTACHED["capture"]["kms_key"]
    held = {role: actions(on_key(s, key)) for role, s in permissions(found).items() if on_key(s, key)}
    assert {role for role in held if role.startswith("Runs")} == {
        role for role in permissions(found) if role.startswith(("RunsPlanFunction", "RunsEvaluateFunction"))
    }
    assert [role for role in held if not role.startswith(("Runs", "Managed"))] == []
    assert all(granted == {"kms:Decrypt"} for granted in held.values())


def test_whoever_uses_a_table_may_use_its_key_through_dynamodb(flights: Template) -> None:
    users = {name: s for name, s in permissions(flights).items() if "dynamodb:" in json.dumps(s)}
    of = ("ChampionFunction", "LoopNotify", "LoopRetrain", "PromotionPromote")
    assert [name.partition("Role")[0] for name in sorted(users)] == list(of)
    for name, statements in users.items():
        through = [s for s in on_key(statements, "StorageKey") if "kms:ViaService" in json.dumps(s.get("Condition"))]
        assert actions(through) == {
            f"kms:{verb}"
            for verb in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
        }, name
        (service,) = [s["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Join"][1][0] for s in through]
        assert service == "dynamodb."


def test_logs_are_encrypted_with_what_cloudwatch_documents_and_for_this_account_only(flights: Template) -> None:
    (key,) = of_type(flights, "AWS::KMS::Key").values()
    (statement,) = [s for s in key["KeyPolicy"]["Statement"] if "logs." in json.dumps(s["Principal"])]
    assert actions([statement]) == {
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    }
    assert "AWS::AccountId" in json.dumps(statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
