"""Lambda handler: the outcome of each run of a pass becomes one event and its metrics, whatever the outcome was.

A redelivered run publishes the same event again; consumers are idempotent by `run_id`.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import TypeAdapter

from functions.common.contract import PlanFailure, PublishInput, PublishOutput
from functions.publish.publishing import Ended, ended_runs, publish, unplanned_runs

logger = Logger(service="publish")
tracer = Tracer(service="publish")

_input = TypeAdapter[PublishInput | PlanFailure](PublishInput | PlanFailure)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Publish runs that have a verdict, had no data, or failed."""
    runs = _runs(event)
    errors = [error for ended in runs if (error := _try_to_publish(ended)) is not None]
    if errors:
        raise errors[0]
    told = tuple(ended.told() for ended in runs)
    return PublishOutput(failed=any(ended.failed for ended in runs), runs=told).model_dump(mode="json")


def _runs(event: dict[str, Any]) -> list[Ended]:
    asked = _input.validate_python(event)
    return unplanned_runs(asked) if isinstance(asked, PlanFailure) else ended_runs(asked)


def _try_to_publish(ended: Ended) -> Exception | None:
    """Publish a run; a failure must not keep the other runs of the pass from being published."""
    try:
        publish(ended)
    except Exception as error:  # raised again when the others are published
        logger.exception("not published", extra={"run_id": ended.manifest.run_id})
        return error
    return None
