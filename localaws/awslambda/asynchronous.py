"""Asynchronous invocations: retries, destinations, dead-letter queues."""

from __future__ import annotations

import json
from typing import Any

from localaws.awslambda.functions import Answer
from localaws.services import Services

DEFAULT_RETRIES = 2


class AsynchronousInvocations:
    """Runs events in the background, as Lambda does.

    AWS waits one and then two minutes before it tries again; here the tries follow each other at once.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def submit(self, function: Any, event: bytes) -> None:
        """Queue one event."""
        self._services.work.submit(f"lambda {function.function_name}", lambda: self._run(function, event))

    def _run(self, function: Any, event: bytes) -> None:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        tries = 1 + int(config.get("MaximumRetryAttempts", DEFAULT_RETRIES))
        answer, count = self._services.functions.invoke(function, event), 1
        while answer.function_error and count < tries:
            answer, count = self._services.functions.invoke(function, event), count + 1
        destinations = config.get("DestinationConfig", {})
        side = "OnFailure" if answer.function_error else "OnSuccess"
        if destination := destinations.get(side, {}).get("Destination"):
            record = self._record(function, event, answer, count)
            self._services.targets.send(destination, record, function.role)
        if answer.function_error:
            self._to_dead_letter_queue(function, event, answer)

    def _to_dead_letter_queue(self, function: Any, event: bytes, answer: Answer) -> None:
        if queue := function.local_settings.get("DeadLetterConfig", {}).get("TargetArn"):
            attributes = {
                "RequestID": answer.request_id,
                "ErrorCode": "200",
                "ErrorMessage": _message(answer)[:1024],
            }
            self._services.targets.dead_letter(queue, event.decode(), attributes, function.role)

    def _record(self, function: Any, event: bytes, answer: Answer, count: int) -> dict[str, Any]:
        failed = answer.function_error is not None
        return {
            "version": "1.0",
            "timestamp": self._services.clock.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "requestContext": {
                "requestId": answer.request_id,
                "functionArn": f"{function.function_arn}:{function.version}",
                "condition": "RetriesExhausted" if failed else "Success",
                "approximateInvokeCount": count,
            },
            "requestPayload": json.loads(event),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": str(function.version),
                **({"functionError": answer.function_error} if failed else {}),
            },
            "responsePayload": json.loads(answer.result.body or b"null"),
        }


def _message(answer: Answer) -> str:
    body = json.loads(answer.result.body or b"null")
    return str(body.get("errorMessage", "")) if isinstance(body, dict) else ""
