"""Lambda handler: one run of one experiment, by its schedule."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.experiment.run import ExperimentRun
from functions.experiment.settings import ExperimentSettings
from functions.experiment.spec import ExperimentInput

logger = Logger(service="experiment")
tracer = Tracer(service="experiment")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Read the windows that are due, compare the variants, and do what the policy says."""
    asked = ExperimentInput.model_validate(event)
    standing = ExperimentRun(asked.experiment, ExperimentSettings.from_environment(), asked.scheduled_time).go_on()
    told = standing.model_dump(mode="json")
    logger.info("looked", extra={"standing": told})
    return told
