"""From the topic to chats and webhooks: a function puts each message on the event bus, and rules route it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from aws_cdk import (
    Duration,
    SecretValue,
    Stack,
    aws_chatbot,
    aws_events,
    aws_events_targets,
    aws_kms,
    aws_sns,
    aws_sns_subscriptions,
    aws_sqs,
)
from constructs import Construct

from infra.config import EndpointConfig, FleetConfig
from infra.config.notify import Hears, Notify, SlackChannel, TeamsChannel, Webhook, heard
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, default_bus, service_role, use_key

_Field = aws_events.EventField.from_path


class Channels(Construct):
    """Chats and webhooks that hear the messages of a topic.

    Parameters
    ----------
    notify : Notify
        Where messages go; nothing but mail boxes needs this construct.
    dead_letters : Queue
        Takes what could not be delivered.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: EndpointConfig | FleetConfig,
        notify: Notify,
        topic: aws_sns.ITopic,
        key: aws_kms.IKey,
        dead_letters: aws_sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._title, self._topic, self._key, self._dead_letters = config.title, topic, key, dead_letters
        self._forward(config)
        chats: list[SlackChannel | TeamsChannel] = [*notify.slack, *notify.teams]
        if chats:
            reader = service_role(self, "ChatRole", "chatbot", [])
            for chat in chats:
                self._chat(chat, reader.role_arn)
        for webhook in notify.webhooks:
            self._webhook(webhook)

    def _forward(self, config: EndpointConfig | FleetConfig) -> None:
        forward = MonitorFunction(
            self,
            "Forward",
            name="forward",
            config=config,
            key=self._key,
            grants=[
                Grant(("events:PutEvents",), (default_bus(self),)),
                use_key(self._key.key_arn),
            ],
            dead_letters=self._dead_letters,
        )
        self._topic.add_subscription(aws_sns_subscriptions.LambdaSubscription(forward.function))

    def _chat(self, chat: SlackChannel | TeamsChannel, role_arn: str) -> None:
        """Give a channel a topic of its own: what is published there in Amazon's form, the chat client shows."""
        topic = aws_sns.Topic(
            self, f"Chat-{_label(chat)}", display_name="Watchkeeper chat", master_key=self._key, enforce_ssl=True
        )
        shown = aws_events.RuleTargetInput.from_object(
            {
                "version": "1.0",
                "source": "custom",
                "content": {
                    "textType": "client-markdown",
                    "title": _Field("$.detail.subject"),
                    "description": _Field("$.detail.text"),
                },
                "metadata": {
                    "threadId": _Field("$.detail.thread"),
                    "summary": _Field("$.detail.subject"),
                    "eventType": _Field("$.detail.severity"),
                    "relatedResources": [_Field("$.detail.endpoint")],
                },
            }
        )
        target = aws_events_targets.SnsTopic(topic, message=shown, **self._delivery())
        self._rule(f"ToChat-{_label(chat)}", chat, target)
        common: dict[str, Any] = {
            "configuration_name": f"{Stack.of(self).stack_name}-{_identity(chat)}"[-128:],
            "iam_role_arn": role_arn,
            "sns_topic_arns": [topic.topic_arn],
            "guardrail_policies": [f"arn:{Stack.of(self).partition}:iam::aws:policy/AWSDenyAll"],
            "logging_level": "ERROR",
        }
        if isinstance(chat, SlackChannel):
            aws_chatbot.CfnSlackChannelConfiguration(
                self,
                f"Slack-{_label(chat)}",
                slack_workspace_id=chat.workspace,
                slack_channel_id=chat.channel,
                **common,
            )
            return
        aws_chatbot.CfnMicrosoftTeamsChannelConfiguration(
            self,
            f"Teams-{_label(chat)}",
            teams_tenant_id=chat.tenant,
            team_id=chat.team,
            teams_channel_id=chat.channel,
            **common,
        )

    def _webhook(self, webhook: Webhook) -> None:
        secret = SecretValue.secrets_manager(webhook.secret, json_field=webhook.secret_field)
        paged = webhook.format == "pagerduty"
        connection = aws_events.Connection(
            self,
            f"Connection-{webhook.name}",
            description=f"Watchkeeper, {self._title}: {webhook.name}",
            authorization=aws_events.Authorization.api_key(webhook.header, secret),
            body_parameters={"routing_key": aws_events.HttpParameter.from_secret(secret)} if paged else None,
        )
        destination = aws_events.ApiDestination(
            self,
            f"Destination-{webhook.name}",
            connection=connection,
            endpoint=webhook.url,
            rate_limit_per_second=10,
        )
        posted = _page() if paged else aws_events.RuleTargetInput.from_event_path("$.detail")
        target = aws_events_targets.ApiDestination(
            destination,
            event=posted,
            event_role=service_role(
                self,
                f"Role-{webhook.name}",
                "events",
                [Grant(("events:InvokeApiDestination",), (destination.api_destination_arn,))],
            ),
            **self._delivery(),
        )
        chosen = {"state": ["raised", "over"]} if paged else {}  # news would open an incident that nothing closes
        self._rule(f"ToWebhook-{webhook.name}", webhook, target, **chosen)

    def _delivery(self) -> dict[str, Any]:
        """Return how often a delivery is tried, and where it ends then."""
        return {"dead_letter_queue": self._dead_letters, "retry_attempts": 20, "max_event_age": Duration.hours(6)}

    def _rule(self, construct_id: str, hears: Hears, target: aws_events.IRuleTarget, **chosen: list[str]) -> None:
        aws_events.Rule(
            self,
            construct_id,
            description=f"Hands messages about {self._title} on",
            event_pattern=aws_events.EventPattern(
                source=["watchkeeper"],
                detail_type=["Notification"],
                detail={"topic": [self._topic.topic_arn], **dict(heard(hears)), **chosen},
            ),
            targets=[target],
        )


def _page() -> aws_events.RuleTargetInput:
    """Return an event of PagerDuty's Events API v2; its routing key is added by the connection."""
    return aws_events.RuleTargetInput.from_object(
        {
            "event_action": _Field("$.detail.action"),
            "dedup_key": _Field("$.detail.thread"),
            "client": "Watchkeeper",
            "payload": {
                "summary": _Field("$.detail.subject"),
                "source": _Field("$.detail.endpoint"),
                "severity": _Field("$.detail.severity"),
                "custom_details": {"text": _Field("$.detail.text"), "audience": _Field("$.detail.audience")},
            },
        }
    )


def _label(chat: SlackChannel | TeamsChannel) -> str:
    """Name a channel in letters and digits, as the names of its resources must be."""
    return re.sub(r"[^A-Za-z0-9]", "", chat.channel)


def _identity(chat: SlackChannel | TeamsChannel) -> str:
    """Name a channel with all that it is replaced for when it changes, so that old and new never share a name."""
    named = chat.model_dump_json(include={"workspace", "tenant", "team", "channel"})
    return hashlib.sha256(named.encode()).hexdigest()[:16]
