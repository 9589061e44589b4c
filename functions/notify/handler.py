"""Lambda handler: a change of an alarm, or the end of a retraining, becomes one readable message, sent once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from functions.common.message import Message
from functions.common.pipeline_result import read_result, retraining_prefix
from functions.common.reports import run_behind
from functions.notify.compose import compose
from functions.notify.compose_end import compose_end
from functions.notify.execution import ExecutionEnded
from functions.notify.settings import NotifySettings

logger = Logger(service="notify")
tracer = Tracer(service="notify")

REMEMBERED_SECONDS: Final = 7 * 86_400
"""EventBridge retries for at most a day, so a duplicate never comes later than this."""

Event = dict[str, Any]


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: Event, context: LambdaContext) -> dict[str, str]:
    """Send one message about an event; a duplicate of it sends nothing."""
    settings = NotifySettings.from_environment()
    kind = KINDS[event["detail-type"]]
    if not kind.is_news(event):
        logger.info("nothing to tell", extra={"detail": event["detail"]})
        return {}
    send_once = idempotent_function(
        _send,
        data_keyword_argument="event",
        key_prefix="notify",
        persistence_store=DynamoDBPersistenceLayer(settings.idempotency_table, boto3_client=client("dynamodb")),
        config=IdempotencyConfig(
            event_key_jmespath=kind.key,
            raise_on_no_idempotency_key=True,
            expires_after_seconds=REMEMBERED_SECONDS,
            hash_function="sha256",
            lambda_context=context,
        ),
    )
    answer: dict[str, str] = send_once(event=event, settings=settings)
    return answer


def _send(event: Event, settings: NotifySettings) -> dict[str, str]:
    message = KINDS[event["detail-type"]].message(event, settings)
    message_id = message.send(settings.topic_arn)
    logger.info("told", extra={"subject": message.subject, "message_id": message_id})
    return {"message_id": message_id}


def _enters_or_leaves_alarm(event: Event) -> bool:
    return AlarmStateChange.model_validate(event).incident_id is not None


def _about_alarm(event: Event, settings: NotifySettings) -> Message:
    change = AlarmStateChange.model_validate(event)
    run = run_behind(change, settings.bucket, settings.endpoint)
    return compose(change, run.manifest if run else None, settings)


def _about_end(event: Event, settings: NotifySettings) -> Message:
    ended = ExecutionEnded.model_validate(event)
    work = retraining_prefix(settings.bucket, settings.endpoint)
    return compose_end(ended, read_result(ended.detail.pipeline_execution_arn, work), settings)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done with the events of one detail type.

    Attributes
    ----------
    key : str
        JMESPath of what makes two events the same.
    is_news, message : callable
        Whether people are told of an event, and what.
    """

    key: str
    is_news: Callable[[Event], bool]
    message: Callable[[Event, NotifySettings], Message]


KINDS: Final[Mapping[str, Kind]] = {
    "CloudWatch Alarm State Change": Kind("detail.[alarmName, state.timestamp]", _enters_or_leaves_alarm, _about_alarm),
    "SageMaker Model Building Pipeline Execution Status Change": Kind(
        "detail.[pipelineExecutionArn, currentPipelineExecutionStatus]", lambda _: True, _about_end
    ),
}
