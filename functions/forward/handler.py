"""Lambda handler: a message of the topic becomes one event, which rules route to chats and webhooks."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.clients import client
from functions.forward.event import Notification, NotSentError

logger = Logger(service="forward")
tracer = Tracer(service="forward")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Put one event for each message; a message that comes twice is put twice, with the same id.

    Raises
    ------
    NotSentError
        If EventBridge refuses one; Lambda tries again.
    """
    entries = [Notification.of(record["Sns"]).entry() for record in event["Records"]]
    answer = client("events").put_events(Entries=entries)
    if answer["FailedEntryCount"]:
        raise NotSentError(f"EventBridge did not take a message: {json.dumps(answer['Entries'])}")
    logger.info("handed on", extra={"messages": len(entries)})
    return {"messages": len(entries)}
