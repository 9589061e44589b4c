"""Section `alarms.notify`: which messages reach whom, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from infra.config.base import Email, Like, Section

_UUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
Audience = Literal["engineering", "data-science", "business", "legal"]
Severity = Literal["info", "warning", "critical"]
SecretArn = Annotated[
    str,
    Like(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+", "the ARN of a secret in AWS Secrets Manager"),
]
HttpsUrl = Annotated[str, Like(r"https://[^\s/]+\S*", "an https address", 512)]


class Hears(Section):
    """Which messages are of interest."""

    audiences: tuple[Audience, ...] = ()
    """Only messages for one of these. Left out: for everybody."""
    min_severity: Severity = "info"
    """Only messages of this weight, or above: `info`, `warning`, `critical`."""


class EmailRoute(Hears):
    """Addresses that get a part of the messages."""

    email: Annotated[tuple[Email, ...], Field(min_length=1)]
    """Addresses; each must confirm the subscription."""


class SlackChannel(Hears):
    """A channel of Slack, through Amazon Q Developer in chat applications."""

    workspace: Annotated[str, Like(r"[0-9A-Z]{1,255}", "the id of a Slack workspace, e.g. T0123ABCD")]
    """Id of the workspace, which someone has authorised in the account's console before."""
    channel: Annotated[str, Like(r"[A-Za-z0-9]{1,256}", "the id of a Slack channel, e.g. C0123ABCD")]
    """Id of the channel."""


class TeamsChannel(Hears):
    """A channel of Microsoft Teams, through Amazon Q Developer in chat applications."""

    tenant: Annotated[str, Like(_UUID, "the id of a Microsoft tenant: a UUID")]
    """Id of the tenant."""
    team: Annotated[str, Like(_UUID, "the id of a team: a UUID")]
    """Id of the team, which someone has authorised in the account's console before."""
    channel: Annotated[
        str,
        Like(
            r"[\w=+/.,-]*%3[aA][\w=+/.,-]*%40[\w=+/.,-]*",
            "the id of a channel as its link spells it, e.g. 19%3aab12%40thread.tacv2",
            256,
        ),
    ]
    """Id of the channel, as its link spells it."""


class Webhook(Hears):
    """An address that messages are posted to, through an API destination of EventBridge."""

    name: Annotated[str, Like(r"[a-zA-Z][a-zA-Z0-9-]{0,39}", "letters, digits and hyphens, at most 40")]
    """What it is called in this file."""
    url: HttpsUrl
    """Where messages are posted, e.g. `https://events.pagerduty.com/v2/enqueue`."""
    secret: SecretArn
    """Secret with the key of the address. The template names it and never holds it."""
    secret_field: Annotated[str, Like(r"[\w-]+", "the name of a field", 64)] | None = None
    """Field of the secret, where that is a JSON document."""
    header: Annotated[str, Like(r"[A-Za-z0-9-]+", "the name of a header", 64)] = "Authorization"
    """Header in which the key is sent."""
    format: Literal["message", "pagerduty"] = "message"
    """`message`: the message as JSON. `pagerduty`: an event of PagerDuty's Events API v2, whose routing key is the
    secret; an alarm that is over resolves its incident."""


class Notify(Section):
    """Who gets the messages."""

    email: tuple[Email, ...] = ()
    """Addresses that get every message; each must confirm the subscription."""
    routes: tuple[EmailRoute, ...] = ()
    """Addresses that get a part of them."""
    slack: tuple[SlackChannel, ...] = ()
    """Channels of Slack."""
    teams: tuple[TeamsChannel, ...] = ()
    """Channels of Microsoft Teams."""
    webhooks: tuple[Webhook, ...] = ()
    """Addresses that messages are posted to, such as PagerDuty."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        addresses = [*self.email, *(address for route in self.routes for address in route.email)]
        for what, names in {
            "address": addresses,
            "Slack channel": [one.channel for one in self.slack],
            "Teams channel": [one.channel for one in self.teams],
            "webhook": [one.name for one in self.webhooks],
        }.items():
            if repeated := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"each {what} can be given once, got twice: {', '.join(repeated)}")
        return self

    @property
    def is_forwarded(self) -> bool:
        """Whether messages go anywhere but to mail boxes."""
        return bool(self.slack or self.teams or self.webhooks)


def heard(hears: Hears) -> Iterator[tuple[str, list[str]]]:
    """Yield attributes of messages with the values that are of interest; nothing where all are.

    Examples
    --------
    >>> dict(heard(Hears(audiences=("legal",), min_severity="warning")))
    {'audience': ['legal'], 'severity': ['warning', 'critical']}
    """
    if hears.audiences:
        yield "audience", list(hears.audiences)
    weights = ["info", "warning", "critical"]
    if hears.min_severity != weights[0]:
        yield "severity", weights[weights.index(hears.min_severity) :]
