"""A plain custom resource: what CloudFormation asks, and what it is answered (docs/interfaces.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import urllib3
from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from monitoring_core.errors import WatchkeeperError

MAX_REASON: Final = 1000
"""CloudFormation takes answers of at most 4096 bytes."""


class FromCloudFormation(BaseModel):
    """Base of what CloudFormation sends; it may send more than is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal, populate_by_name=True)


class RequestType(StrEnum):
    """What CloudFormation does."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class CloudFormationRequest(FromCloudFormation):
    """One request; its properties are checked later, so that a wrong one is answered, too."""

    request_type: RequestType
    resource_type: str = ""
    response_url: str = Field(alias="ResponseURL")
    stack_id: str
    request_id: str
    logical_resource_id: str
    physical_resource_id: str = ""
    resource_properties: dict[str, Any] = Field(default_factory=dict)


class AnswerNotTakenError(WatchkeeperError):
    """CloudFormation did not take the answer."""


@dataclass(slots=True)
class Answer:
    """What CloudFormation is told when all went well.

    Attributes
    ----------
    is_later : bool
        Somebody else answers, when something has ended; a failure before that is told all the same.
    """

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)
    is_later: bool = False


@contextmanager
def answering(request: CloudFormationRequest, logger: Logger) -> Iterator[Answer]:
    """Tell CloudFormation how the block went; without an answer the stack waits until its time is out.

    Raises
    ------
    AnswerNotTakenError
        If the answer cannot be delivered; Lambda tries the whole request again.
    """
    given, failure = Answer(request.physical_resource_id or request.logical_resource_id), ""
    try:
        yield given
    except Exception as error:  # whatever it was: who deploys sees the answer only
        logger.exception("not done", extra={"resource": given.physical_id})
        failure = f"{type(error).__name__}: {error}"
    if failure or not given.is_later:
        _put(request, given, failure)


def _put(request: CloudFormationRequest, given: Answer, failure: str) -> None:
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": failure[:MAX_REASON],
        "PhysicalResourceId": given.physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
        "Data": dict(given.data),
    }
    retries = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods={"PUT"})
    with urllib3.PoolManager() as pool:  # a presigned URL: the content type must stay empty
        reply = pool.request(
            "PUT",
            request.response_url,
            body=json.dumps(body).encode(),
            headers={"Content-Type": ""},
            retries=retries,
            timeout=30,
        )
    if reply.status >= 400:  # noqa: PLR2004 - HTTP
        raise AnswerNotTakenError(
            f"CloudFormation answered {reply.status} to the outcome of {given.physical_id}: try again"
        )
