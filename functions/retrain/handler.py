"""Lambda handler: an alarm, a run, a schedule or a person asks for a retraining; it is decided and started once."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.pipeline_result import retraining_prefix
from functions.retrain.account import Account
from functions.retrain.incidents import IncidentTable
from functions.retrain.loop import Loop
from functions.retrain.pipeline import SageMakerPipeline
from functions.retrain.settings import RetrainSettings
from functions.retrain.trigger import parse

logger = Logger(service="retrain")
tracer = Tracer(service="retrain")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Do what a trigger asks for; return the incident it is about, and what was decided."""
    settings = RetrainSettings.from_environment()
    trigger = parse(event)
    if trigger is None:
        logger.info("nothing to do", extra={"detail": event.get("detail")})
        return {}
    loop = Loop(
        endpoint=settings.endpoint,
        incidents=IncidentTable(settings.incident_table, settings.endpoint),
        pipeline=SageMakerPipeline(
            settings.pipeline_name,
            retraining_prefix(settings.bucket, settings.endpoint),
            settings.pipeline_parameters,
            settings.parameter_names,
            settings.champion_parameter,
        ),
        world=Account(settings),
        policy=settings.policy,
    )
    incident = loop.handle(trigger)
    if incident is None:
        return {}
    answer = {"incident_id": incident.incident_id, "status": incident.status}
    if incident.decision is not None:
        answer |= {"decision": incident.decision.value, "reason": incident.reason}
    logger.info("done", extra=answer)
    return answer
