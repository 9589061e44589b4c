"""Lambda handler: a request becomes planned passes."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.contract import PlanInput, PlanOutput
from functions.plan.planning import plan_passes

logger = Logger(service="plan")
tracer = Tracer(service="plan")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Resolve the windows, list their capture objects and choose the engines."""
    passes = tuple(plan_passes(PlanInput.model_validate(event)))
    for planned in passes:
        monitors = [item.run.monitor for item in planned.runs]
        logger.info(
            "planned",
            extra={"pass_id": planned.id, "monitors": monitors, "engine": planned.engine, "why": planned.engine_reason},
        )
    return PlanOutput(passes=passes).model_dump(mode="json")
