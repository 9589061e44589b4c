"""Lambda handler: a change of an alarm becomes one readable message, sent once."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.alarm_event import AlarmStateChange
from functions.common.clients import client
from functions.common.reports import run_behind
from functions.notify.compose import compose
from functions.notify.settings import NotifySettings

logger = Logger(service="notify")
tracer = Tracer(service="notify")

REMEMBERED_SECONDS: Final = 7 * 86_400
"""EventBridge retries for at most a day, so a duplicate never comes later than this."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Send one message when an alarm enters or leaves ALARM; a duplicate of the event sends nothing."""
    settings = NotifySettings.from_environment()
    if AlarmStateChange.model_validate(event).incident_id is None:
        logger.info("the alarm neither enters nor leaves ALARM", extra={"alarm": event["detail"]["alarmName"]})
        return {}
    send_once = idempotent_function(
        _send,
        data_keyword_argument="event",
        key_prefix="notify",
        persistence_store=DynamoDBPersistenceLayer(settings.idempotency_table, boto3_client=client("dynamodb")),
        config=IdempotencyConfig(
            event_key_jmespath="detail.[alarmName, state.timestamp]",
            raise_on_no_idempotency_key=True,
            expires_after_seconds=REMEMBERED_SECONDS,
            hash_function="sha256",
            lambda_context=context,
        ),
    )
    answer: dict[str, str] = send_once(event=event, settings=settings)
    return answer


def _send(event: dict[str, Any], settings: NotifySettings) -> dict[str, str]:
    change = AlarmStateChange.model_validate(event)
    run = run_behind(change, settings.bucket, settings.endpoint)
    message = compose(change, run.manifest if run else None, settings)
    message_id = message.send(settings.topic_arn)
    logger.info("told", extra={"alarm": change.detail.alarm_name, "message_id": message_id})
    return {"message_id": message_id}
