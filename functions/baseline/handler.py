"""Lambda handler: custom resource `Custom::WatchkeeperBaseline`.

Create and Update make the baseline and move the pointer if it names another baseline or model. Delete
deletes nothing: baselines are the evidence behind past verdicts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.baseline.making import make
from functions.baseline.request import Properties
from functions.common.baselines import BaselineStore, Pointer
from functions.common.custom_resource import CloudFormationRequest, RequestType, answer
from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS

logger = Logger(service="baseline")
tracer = Tracer(service="baseline")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda's signature
    """Make the baseline and tell CloudFormation; every outcome is told, or the stack would wait."""
    request = CloudFormationRequest.model_validate(event)
    physical_id, data, failure = request.physical_resource_id or request.logical_resource_id, dict[str, str](), ""
    if request.request_type is RequestType.DELETE:
        logger.info("baselines are kept", extra={"resource": physical_id})
    else:
        try:
            properties = Properties.parse(request.resource_properties)
            physical_id, data = properties.physical_id, _provide(properties)
        except Exception as error:
            logger.exception("no baseline")
            failure = f"{type(error).__name__}: {error}"
    answer(request, physical_id=physical_id, data=data, failure=failure)


def _provide(properties: Properties) -> dict[str, str]:
    store, now = BaselineStore(properties.prefix), datetime.now(UTC)
    made = make(properties, now)
    store.save(made.files)
    wanted = Pointer(baseline_id=made.files.baseline_id, model=properties.model, moved_at=now)
    pointer = store.pointer()
    if must_move(pointer, wanted):
        store.move(wanted)
        logger.info("pointer moved", extra={"to": wanted.baseline_id, "was": pointer.baseline_id if pointer else None})
    return {
        "BaselineId": wanted.baseline_id,
        "StatisticsUri": store.uri(wanted.baseline_id, STATISTICS),
        "ConstraintsUri": store.uri(wanted.baseline_id, CONSTRAINTS),
        "Rows": str(made.rows),
        "UnreadableRows": str(made.unreadable_rows),
    }


def must_move(pointer: Pointer | None, wanted: Pointer) -> bool:
    """Return whether another baseline, or the same for another model, comes into force."""
    return pointer is None or (pointer.baseline_id, pointer.model) != (wanted.baseline_id, wanted.model)
