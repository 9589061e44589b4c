"""EventBridge and its scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader


def _rule(client: Client, physical_id: str, _: Properties) -> Properties:
    events = client("events")
    found = events.describe_rule(Name=physical_id)
    return {
        **found,
        "EventPattern": json.loads(found["EventPattern"]),
        "Tags": events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"],
        "Targets": events.list_targets_by_rule(Rule=physical_id)["Targets"],
    }


def _schedule(client: Client, physical_id: str, expected: Properties) -> Properties:
    found: Properties = client("scheduler").get_schedule(
        Name=physical_id, GroupName=expected.get("GroupName", "default")
    )
    return found


READERS: Mapping[str, Reader] = {"AWS::Events::Rule": _rule, "AWS::Scheduler::Schedule": _schedule}
