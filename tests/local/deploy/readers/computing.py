"""Lambda and Step Functions."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader, only, tag_list, upper_first


def _function(client: Client, physical_id: str, expected: Properties) -> Properties:
    answer = client("lambda").get_function(FunctionName=physical_id)
    found = answer["Configuration"]
    concurrency = client("lambda").get_function_concurrency(FunctionName=physical_id)
    concurrency.pop("ResponseMetadata")
    return {
        **found,
        **concurrency,
        "Code": _code(client, found["CodeSha256"], expected["Code"]),
        "KmsKeyArn": found.get("KMSKeyArn"),
        "Tags": tag_list(answer.get("Tags", {})),
    }


def _code(client: Client, sha256: str, location: Properties) -> Properties:
    """Return where the code is: Lambda keeps a copy, which must be what lies there."""
    body = client("s3").get_object(Bucket=location["S3Bucket"], Key=location["S3Key"])["Body"].read()
    same = base64.b64encode(hashlib.sha256(body).digest()).decode() == sha256
    return location if same else {"CodeSha256": sha256}


def _permission(client: Client, physical_id: str, expected: Properties) -> Properties:
    policy = json.loads(client("lambda").get_policy(FunctionName=expected["FunctionName"])["Policy"])
    found = only(statement for statement in policy["Statement"] if statement["Sid"] == physical_id)
    assert found["Effect"] == "Allow"
    return {
        "Action": found["Action"],
        "FunctionName": found["Resource"],
        "Principal": found["Principal"]["Service"],
        "SourceArn": found["Condition"]["ArnLike"]["AWS:SourceArn"],
    }


def _event_invoke_config(client: Client, _: str, expected: Properties) -> Properties:
    found = client("lambda").get_function_event_invoke_config(FunctionName=expected["FunctionName"])
    name, qualifier = found["FunctionArn"].split(":function:")[1].split(":")
    return {**found, "FunctionName": name, "Qualifier": qualifier}


def _state_machine(client: Client, physical_id: str, _: Properties) -> Properties:
    states = client("stepfunctions")
    found = upper_first(states.describe_state_machine(stateMachineArn=physical_id))
    tags = upper_first(states.list_tags_for_resource(resourceArn=physical_id)["tags"])
    return {**found, "DefinitionString": found["Definition"], "Tags": tags}


READERS: Mapping[str, Reader] = {
    "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::Permission": _permission,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
