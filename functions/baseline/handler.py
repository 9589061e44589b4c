"""Lambda handler: custom resource `Custom::WatchkeeperBaseline`.

Create and Update make the baseline and move the pointer if it names another baseline or model. Delete
deletes nothing: baselines are the evidence behind past verdicts. Promotion asks directly, with `Rebind`: what
is different for a model that has come into service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.baseline.making import make
from functions.baseline.request import Properties
from functions.common.baselines import BaselineStore, Pointer
from functions.common.champion import read_parameter
from functions.common.custom_resource import CloudFormationRequest, RequestType, answer
from functions.common.storage import read, write
from monitoring_core.baseline_files import CONSTRAINTS, STATISTICS

_PROPERTIES: Final = "properties.json"
_SOURCES: Final = frozenset({"Dataset", "Statistics", "Constraints"})

logger = Logger(service="baseline")
tracer = Tracer(service="baseline")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Make the baseline and tell CloudFormation; every outcome is told, or the stack would wait."""
    if "Rebind" in event:
        return _provide(rebound(event["Rebind"]), reason="promotion")
    request = CloudFormationRequest.model_validate(event)
    physical_id, data, failure = request.physical_resource_id or request.logical_resource_id, dict[str, str](), ""
    if request.request_type is RequestType.DELETE:
        logger.info("baselines are kept", extra={"resource": physical_id})
    else:
        try:
            properties = Properties.parse(request.resource_properties)
            keep(properties)
            physical_id, data = properties.physical_id, _provide(of_champion(properties))
        except Exception as error:
            logger.exception("no baseline")
            failure = f"{type(error).__name__}: {error}"
    answer(request, physical_id=physical_id, data=data, failure=failure)
    return data


def keep(properties: Properties) -> None:
    """Write down how the baseline is made, for the models that are promoted later."""
    if properties.champion:
        write(properties.prefix + _PROPERTIES, properties.model_dump_json(by_alias=True, round_trip=True).encode())


def rebound(changes: Mapping[str, str]) -> Properties:
    """Return how the baseline of another model is made: as before, but for the changes."""
    prefix = f"s3://{changes['Bucket']}/baselines/{changes['Endpoint']}/{changes['Monitor']}/"
    given = json.loads(read(prefix + _PROPERTIES))
    dropped = _SOURCES if changes.keys() & _SOURCES else frozenset()
    return Properties.parse({**{name: value for name, value in given.items() if name not in dropped}, **changes})


def of_champion(properties: Properties) -> Properties:
    """Return the properties for the model that serves: another than the declared one where one was promoted since."""
    text = read_parameter(properties.champion) if properties.champion else None
    champion = json.loads(text) if text else None
    if champion is None or champion["declared"] != properties.model or champion["identity"] == properties.model:
        return properties
    dataset = champion.get("dataset") if properties.dataset else ""
    return properties.model_copy(
        update={"model": champion["identity"], "dataset": dataset or properties.dataset, "champion": ""}
    )


def _provide(properties: Properties, *, reason: str = "deployment") -> dict[str, str]:
    store, now = BaselineStore(properties.prefix), datetime.now(UTC)
    made = make(properties, now)
    store.save(made.files)
    wanted = Pointer(baseline_id=made.files.baseline_id, model=properties.model, moved_at=now)
    pointer = store.pointer()
    if must_move(pointer, wanted):
        store.move(wanted, reason=reason)
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
