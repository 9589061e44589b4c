"""IAM roles and KMS keys."""

from __future__ import annotations

import json

from moto.cloudformation.models import cloudformation_backends

from localaws.cloudformation.resource import ApiResource, Properties
from localaws.services import Services


class Role(ApiResource):
    """``AWS::IAM::Role``; moto's own drops managed policies."""

    TYPE = "AWS::IAM::Role"
    NAME = "RoleName"
    MAX_NAME = 64

    def create(self) -> None:
        """Create the role and give it its policies."""
        iam = self.client("iam")
        call = self.named()
        managed, inline = call.pop("ManagedPolicyArns", []), call.pop("Policies", [])
        call["AssumeRolePolicyDocument"] = json.dumps(call["AssumeRolePolicyDocument"])
        role = iam.create_role(**call)["Role"]
        for arn in managed:
            iam.attach_role_policy(RoleName=self.name, PolicyArn=arn)
        for policy in inline:
            document = json.dumps(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=self.name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        self.attributes = {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    def update(self, properties: Properties) -> None:
        """Replace trust and inline policies; what policies of their own attached stays."""
        iam = self.client("iam")
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        trust = json.dumps(self.properties["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=trust)
        for policy in self.properties.get("Policies", []):
            document = json.dumps(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=self.name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        for arn in self.properties.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=self.name, PolicyArn=arn)

    def remove(self) -> None:
        """Take the policies away and delete the role."""
        iam = self.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=self.name, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        iam.delete_role(RoleName=self.name)


class Policy(ApiResource):
    """``AWS::IAM::Policy``: an inline policy of roles."""

    TYPE = "AWS::IAM::Policy"

    def create(self) -> None:
        """Put the policy into each role."""
        if unknown := set(self.properties) - {"PolicyName", "PolicyDocument", "Roles"}:
            raise ValueError(f"properties {sorted(unknown)} are not simulated: only roles have policies here")
        document = json.dumps(self.properties["PolicyDocument"])
        for role in self.properties["Roles"]:
            self.client("iam").put_role_policy(
                RoleName=role, PolicyName=self.properties["PolicyName"], PolicyDocument=document
            )

    def remove(self) -> None:
        """Delete the policy from each role."""
        for role in self.properties["Roles"]:
            self.client("iam").delete_role_policy(RoleName=role, PolicyName=self.properties["PolicyName"])


class Key(ApiResource):
    """``AWS::KMS::Key``; moto's own ignores what the key is for and how it may be deleted."""

    TYPE = "AWS::KMS::Key"

    def create(self) -> None:
        """Create the key."""
        call = dict(self.properties)
        rotation, enabled = call.pop("EnableKeyRotation", False), call.pop("Enabled", True)
        call.pop("PendingWindowInDays", None)  # counts when the key is deleted
        policy = call.pop("KeyPolicy", None)
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in call.pop("Tags", [])]
        if policy is not None:
            call["Policy"] = json.dumps(policy)
        key = self.client("kms").create_key(**call, Tags=tags)["KeyMetadata"]
        self.physical_id = key["KeyId"]
        self.attributes = {"Arn": key["Arn"], "KeyId": key["KeyId"]}
        if rotation:
            self.client("kms").enable_key_rotation(KeyId=self.physical_id)
        if not enabled:
            self.client("kms").disable_key(KeyId=self.physical_id)

    def remove(self) -> None:
        """Schedule the key's deletion, which is all that AWS allows."""
        days = self.properties.get("PendingWindowInDays", 30)
        self.client("kms").schedule_key_deletion(KeyId=self.physical_id, PendingWindowInDays=days)


def declared_roles(services: Services) -> dict[str, str]:
    """Return the logical ids of the roles in stacks, by ARN."""
    stacks = cloudformation_backends[services.account_id][services.region].stacks.values()
    created = [item for stack in stacks for item in stack.resource_map._parsed_resources.items()]  # noqa: SLF001
    return {one.attributes["Arn"]: logical_id for logical_id, one in created if isinstance(one, Role)}


TYPES = (Role, Policy, Key)
