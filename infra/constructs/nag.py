"""Acknowledging a cdk-nag finding, always with the reason why it does not apply."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(scope: IConstruct, rule: str, reason: str) -> None:
    """Acknowledge one finding of the AwsSolutions pack on a construct and what is below it.

    Parameters
    ----------
    rule : str
        Id without the pack's name, e.g. ``S1`` or ``IAM5[Resource::*]``.
    """
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def acknowledge_nist(scope: IConstruct, rule: str, reason: str) -> None:
    """Acknowledge one finding of the NIST 800-53 R5 pack, e.g. ``LambdaDLQ``, likewise."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"NIST.800.53.R5-{rule}", reason=reason))


def acknowledge_wildcard(scope: IConstruct, resource: str, reason: str) -> None:
    """Acknowledge that a policy below `scope` names a resource with a wildcard."""
    acknowledge(scope, f"IAM5[Resource::{_flat(Stack.of(scope).resolve(resource))}]", reason)


def _flat(value: Any) -> str:
    """Spell a resolved value as cdk-nag does: references in angle brackets, other functions as JSON.

    Examples
    --------
    >>> _flat({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", {"Fn::GetAtt": ["B", "Name"]}, "/*"]]})
    'arn:<AWS::Partition>:s3:::<B.Name>/*'
    """
    if isinstance(value, str):
        return value
    (function, argument), *_ = value.items()
    if function == "Fn::Join":
        separator, parts = argument
        return str(separator).join(_flat(part) for part in parts)
    if function not in {"Ref", "Fn::GetAtt"}:
        return json.dumps(value, separators=(",", ":"))
    return f"<{argument}>" if isinstance(argument, str) else f"<{'.'.join(argument)}>"
