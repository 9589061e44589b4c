"""Lambda handler: custom resource `Custom::WatchkeeperBaseline`.

Create and Update make the baseline and move the pointer if it names another baseline or model. Delete
deletes nothing: baselines are the evidence behind past verdicts. Promotion asks directly, with `Rebind`: what
is different for a model that has come into service. A large data set goes to a processing job; its state machine
comes back, with `job`, when it has ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.baseline.job import FitEnd, failure, take
from functions.baseline.providing import provide, put_in_force
from functions.baseline.request import PROPERTIES, Properties
from functions.common.champion import read_parameter
from functions.common.custom_resource import CloudFormationRequest, RequestType, answering
from functions.common.packaged import sources_of
from functions.common.storage import read, read_if_present, write

_SOURCES: Final = frozenset({"Dataset", "Statistics", "Constraints"})

logger = Logger(service="baseline")
tracer = Tracer(service="baseline")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Make the baseline, or have a job make it, and tell who has asked."""
    if "Rebind" in event:
        return _rebind(event["Rebind"], datetime.fromisoformat(event["At"]))
    if "job" in event:
        return _end(FitEnd.model_validate(event))
    request = CloudFormationRequest.model_validate(event)
    if request.request_type is RequestType.DELETE:
        logger.info("baselines are kept", extra={"resource": request.physical_resource_id})
        with answering(request, logger):
            return {}
    return _answered(request, lambda properties: _create(properties, request))


def _create(properties: Properties, request: CloudFormationRequest) -> dict[str, str] | None:
    keep(properties)
    return provide(of_champion(properties), datetime.now(UTC), reason="deployment", request=request)


def _rebind(changes: Mapping[str, str], at: datetime) -> dict[str, str]:
    """Provide the baseline of another model; it is pending while a job makes it, and is to be asked for again."""
    return provide(rebound(changes), at, reason="promotion") or {"Pending": changes["Monitor"]}


def _end(end: FitEnd) -> dict[str, str]:
    """Tell CloudFormation what has become of the job; promotion asks by itself.

    Raises
    ------
    BaselineError
        If the job has failed and CloudFormation does not wait for it: the execution keeps the reason.
    """
    made = None if end.error else take(end.job["output"])
    if not end.request:
        if made is None:
            raise failure(end)
        return {}

    def finish(properties: Properties) -> dict[str, str]:
        if made is None:
            raise failure(end)
        return put_in_force(properties, made, datetime.now(UTC), reason="deployment", choice=end.choice)

    return _answered(CloudFormationRequest.model_validate_json(read(end.request)), finish)


def _answered(request: CloudFormationRequest, work: Callable[[Properties], dict[str, str] | None]) -> dict[str, str]:
    """Do what CloudFormation asks; None means that a job will have the answer."""
    with answering(request, logger) as given:
        properties = Properties.parse(request.resource_properties)
        given.physical_id = properties.physical_id
        done = work(properties)
        given.data, given.is_later = done or {}, done is None
    return dict(given.data)


def keep(properties: Properties) -> None:
    """Write down how the baseline is made, for the models that are trained and promoted later."""
    uri, body = properties.prefix + PROPERTIES, properties.model_dump_json(by_alias=True, round_trip=True).encode()
    if read_if_present(uri) != body:
        write(uri, body)


def rebound(changes: Mapping[str, str]) -> Properties:
    """Return how the baseline of another model is made: as before, but for the changes."""
    prefix = f"s3://{changes['Bucket']}/baselines/{changes['Endpoint']}/{changes['Monitor']}/"
    given = json.loads(read(prefix + PROPERTIES))
    dropped = _SOURCES if changes.keys() & _SOURCES else frozenset()
    return Properties.parse({**{name: value for name, value in given.items() if name not in dropped}, **changes})


def of_champion(properties: Properties) -> Properties:
    """Return the properties for the model that serves: another than the declared one where one was promoted since."""
    text = read_parameter(properties.champion) if properties.champion else None
    champion = json.loads(text) if text else None
    if champion is None or champion["declared"] != properties.model or champion["identity"] == properties.model:
        return properties
    facts = (champion.get(name, "") for name in ("dataset", "baselines"))
    sources = sources_of(properties.spec.kind, *facts) if properties.dataset else {}
    return properties.model_copy(
        update={
            "model": champion["identity"],
            "dataset": sources.get("Dataset", properties.dataset),
            "packaged": sources.get("Packaged", ""),
            "champion": "",
        }
    )
