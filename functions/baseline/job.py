"""The job that fits a baseline: what it reads, how it is started, and what it leaves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.baseline.choice import Choice
from functions.baseline.request import Properties
from functions.common.clients import client
from functions.common.contract import CaughtError
from functions.common.custom_resource import CloudFormationRequest
from functions.common.fitting import MadeBaseline
from functions.common.job_inputs import REPLICATED, job_input, list_input
from functions.common.storage import etag_of, list_objects, read, read_if_present, write
from functions.common.work import DATASET, FITTED, FITTED_FILE, MODEL, ORDER, ORDER_FILE
from monitoring_core.baseline_files import load_baseline
from monitoring_core.errors import BaselineError
from monitoring_core.spec import Frozen

_ENDPOINT_CHARACTERS: Final = 40
_RETRY_AFTER: Final = timedelta(minutes=50)
"""Promotion looks each hour: what has failed is told at one check, and tried again at the next."""


class FitEnd(Frozen):
    """What the state machine hands over when the job has ended: what it was started with, and the error, if any.

    Attributes
    ----------
    request : str
        URI of what CloudFormation has asked; empty where promotion has, which asks again.
    """

    job: dict[str, Any]
    choice: Choice
    request: str = ""
    error: CaughtError | None = None


@dataclass(frozen=True, slots=True)
class FitPlace:
    """Where all about one fit lies. The same data set and properties always have the same place.

    Attributes
    ----------
    folder : str
        S3 prefix; what is below it is deleted after a week.
    """

    digest: str
    folder: str

    @classmethod
    def of(cls, properties: Properties) -> FitPlace:
        """Return the place of a fit."""
        files = [uri for uri in (properties.dataset, properties.model_file) if uri]
        content = "\n".join([properties.model_dump_json(round_trip=True), *map(etag_of, files)])
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        work = f"s3://{properties.bucket}/work/{properties.endpoint}"
        return cls(digest, f"{work}/baseline-{properties.monitor}-{digest}/")

    @property
    def output(self) -> str:
        """Where the job puts what it has made."""
        return f"{self.folder}output/"


def take_or_start(
    properties: Properties, choice: Choice, now: datetime, request: CloudFormationRequest | None
) -> MadeBaseline | None:
    """Return what a job has made of the same before, or have one make it; None while it is being made.

    Raises
    ------
    BaselineError
        If promotion asks, and the job has just failed.
    """
    place = FitPlace.of(properties)
    last = _last_execution(properties.jobs, place.digest)
    is_running = last.get("status") == "RUNNING"
    if not is_running and (made := take(place.output)):
        return made
    if request is None:
        if is_running:
            return None
        _refuse_just_failed(properties.monitor, last, now)
    _start(properties, choice, place, now, request)
    return None


def take(output: str) -> MadeBaseline | None:
    """Return what a job has left; None where it has left nothing, or nothing any more."""
    fitted = read_if_present(output + FITTED_FILE)
    if fitted is None:
        return None
    folder = f"{output}{FITTED}/"
    files = {item.uri.removeprefix(folder): read(item.uri) for item in list_objects(folder)}
    return MadeBaseline(load_baseline(files), json.loads(fitted)["unreadable_rows"])


def failure(end: FitEnd) -> BaselineError:
    """Return why there is no baseline, in the words of the container or of SageMaker."""
    said = (_said(end.error.cause) or end.error.error) if end.error else "it has left no baseline"
    return BaselineError(f"the processing job {end.job['name']} has made no baseline: {said}")


def _said(cause: str) -> str:
    """Return the sentence in the cause of an error: of a job, of a function, or as it is."""
    try:
        told = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(told, dict):
        return cause
    return next((str(told[name]) for name in ("ExitMessage", "FailureReason", "errorMessage") if told.get(name)), cause)


def _start(
    properties: Properties, choice: Choice, place: FitPlace, now: datetime, request: CloudFormationRequest | None
) -> None:
    """Write down what the job reads, and start the state machine that runs it; the same request starts one."""
    write(f"{place.folder}{ORDER}/{ORDER_FILE}", properties.order(now).model_dump_json(round_trip=True).encode())
    name = f"{place.digest}-{request.request_id if request else f'{now:%Y%m%dT%H%M%SZ}'}"
    asked = f"{place.folder}request-{request.request_id}.json" if request else ""
    if request:  # its URL is signed, and belongs in no log
        write(asked, request.model_dump_json(by_alias=True).encode())
    unique = hashlib.sha256(f"{properties.endpoint}\n{name}".encode()).hexdigest()[:12]
    job = {
        "name": f"{properties.endpoint[:_ENDPOINT_CHARACTERS]}-baseline-{unique}",
        "inputs": list(_inputs(properties, place)),
        "output": place.output,
    }
    given = {"job": job, "choice": choice, "request": asked}
    try:
        client("stepfunctions").start_execution(stateMachineArn=properties.jobs, name=name, input=json.dumps(given))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def _inputs(properties: Properties, place: FitPlace) -> list[dict[str, Any]]:
    files = {DATASET: properties.dataset, MODEL: properties.model_file}
    inputs = [job_input(ORDER, f"{place.folder}{ORDER}/", "S3Prefix", REPLICATED)]
    for name, uri in files.items():
        if uri:
            folder, slash, key = uri.rpartition("/")
            manifest = f"{place.folder}manifests/{name}.json"
            inputs.append(list_input(manifest, name, folder + slash, [key], REPLICATED))
    return inputs


def _last_execution(machine: str, digest: str) -> dict[str, Any]:
    """Return the latest execution for a place; nothing where there is none."""
    pages = client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    found = [one for page in pages for one in page["executions"] if one["name"].startswith(f"{digest}-")]
    return max(found, key=lambda one: one["startDate"], default={})


def _refuse_just_failed(monitor: str, last: dict[str, Any], now: datetime) -> None:
    if last.get("status") in {"FAILED", "TIMED_OUT", "ABORTED"} and last["stopDate"] > now - _RETRY_AFTER:
        told = client("stepfunctions").describe_execution(executionArn=last["executionArn"])
        said = _said(told.get("cause", "")) or f"the execution {last['name']} ended as {last['status']}"
        raise BaselineError(f"no baseline of {monitor}: {said}")
