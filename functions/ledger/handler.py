"""Lambda handler: closes the ledger of the day that is over; closing it twice changes nothing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.contract import Utc
from functions.ledger.chain import close_day
from functions.ledger.settings import LedgerSettings
from monitoring_core.spec import Frozen

logger = Logger(service="ledger")
tracer = Tracer(service="ledger")


class Request(Frozen):
    """What starts it: the schedule's time."""

    scheduled_time: Utc


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Close the day before the scheduled time; the log keeps the hash of the ledger, apart from the bucket."""
    settings = LedgerSettings.from_environment()
    closed = close_day(settings.bucket, settings.endpoint, Request.model_validate(event).scheduled_time)
    if closed is None:
        logger.info("closed before")
        return {}
    logger.info("closed", extra=closed.model_dump())
    return closed.model_dump()
