"""S3: events of buckets that send them to EventBridge, and bucket policies.

Why each of moto 5.2.5's functions is replaced
----------------------------------------------
- ``_send_event_bridge_message`` makes events with epoch times for moto's own targets, swallows every error, and sends
  an event about tags with each object. Events about tags are left out here.
- ``FakeBucket.get_permission`` enforces policies without their conditions: "deny unless TLS" would deny everything.
  Denials under a condition are kept with the policy, but not enforced.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import notifications
from moto.s3.models import FakeBucket

from localaws.replacing import replace
from localaws.services import Services


def install(services: Services) -> None:
    """Let buckets put events on the default bus, and enforce what can be enforced of their policies."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        policy = json.loads(self.policy or '{"Statement": []}')
        policy["Statement"] = [one for one in policy["Statement"] if not _denies_conditionally(one)]
        if not policy["Statement"]:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    def send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
        if event_name == notifications.S3NotificationEvent.OBJECT_TAGGING_PUT_EVENT:
            return
        described = {"key": key.name, "size": key.size, "etag": key.etag.strip('"'), "sequencer": services.bus.new_id()}
        if key.version_id:
            described["version-id"] = key.version_id
        services.bus.put(
            source="aws.s3",
            detail_type=notifications._detail_type(event_name),  # noqa: SLF001 - Amazon's names, which moto knows
            detail={
                "version": "0",
                "bucket": {"name": bucket.name},
                "object": described,
                "requester": account_id,
                "reason": event_name.rsplit(":", 1)[-1],
            },
            resources=[bucket.arn],
        )

    replace(notifications, "_send_event_bridge_message", send)
    replace(FakeBucket, "get_permission", get_permission)


def _denies_conditionally(statement: dict[str, Any]) -> bool:
    return statement["Effect"] == "Deny" and bool(statement.get("Condition"))
