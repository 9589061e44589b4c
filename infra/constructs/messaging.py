"""The topic that people subscribe to, and the queue where undeliverable events end."""

from __future__ import annotations

from aws_cdk import Duration, Stack, aws_iam, aws_kms, aws_sns, aws_sns_subscriptions, aws_sqs
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.nag import acknowledge


class Messaging(Construct):
    """Topic and dead-letter queue of one endpoint.

    Attributes
    ----------
    topic : Topic
        Encrypted, TLS only.
    dead_letters : Queue
        Keeps what could not be delivered or handled for two weeks.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, key: aws_kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.topic = aws_sns.Topic(
            self, "Topic", display_name=f"Watchkeeper {config.endpoint.name}", master_key=key, enforce_ssl=True
        )
        self.topic.add_to_resource_policy(
            aws_iam.PolicyStatement(
                principals=[aws_iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for address in config.alarms.notify.email:
            self.topic.add_subscription(aws_sns_subscriptions.EmailSubscription(address))
        self.dead_letters = aws_sqs.Queue(
            self,
            "DeadLetters",
            encryption=aws_sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(self.dead_letters, "SQS3", "This is the dead-letter queue.")
