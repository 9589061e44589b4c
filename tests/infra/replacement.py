"""What CloudFormation replaces on an update, told by the resource schemas that cfn-lint carries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"
STATEFUL = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket")


def collisions(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield what an update would replace under the name that it has: the successor is made before the predecessor goes.

    Parameters
    ----------
    before, after : dict
        Templates of one stack.
    """
    for name, old in before["Resources"].items():
        new = after["Resources"].get(name)
        if new is None or new["Type"] != old["Type"]:
            continue
        replaced = {path for path in create_only(old["Type"]) if at(old, path) != at(new, path)}
        own = [path for path in create_only(old["Type"]) if names(old["Type"], path) and at(old, path)]
        if replaced and own and not replaced & set(own):
            yield f"{name} ({old['Type']}) is replaced under its name, for {', '.join(sorted(replaced))} is another"


def moved(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield what holds data and would be another resource after an update."""
    for name, old in before["Resources"].items():
        if old["Type"] in STATEFUL:
            new = after["Resources"].get(name)
            if new is None or any(at(old, path) != at(new, path) for path in create_only(old["Type"])):
                yield f"{name} ({old['Type']})"


@cache
def create_only(kind: str) -> tuple[str, ...]:
    """Return the properties whose change replaces a resource, as paths; none for types of our own."""
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    except ResourceNotFoundError:
        return ()
    return tuple(path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", []))


def names(kind: str, path: str) -> bool:
    """Tell whether a property is the resource's own name."""
    last = kind.rpartition("::")[2]
    return path in {"Name", f"{last}Name", "JobDefinitionName", "PolicyName", "DatabaseName", "TableInput/Name"}


def at(resource: dict[str, Any], path: str) -> Any:
    """Return a property, None where it is not given."""
    value: Any = resource.get("Properties", {})
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value
