"""SNS: messages reach their subscribers in the background, and are written down.

Why each of moto 5.2.5's methods is replaced
--------------------------------------------
- ``Topic.publish`` delivers within the call, and an error of one subscriber breaks the publisher.
- ``Subscription.publish`` hands Lambda an event with example values, drops e-mail, and would post to real HTTP
  addresses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.moto_api._internal import mock_random
from moto.sns.models import Subscription, Topic

from localaws.replacing import replace
from localaws.services import Services

_RECORDED = ("email", "email-json", "http", "https", "sms", "firehose", "application")
"""Protocols that lead out of the account: the message is written down, which is all the delivery there is."""


def install(services: Services) -> None:
    """Give the account topics that deliver. Subscriptions need no confirmation."""

    def publish(
        self: Any,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        message_id = str(mock_random.uuid4())
        more = {
            "subject": subject,
            "message_attributes": message_attributes,
            "group_id": group_id,
            "deduplication_id": deduplication_id,
            "message_structure": message_structure,
        }
        subscriptions, _ = self.sns_backend.list_subscriptions_by_topic(topic_arn=self.arn)
        for subscription in subscriptions:
            services.work.submit(f"sns {self.name}", partial(subscription.publish, message, message_id, **more))
        self.sent_notifications.append((message_id, message, subject, message_attributes, group_id))
        return message_id

    def publish_to_subscriber(self: Any, message: str, message_id: str, **more: Any) -> None:
        if self._filter_policy_matcher and not self._filter_policy_matcher.matches(more["message_attributes"], message):
            return
        if more["message_structure"] == "json":
            message = self._parse_message_structure(message, self.protocol)
            more["message_structure"] = None
        protocols[self.protocol](self, message, message_id, more)
        services.journal.write(
            "message",
            self.topic.arn,
            protocol=self.protocol,
            endpoint=self.endpoint,
            subject=more["subject"],
            message=message,
            message_id=message_id,
        )

    def to_queue(subscription: Any, message: str, message_id: str, more: Mapping[str, Any]) -> None:
        deliver_to_queue(subscription, message, message_id, **more)

    def to_function(subscription: Any, message: str, message_id: str, more: Mapping[str, Any]) -> None:
        event = _lambda_event(services, subscription, message, message_id, more)
        services.client("lambda").invoke(
            FunctionName=subscription.endpoint, InvocationType="Event", Payload=json.dumps(event)
        )

    protocols: dict[str, Callable[[Any, str, str, Mapping[str, Any]], None]] = {
        "lambda": to_function,
        "sqs": to_queue,
        **dict.fromkeys(_RECORDED, lambda *_: None),
    }
    replace(Topic, "publish", publish)
    deliver_to_queue = replace(Subscription, "publish", publish_to_subscriber)


def _lambda_event(
    services: Services, subscription: Any, message: str, message_id: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    attributes = {
        name: {"Type": value["Type"], "Value": value["Value"]}
        for name, value in (more["message_attributes"] or {}).items()
    }
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic.arn,
        "Subject": more["subject"],
        "Message": message,
        "Timestamp": services.clock.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": "1",
        "Signature": "",
        "SigningCertUrl": "",
        "UnsubscribeUrl": "",
        "MessageAttributes": attributes,
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription.arn}
    return {"Records": [{**record, "Sns": notification}]}
