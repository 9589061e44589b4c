"""The stack that the endpoints of a fleet share; theirs may be deployed one by one, in any order after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Tags, aws_iam, aws_kms
from constructs import Construct

from infra.bundling import ANALYZER
from infra.config import EndpointConfig, FleetConfig
from infra.constructs.alarms import undelivered_alarm
from infra.constructs.fleet_dashboard import fleet_dashboard
from infra.constructs.history import FleetHistory
from infra.constructs.image import ProductImage, product_image
from infra.constructs.messaging import dead_letter_queue, forward, notification_topic
from infra.constructs.shared import publish
from infra.constructs.storage import DataBucket
from infra.constructs.turns import turn_table


class FleetStack(Stack):
    """Key, bucket, topic, turns, history table and dashboard of a fleet.

    Nothing in it grows with the number of endpoints but the dashboard: the policies of key, bucket and topic name
    services of this account, and leave roles to IAM.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: FleetConfig,
        endpoints: Sequence[EndpointConfig],
        **stack: Any,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Watchkeeper: what the endpoints of the fleet {config.fleet} share",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=config.runtime.on_delete == "retain",
            **stack,
        )
        data = DataBucket(self, "Storage", config=config)
        topic = notification_topic(self, config.fleet, config.alarms.notify, data.key)
        _serve_events(data.key)
        topic.grant_publish(_events())
        if config.alarms.notify.is_forwarded:
            undelivered = dead_letter_queue(self, data.key)
            forward(self, config, config.alarms.notify, topic, data.key, undelivered)
            undelivered_alarm(self, config, undelivered, topic)
        FleetHistory(self, "History", config=config, bucket=data.bucket)
        image = self._image(config.runtime.image, config, data.key) if config.runtime.image else None
        turns = turn_table(self, data.key)
        publish(self, config.fleet, key=data.key, bucket=data.bucket, topic=topic, turns=turns, image=image)
        fleet_dashboard(self, config, endpoints)
        for name, value in config.governance.tags.items():
            Tags.of(self).add(name, value)
        if config.governance.owner:
            Tags.of(self).add("owner", config.governance.owner)
        CfnOutput(self, "BucketName", value=data.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=topic.topic_arn)

    def _image(self, image: str, config: FleetConfig, key: aws_kms.IKey) -> ProductImage:
        return product_image(self, "Image", image=image, dockerfile=ANALYZER, config=config, key=key)


def _serve_events(key: aws_kms.Key) -> None:
    """Let EventBridge put what it cannot deliver into the encrypted queues of the endpoints, and publish to the topic.

    It names its account for queues and nothing for topics.
    """
    key.add_to_resource_policy(
        aws_iam.PolicyStatement(
            principals=[_events()],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEqualsIfExists": {"aws:SourceAccount": Stack.of(key).account}},
        )
    )


def _events() -> aws_iam.ServicePrincipal:
    return aws_iam.ServicePrincipal("events.amazonaws.com")
