"""IAM and KMS."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader


def _role(client: Client, physical_id: str, _: Properties) -> Properties:
    role: Properties = client("iam").get_role(RoleName=physical_id)["Role"]
    return role


def _policy(client: Client, _: str, expected: Properties) -> Properties:
    """Read an inline policy, which lives in the roles it is put into."""
    name, iam = expected["PolicyName"], client("iam")
    found = {role: iam.get_role_policy(RoleName=role, PolicyName=name) for role in expected["Roles"]}
    documents = [answer["PolicyDocument"] for answer in found.values()]
    assert all(document == documents[0] for document in documents)
    return {"PolicyName": name, "Roles": list(found), "PolicyDocument": documents[0]}


def _key(client: Client, physical_id: str, _: Properties) -> Properties:
    kms, which = client("kms"), {"KeyId": physical_id}
    return {
        **kms.describe_key(**which)["KeyMetadata"],
        "EnableKeyRotation": kms.get_key_rotation_status(**which)["KeyRotationEnabled"],
        "KeyPolicy": json.loads(kms.get_key_policy(**which, PolicyName="default")["Policy"]),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in kms.list_resource_tags(**which)["Tags"]],
    }


READERS: Mapping[str, Reader] = {
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
}
