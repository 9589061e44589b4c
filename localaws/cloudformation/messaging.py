"""SNS and SQS."""

from __future__ import annotations

import json

from localaws.cloudformation.resource import ApiResource, tag_map


class Topic(ApiResource):
    """``AWS::SNS::Topic``; moto's own takes any property and forgets it."""

    TYPE = "AWS::SNS::Topic"
    NAME = "TopicName"

    def create(self) -> None:
        """Create the topic and its subscriptions."""
        properties = dict(self.properties)
        subscriptions, tags = properties.pop("Subscription", []), properties.pop("Tags", [])
        if unknown := set(properties) - _TOPIC_ATTRIBUTES:
            raise ValueError(f"properties {sorted(unknown)} are not simulated")
        attributes = {name: _text(value) for name, value in properties.items()}
        arn = self.client("sns").create_topic(Name=self.name, Attributes=attributes, Tags=tags)["TopicArn"]
        for subscription in subscriptions:
            self.client("sns").subscribe(TopicArn=arn, **subscription)
        self.physical_id = arn
        self.attributes = {"TopicArn": arn, "TopicName": self.name}

    def remove(self) -> None:
        """Delete the topic."""
        self.client("sns").delete_topic(TopicArn=self.physical_id)


class Queue(ApiResource):
    """``AWS::SQS::Queue``; moto's own has a URL that leads to Amazon."""

    TYPE = "AWS::SQS::Queue"
    NAME = "QueueName"
    MAX_NAME = 80

    def create(self) -> None:
        """Create the queue."""
        properties = dict(self.properties)
        tags = tag_map(properties.pop("Tags", []))
        if unknown := set(properties) - _QUEUE_ATTRIBUTES:
            raise ValueError(f"properties {sorted(unknown)} are not simulated")
        attributes = {name: _text(value) for name, value in properties.items()}
        url = self.client("sqs").create_queue(QueueName=self.name, Attributes=attributes, tags=tags)["QueueUrl"]
        self.physical_id = url
        self.attributes = {"Arn": self.arn("sqs", self.name), "QueueName": self.name, "QueueUrl": url}

    def remove(self) -> None:
        """Delete the queue."""
        self.client("sqs").delete_queue(QueueUrl=self.physical_id)


class Subscription(ApiResource):
    """``AWS::SNS::Subscription``."""

    TYPE = "AWS::SNS::Subscription"
    _ATTRIBUTES = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")

    def create(self) -> None:
        """Subscribe."""
        call = dict(self.properties)
        call.pop("Region", None)  # only for topics in another region
        attributes = {name: _text(call.pop(name)) for name in self._ATTRIBUTES if name in call}
        answer = self.client("sns").subscribe(**call, Attributes=attributes, ReturnSubscriptionArn=True)
        self.physical_id = answer["SubscriptionArn"]
        self.attributes = {"Arn": self.physical_id}

    def remove(self) -> None:
        """Unsubscribe."""
        self.client("sns").unsubscribe(SubscriptionArn=self.physical_id)


class TopicPolicy(ApiResource):
    """``AWS::SNS::TopicPolicy``."""

    TYPE = "AWS::SNS::TopicPolicy"

    def create(self) -> None:
        """Set the policy of each topic."""
        for topic in self.properties["Topics"]:
            self.client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(self.properties["PolicyDocument"])
            )

    def remove(self) -> None:
        """Leave the policy: it goes with the topic."""


class QueuePolicy(ApiResource):
    """``AWS::SQS::QueuePolicy``."""

    TYPE = "AWS::SQS::QueuePolicy"

    def create(self) -> None:
        """Set the policy of each queue."""
        for queue in self.properties["Queues"]:
            self._set(queue, json.dumps(self.properties["PolicyDocument"]))

    def remove(self) -> None:
        """Take the policy away."""
        for queue in self.properties["Queues"]:
            self._set(queue, "")

    def _set(self, queue: str, policy: str) -> None:
        self.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


_TOPIC_ATTRIBUTES = frozenset(
    {"DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig", "FifoTopic", "ContentBasedDeduplication"}
)


_QUEUE_ATTRIBUTES = frozenset(
    {
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    }
)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


TYPES = (Topic, Queue, Subscription, TopicPolicy, QueuePolicy)
