from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from functions.common.message import Audience, Message, Routing, Severity, State
from functions.forward.handler import handler


@pytest.fixture
def events(aws: None) -> Any:  # noqa: ARG001 - pytest's way to ask for a fixture
    """Read what was put on the bus, from a queue that a rule fills."""
    queue = boto3.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
    asked = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    bus = boto3.client("events")
    bus.put_rule(Name="heard", EventPattern=json.dumps({"source": ["watchkeeper"], "detail-type": ["Notification"]}))
    bus.put_targets(Rule="heard", Targets=[{"Id": "queue", "Arn": asked["Attributes"]["QueueArn"]}])

    def read() -> list[dict[str, Any]]:
        answer = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["detail"] for message in answer.get("Messages", ())]

    return read


def delivered(body: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": body}]}


def test_a_message_becomes_an_event_that_rules_can_route(inbox: Any, events: Any, context: Any) -> None:
    routing = Routing("flights-prod", (Audience.LEGAL,), Severity.WARNING, "flights-bias-violations", State.OVER)
    message_id = Message.of("it is over", ["one", 'and "two"'], routing).send(inbox.topic_arn)
    handler(delivered(inbox.bodies()[0]), context)
    assert events() == [
        {
            "version": "1",
            "topic": inbox.topic_arn,
            "message_id": message_id,
            "endpoint": "flights-prod",
            "audience": ["legal"],
            "severity": "warning",
            "state": "over",
            "action": "resolve",
            "thread": "flights-bias-violations",
            "subject": "it is over",
            "text": 'one\nand "two"\n',
        }
    ]


def test_an_alarm_that_tells_the_topic_itself_is_critical_and_for_engineers(
    inbox: Any, events: Any, context: Any
) -> None:
    boto3.client("sns").publish(TopicArn=inbox.topic_arn, Subject="ALARM: dead letters", Message="{}")
    handler(delivered(inbox.bodies()[0]), context)
    (found,) = events()
    assert (found["severity"], found["audience"], found["action"]) == ("critical", ["engineering"], "trigger")
    assert found["thread"] == found["message_id"]
