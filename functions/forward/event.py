"""The event `Notification`: a message in the words that rules, chats and pagers understand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from functions.common.contract import EVENT_SOURCE
from functions.common.message import Audience, Severity, State
from monitoring_core.errors import WatchkeeperError
from monitoring_core.spec import Frozen

DETAIL_TYPE: Final = "Notification"
_UNTITLED: Final = "Watchkeeper"
_ACTIONS: Final = {State.RAISED: "trigger", State.OVER: "resolve", State.NEWS: "trigger"}


class NotSentError(WatchkeeperError):
    """EventBridge answered, but did not take a message."""


class Notification(Frozen):
    """Detail of the event.

    Attributes
    ----------
    topic : str
        Where the message was published; rules name it, so that each hears its own.
    severity : Severity
        Of a message without attributes, such as an alarm's own, it is critical: it comes where ours could not.
    action : str
        `trigger` or `resolve`, in the words of pagers.
    thread : str
        What belongs together; the message's id where it stands alone.
    """

    version: Literal["1"] = "1"
    topic: str
    message_id: str
    endpoint: str
    audience: tuple[Audience, ...]
    severity: Severity
    state: State
    action: str
    thread: str
    subject: str
    text: str

    @classmethod
    def of(cls, sns: Mapping[str, Any]) -> Self:
        """Read what SNS hands to a function."""
        attributes = {name: given["Value"] for name, given in sns.get("MessageAttributes", {}).items()}
        state = State(attributes.get("state", State.RAISED))
        return cls(
            topic=sns["TopicArn"],
            message_id=sns["MessageId"],
            endpoint=attributes.get("endpoint", _UNTITLED),
            audience=json.loads(attributes["audience"]) if "audience" in attributes else (Audience.ENGINEERING,),
            severity=Severity(attributes.get("severity", Severity.CRITICAL)),
            state=state,
            action=_ACTIONS[state],
            thread=attributes.get("thread", sns["MessageId"]),
            subject=sns.get("Subject") or _UNTITLED,
            text=sns["Message"],
        )

    def entry(self) -> dict[str, str]:
        """Return what PutEvents takes."""
        return {"Source": EVENT_SOURCE, "DetailType": DETAIL_TYPE, "Detail": self.model_dump_json()}
