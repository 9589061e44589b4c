"""Which permissions an API call needs: Amazon's actions, on the resources that the call names.

Most actions are called as the operation, and which types of resources they take is in the service authorization
reference, which cfn-lint brings along. A call names a resource by a parameter of its type: ``TableName`` for a table,
``TopicArn`` for a topic. What is different is in the tables of this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from localaws.access.policy import Permission
from localaws.access.request import Call

_IAM_NAMES = {"monitoring": "cloudwatch"}
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:UploadPart": "s3:PutObject",
    "sns:PublishBatch": "sns:Publish",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
"""Operations whose action has another name."""

_PARAMETERS = {
    "bucket": "Bucket",
    "data-quality-job-definition": "JobDefinitionName",
    "event-bus": "EventBusName",
    "key": "KeyId",
    "model-bias-job-definition": "JobDefinitionName",
    "model-explainability-job-definition": "JobDefinitionName",
    "model-quality-job-definition": "JobDefinitionName",
    "parameter": "Name",
    "queue": "QueueUrl",
    "rule-on-default-event-bus": "Name",
}
"""Types of resources that are not named by a parameter of their own name."""

_CONTEXT = {
    "cloudwatch:PutMetricData": ("cloudwatch:namespace", "Namespace"),
    "s3:ListBucket": ("s3:prefix", "Prefix"),
    "s3:ListBucketVersions": ("s3:prefix", "Prefix"),
}
"""Condition keys that are parameters of the call."""

_ROLES = frozenset({"ExecutionRoleArn", "Role", "RoleArn", "roleArn", "serviceRole"})


@dataclass(frozen=True)
class Home:
    """Where resources are that a call names without an ARN."""

    account_id: str
    region: str


def needs(call: Call, home: Home) -> Iterator[Permission]:
    """Yield what the caller must be allowed to do."""
    for one in _of_operation(call, home):
        yield one
        if one.action.startswith("sagemaker:Create") and call.parameters.get("Tags"):
            yield Permission("sagemaker:AddTags", one.resource)
    for role in _roles(call.parameters):
        yield Permission("iam:PassRole", role, (("iam:PassedToService", f"{call.service}.amazonaws.com"),))


def _of_operation(call: Call, home: Home) -> Iterator[Permission]:
    match call.service, call.operation.name:
        case "s3", "DeleteObjects":
            for one in call.parameters["Delete"]["Objects"]:
                yield _object("DeleteObject", call.parameters["Bucket"], one["Key"], one.get("VersionId"))
        case "s3", _ if "Key" in call.parameters:
            yield from _of_object(call)
        case "dynamodb", "TransactWriteItems":
            for kind, given in (pair for item in call.parameters["TransactItems"] for pair in item.items()):
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield from _of_resources(f"dynamodb:{action}", given, home)
        case "events", "PutEvents":
            buses = dict.fromkeys(entry.get("EventBusName", "default") for entry in call.parameters["Entries"])
            for bus in buses:
                yield from _of_resources("events:PutEvents", {"EventBusName": bus}, home)
        case service, operation:
            action = f"{_IAM_NAMES.get(service, service)}:{operation}"
            yield from _of_resources(_ACTIONS.get(action, action), call.parameters, home)


def _of_object(call: Call) -> Iterator[Permission]:
    action = _ACTIONS.get(f"s3:{call.operation.name}", f"s3:{call.operation.name}").removeprefix("s3:")
    yield _object(action, call.parameters["Bucket"], call.parameters["Key"], call.parameters.get("VersionId"))
    if source := call.parameters.get("CopySource"):
        bucket, _, key = source.lstrip("/").partition("/")
        yield _object("GetObject", bucket, key.partition("?versionId=")[0], None)


def _object(action: str, bucket: str, key: str, version: str | None) -> Permission:
    return Permission(f"s3:{action}{'Version' if version else ''}", f"arn:aws:s3:::{bucket}/{key}")


def _of_resources(action: str, parameters: Mapping[str, Any], home: Home) -> Iterator[Permission]:
    keys = [_CONTEXT[action]] if action in _CONTEXT else []
    context = tuple((key, str(parameters.get(name) or "")) for key, name in keys)
    found = [
        _arn(pattern, value, home)
        for kind, pattern in resource_types(action).items()
        for value in _named(kind, parameters)
    ]
    for resource in dict.fromkeys(found) or ["*"]:
        yield Permission(action, resource, context)


def _named(kind: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return the names, or ARNs, of the resources of a type that a call is about.

    >>> _named("table", {"TableName": "t"}), _named("alarm", {"AlarmNames": ["a", "b"]}), _named("table", {})
    (['t'], ['a', 'b'], [])
    """
    if kind == "model-package" and "ModelPackageGroupName" in parameters:
        return [f"{parameters['ModelPackageGroupName'].rpartition('/')[2]}/*"]
    if {"SourceArn", "DestinationArn"} <= parameters.keys():
        return [arn for arn in (parameters["SourceArn"], parameters["DestinationArn"]) if f":{kind}/" in arn]
    if kind == "log-stream":
        return [f"{parameters['logGroupName']}:log-stream:{parameters.get('logStreamName', '')}"]
    plain = kind.replace("-", "").replace(" ", "").lower()
    wanted = {f"{plain}name", f"{plain}names", f"{plain}arn", f"{plain}id", _PARAMETERS.get(kind, plain).lower()}
    found: str | list[str] = next((value for name, value in parameters.items() if name.lower() in wanted), [])
    return [found] if isinstance(found, str) else list(found)


def _arn(pattern: str, value: str, home: Home) -> str:
    """Return the ARN of a resource that is named by ARN, by name, or (a queue) by URL.

    >>> _arn("arn:${Partition}:sqs:${Region}:${Account}:.*", "http://localhost/1/q", Home("1", "eu-west-1"))
    'arn:aws:sqs:eu-west-1:1:q'
    >>> _arn("arn:${Partition}:ssm:${Region}:${Account}:parameter/.*", "/a/b", Home("1", "eu-west-1"))
    'arn:aws:ssm:eu-west-1:1:parameter/a/b'
    """
    if value.startswith("arn:"):
        return value
    name = value.rsplit("/", 1)[-1] if "://" in value else value
    here = {"${Partition}": "aws", "${Region}": home.region, "${Account}": home.account_id, ".*": name}
    for placeholder, text in here.items():
        pattern = pattern.replace(placeholder, text)
    return pattern.replace("parameter//", "parameter/")


def _roles(parameters: Any) -> Iterator[str]:
    """Yield the roles that a call hands on, wherever in its parameters."""
    if isinstance(parameters, list):
        for one in parameters:
            yield from _roles(one)
    elif isinstance(parameters, Mapping):
        for name, value in parameters.items():
            if name in _ROLES and isinstance(value, str):
                yield value
            else:
                yield from _roles(value)


def resource_types(action: str) -> dict[str, str]:
    """Return the types of resources that an action takes, with the pattern of their ARNs.

    Examples
    --------
    >>> resource_types("dynamodb:PutItem")
    {'table': 'arn:${Partition}:dynamodb:${Region}:${Account}:table/.*'}
    >>> resource_types("ecr:GetAuthorizationToken")
    {}
    """
    service, name = action.split(":")
    reference = _reference()[service]
    listed = reference["Actions"].get(name.lower(), {}).get("Resources", [])
    kinds = [listed] if isinstance(listed, str) else listed
    return {kind: reference["Resources"][kind]["ARNFormats"][0] for kind in kinds if kind in reference["Resources"]}


@cache
def _reference() -> dict[str, Any]:
    text = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text()
    reference: dict[str, Any] = json.loads(text)
    return reference
