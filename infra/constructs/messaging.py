"""The topic that people subscribe to, and the queue where undeliverable events end."""

from __future__ import annotations

from aws_cdk import Duration, Stack, aws_iam, aws_kms, aws_sns, aws_sns_subscriptions, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.config.notify import Notify, heard
from infra.constructs.channels import Channels
from infra.constructs.nag import acknowledge


class Messaging(Construct):
    """Topic and dead-letter queue of one endpoint.

    The queue is the endpoint's own also in a fleet: its policy names every rule that may put something there, and its
    alarm says whose events were lost.

    Parameters
    ----------
    shared : ITopic, optional
        The topic of the fleet. Left out: the endpoint gets its own.

    Attributes
    ----------
    topic : ITopic
        Encrypted, TLS only.
    dead_letters : Queue
        Keeps what could not be delivered or handled for two weeks.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig,
        key: aws_kms.IKey,
        shared: aws_sns.ITopic | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = shared or notification_topic(self, config.name, config.alarms.notify, key)
        self.dead_letters = dead_letter_queue(self, key)
        if shared is None:
            forward(self, config, config.alarms.notify, self.topic, key, self.dead_letters)


def notification_topic(scope: Construct, name: str, notify: Notify, key: aws_kms.IKey) -> aws_sns.Topic:
    """Declare an encrypted topic to which alarms of this account publish, with its subscriptions."""
    topic = aws_sns.Topic(scope, "Topic", display_name=f"Watchkeeper {name}", master_key=key, enforce_ssl=True)
    topic.add_to_resource_policy(
        aws_iam.PolicyStatement(
            principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    )
    for address in notify.email:
        topic.add_subscription(aws_sns_subscriptions.EmailSubscription(address))
    for route in notify.routes:
        chosen = {name: aws_sns.SubscriptionFilter.string_filter(allowlist=values) for name, values in heard(route)}
        for address in route.email:
            topic.add_subscription(aws_sns_subscriptions.EmailSubscription(address, filter_policy=chosen or None))
    return topic


def dead_letter_queue(scope: Construct, key: aws_kms.IKey) -> aws_sqs.Queue:
    """Declare the queue that keeps for two weeks what could not be delivered or handled."""
    queue = aws_sqs.Queue(
        scope,
        "DeadLetters",
        encryption=aws_sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    acknowledge(queue, "SQS3", "This is the dead-letter queue.")
    return queue


def forward(
    scope: Construct,
    config: EndpointConfig | FleetConfig,
    notify: Notify,
    topic: aws_sns.ITopic,
    key: aws_kms.IKey,
    dead_letters: aws_sqs.IQueue,
) -> None:
    """Declare what hands messages on to chats and webhooks, if there are any."""
    if notify.is_forwarded:
        Channels(scope, "Channels", config=config, notify=notify, topic=topic, key=key, dead_letters=dead_letters)
