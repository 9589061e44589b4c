"""Lambda handler: an approval, a change of the endpoint, an alarm, the clock or a person moves deployments on."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.promote.account import Account
from functions.promote.loop import Promotion
from functions.promote.settings import PromoteSettings
from functions.promote.table import DeploymentTable
from functions.promote.trigger import moment, parse

logger = Logger(service="promote")
tracer = Tracer(service="promote")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Do what a trigger asks for; return the deployment it is about, and how far that is."""
    settings = PromoteSettings.from_environment()
    trigger = parse(event)
    if trigger is None:
        logger.info("nothing to do", extra={"detail": event.get("detail")})
        return {}
    table = DeploymentTable(settings.deployment_table, settings.endpoint)
    found = Promotion(settings, table, Account(settings, moment(event))).handle(trigger)
    if found is None:
        return {}
    answer = {"deployment_id": found.deployment_id, "status": found.status.value, "reason": found.reason}
    logger.info("done", extra=answer)
    return answer
