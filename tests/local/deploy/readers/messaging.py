"""SNS and SQS."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader, number, tag_list


def _topic(client: Client, physical_id: str, _: Properties) -> Properties:
    sns = client("sns")
    tags = sns.list_tags_for_resource(ResourceArn=physical_id)["Tags"]
    return {**sns.get_topic_attributes(TopicArn=physical_id)["Attributes"], "Tags": tags}


def _subscription(client: Client, physical_id: str, _: Properties) -> Properties:
    found: Properties = client("sns").get_subscription_attributes(SubscriptionArn=physical_id)["Attributes"]
    return _documents(found, "FilterPolicy")


def _topic_policy(client: Client, _: str, expected: Properties) -> Properties:
    policies = {
        topic: json.loads(client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        for topic in expected["Topics"]
    }
    return _of_all("Topics", policies)


def _queue(client: Client, physical_id: str, _: Properties) -> Properties:
    tags = client("sqs").list_queue_tags(QueueUrl=physical_id).get("Tags", {})
    attributes = {name: number(text) for name, text in _queue_attributes(client, physical_id).items()}
    return {**_documents(attributes, "RedrivePolicy"), "Tags": tag_list(tags)}


def _queue_policy(client: Client, _: str, expected: Properties) -> Properties:
    policies = {queue: json.loads(_queue_attributes(client, queue)["Policy"]) for queue in expected["Queues"]}
    return _of_all("Queues", policies)


def _queue_attributes(client: Client, url: str) -> dict[str, str]:
    answer = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = answer["Attributes"]
    return attributes


def _documents(attributes: Properties, name: str) -> Properties:
    """Read an attribute that is a document, where there is one."""
    return attributes | ({name: json.loads(attributes[name])} if name in attributes else {})


def _of_all(what: str, policies: Mapping[str, Properties]) -> Properties:
    first, *others = policies.values()
    assert all(other == first for other in others)
    return {what: list(policies), "PolicyDocument": first}


READERS: Mapping[str, Reader] = {
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
}
