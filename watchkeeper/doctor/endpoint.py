"""The endpoint, and whether it records what the monitors read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.storage import split_uri
from infra.config import EndpointConfig
from monitoring_core.errors import ConfigError
from watchkeeper.deployed import bucket_of
from watchkeeper.doctor.finding import Finding, failed, ok, warning

RECENT_HOURS: Final = 24
_SIDES: Final = frozenset({"Input", "Output"})


def endpoint(config: EndpointConfig) -> Iterator[Finding]:
    """Look at the endpoint and its data capture."""
    if config.endpoint is None:
        return
    name = config.name
    found = _describe(name)
    if found is None:
        advice = "check its name, AWS_PROFILE and region" if config.existing else "deploy the stack"
        yield failed("endpoint", f"{name} does not exist here", advice)
        return
    status = str(found["EndpointStatus"])
    if status == "InService":
        yield ok("endpoint", f"{name} is in service")
    else:
        yield warning("endpoint", f"{name} has the status {status}", "wait, or see the endpoint's failure reason")
    yield from _capture(config, found)


def recent_capture(config: EndpointConfig) -> Iterator[Finding]:
    """Look for an object that an endpoint's data capture wrote in the last hours."""
    prefix = _destination(config) if config.endpoint else None
    if prefix is None:
        return
    now = datetime.now(UTC)
    for variant in _folders(f"{prefix}{config.name}/"):
        for ago in range(RECENT_HOURS + 1):
            hour = now - timedelta(hours=ago)
            if _has_objects(f"{variant}{hour:%Y/%m/%d/%H}/"):
                yield ok("captured data", f"{variant}: last in the hour of {hour:%Y-%m-%d %H}:00 UTC")
                break
        else:
            yield warning(
                "captured data",
                f"{variant}: nothing in the last {RECENT_HOURS} hours",
                "is there traffic? Capture stops where the machine's disk is 75 % full, or the endpoint's role lacks "
                "s3:PutObject",
            )
        return
    yield warning("captured data", f"{prefix}{config.name}/ is empty", "send requests; files appear after some minutes")


def _capture(config: EndpointConfig, found: Mapping[str, Any]) -> Iterator[Finding]:
    capture = found.get("DataCaptureConfig")
    if not capture or not capture.get("EnableCapture"):
        yield failed("data capture", "is off", "switch it on in the endpoint's configuration: nothing is recorded")
        return
    if capture.get("CaptureStatus", "Started") != "Started":
        yield failed("data capture", f"has the status {capture['CaptureStatus']}", "update the endpoint to start it")
    sampled = int(capture.get("CurrentSamplingPercentage", capture.get("InitialSamplingPercentage", 100)))
    wanted = 100 if config.existing else config.capture.sampling_percentage
    text = f"records {sampled} % of the requests"
    few = "a part of the traffic is judged; labels of other requests meet no event"
    yield ok("sampling", text) if sampled >= wanted else warning("sampling", text, few)
    yield from _sides(str(found["EndpointConfigName"]))
    yield from _same_destination(config, str(capture["DestinationS3Uri"]))


def _sides(configuration: str) -> Iterator[Finding]:
    described = client("sagemaker").describe_endpoint_config(EndpointConfigName=configuration)
    options = described.get("DataCaptureConfig", {}).get("CaptureOptions", ())
    modes = {str(option["CaptureMode"]) for option in options}
    sides = _SIDES if "InputAndOutput" in modes else modes
    if sides >= _SIDES:
        yield ok("captured sides", "requests and answers")
    else:
        advice = "features are in requests, predictions in answers: record both, or name only what is recorded"
        yield warning("captured sides", ", ".join(sorted(sides)) or "none", advice)


def _same_destination(config: EndpointConfig, given: str) -> Iterator[Finding]:
    wanted = _destination(config)
    if wanted is None:
        return
    if given.rstrip("/") == wanted.rstrip("/"):
        yield ok("capture destination", given)
        return
    where = "`capture.destination`" if config.existing else "the endpoint: deploy again"
    yield failed(
        "capture destination", f"the endpoint writes to {given}, the monitors read {wanted}", f"correct {where}"
    )


def _destination(config: EndpointConfig) -> str | None:
    """Return where traffic is recorded; None where the stack that decides it is not deployed."""
    if config.capture.destination is not None:
        return config.capture.destination
    try:
        return f"s3://{bucket_of(f'Watchkeeper-{config.name}')}/capture/"
    except ConfigError:
        return None


def _describe(name: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return None
    return found


def _folders(prefix: str) -> Iterator[str]:
    bucket, key = split_uri(prefix)
    found = client("s3").list_objects_v2(Bucket=bucket, Prefix=key, Delimiter="/")
    return (f"s3://{bucket}/{one['Prefix']}" for one in found.get("CommonPrefixes", ()))


def _has_objects(prefix: str) -> bool:
    bucket, key = split_uri(prefix)
    return bool(client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"])
