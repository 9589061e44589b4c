"""One message to the topic that people subscribe to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from functions.common.clients import client

MAX_SUBJECT: Final = 100
"""SNS accepts subjects of at most 100 ASCII characters."""


class Audience(StrEnum):
    """Whom a message is for."""

    ENGINEERING = "engineering"
    DATA_SCIENCE = "data-science"
    BUSINESS = "business"
    LEGAL = "legal"


class Severity(StrEnum):
    """How much a message weighs."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """Whether a message opens what its thread is about, closes it, or tells of it."""

    RAISED = "raised"
    OVER = "over"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Routing:
    """What subscriptions choose messages by.

    Attributes
    ----------
    endpoint : str
        What it is about.
    thread : str
        The same for all messages about one alarm or one event of the loop; chats and pagers keep them together.
    """

    endpoint: str = ""
    audiences: tuple[Audience, ...] = (Audience.ENGINEERING, Audience.DATA_SCIENCE)
    severity: Severity = Severity.INFO
    thread: str = ""
    state: State = State.NEWS

    def attributes(self) -> dict[str, dict[str, str]]:
        """Return the message attributes of SNS, which takes no empty ones.

        Examples
        --------
        >>> Routing("flights", (Audience.LEGAL,)).attributes()["audience"]
        {'DataType': 'String.Array', 'StringValue': '["legal"]'}
        """
        texts = {"endpoint": self.endpoint, "severity": self.severity, "thread": self.thread, "state": self.state}
        given = {name: {"DataType": "String", "StringValue": str(text)} for name, text in texts.items() if text}
        return {**given, "audience": {"DataType": "String.Array", "StringValue": json.dumps(self.audiences)}}


@dataclass(frozen=True, slots=True)
class Message:
    """Subject and text, and who is to hear of it.

    Examples
    --------
    >>> Message.of("Drift: température", ["one", "", "two"]).subject
    'Drift: temp?rature'
    """

    subject: str
    text: str
    routing: Routing = Routing()

    @classmethod
    def of(cls, subject: str, lines: list[str], routing: Routing = Routing()) -> Message:
        """Return a message whose subject SNS accepts: ASCII, no control characters, at most 100 characters."""
        ascii_only = "".join(c if c.isascii() and c.isprintable() else "?" for c in subject)
        shortened = ascii_only if len(ascii_only) <= MAX_SUBJECT else ascii_only[: MAX_SUBJECT - 3] + "..."
        return cls(shortened, "\n".join(lines) + "\n", routing)

    def send(self, topic_arn: str) -> str:
        """Publish to a topic; return the message's id."""
        answer = client("sns").publish(
            TopicArn=topic_arn, Subject=self.subject, Message=self.text, MessageAttributes=self.routing.attributes()
        )
        return str(answer["MessageId"])
