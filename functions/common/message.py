"""One message to the topic that people subscribe to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from functions.common.clients import client

MAX_SUBJECT: Final = 100
"""SNS accepts subjects of at most 100 ASCII characters."""


@dataclass(frozen=True, slots=True)
class Message:
    """Subject and text.

    Examples
    --------
    >>> Message.of("Drift: température", ["one", "", "two"]).subject
    'Drift: temp?rature'
    """

    subject: str
    text: str

    @classmethod
    def of(cls, subject: str, lines: list[str]) -> Message:
        """Return a message whose subject SNS accepts: ASCII, no control characters, at most 100 characters."""
        ascii_only = "".join(c if c.isascii() and c.isprintable() else "?" for c in subject)
        shortened = ascii_only if len(ascii_only) <= MAX_SUBJECT else ascii_only[: MAX_SUBJECT - 3] + "..."
        return cls(shortened, "\n".join(lines) + "\n")

    def send(self, topic_arn: str) -> str:
        """Publish to a topic; return the message's id."""
        answer = client("sns").publish(TopicArn=topic_arn, Subject=self.subject, Message=self.text)
        return str(answer["MessageId"])
