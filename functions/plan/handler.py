"""Lambda handler: a request becomes a planned run."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.capture import list_capture
from functions.common.contract import PlanInput, PlanOutput
from functions.common.runs import find_run, resolve_window
from functions.plan.planning import make_plan

logger = Logger(service="plan")
tracer = Tracer(service="plan")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Resolve the window, list its capture objects and choose the engine."""
    asked = PlanInput.model_validate(event)
    run = find_run(asked.runs, asked.request.monitor)
    window = resolve_window(run, asked.request)
    plan = make_plan(run, list_capture(run.capture_prefix, window), asked)
    logger.info(
        "planned", extra={"run_id": plan.run_id, "engine": plan.engine, "objects": plan.objects, "bytes": plan.bytes}
    )
    return PlanOutput(run=run, plan=plan).model_dump(mode="json")
