"""A plain custom resource: what CloudFormation asks, and what it is answered (docs/interfaces.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import urllib3
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


def answer(request: CloudFormationRequest, *, physical_id: str, data: Mapping[str, str], failure: str = "") -> None:
    """Tell CloudFormation how it went; without an answer the stack waits until its time is out.

    Raises
    ------
    AnswerNotTakenError
        If the answer cannot be delivered; Lambda tries the whole request again.
    """
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": failure[:MAX_REASON],
        "PhysicalResourceId": physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
        "Data": dict(data),
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
        raise AnswerNotTakenError(f"CloudFormation answered {reply.status} to the outcome of {physical_id}: try again")
