"""What CloudFormation asks of the custom resource, and what it is answered (docs/interfaces.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

import urllib3
from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError, model_validator
from pydantic.alias_generators import to_pascal

from functions.common.contract import Name
from monitoring_core.errors import ConfigError, WatchkeeperError
from monitoring_core.spec import MonitorSpec

MAX_REASON: Final = 1000
"""CloudFormation takes answers of at most 4096 bytes."""


class _FromCloudFormation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal, populate_by_name=True)


class Properties(_FromCloudFormation):
    """What decides a baseline; every scalar arrives as text."""

    endpoint: Name
    monitor: Name
    bucket: str
    model: str
    spec: Json[MonitorSpec]
    period_seconds: int = Field(gt=0)
    dataset: str = ""
    time_column: str = ""
    statistics: str = ""
    constraints: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.dataset) == bool(self.statistics or self.constraints):
            raise ValueError("give either Dataset, or Statistics and Constraints")
        if not self.dataset and not (self.statistics and self.constraints):
            raise ValueError("Statistics and Constraints belong together; give both")
        return self

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Read the properties.

        Raises
        ------
        ConfigError
            If one is missing or wrong.
        """
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"the properties of the baseline are wrong: {wrong}; see docs/interfaces.md") from error

    @property
    def prefix(self) -> str:
        """Where the monitor's baselines are kept."""
        return f"s3://{self.bucket}/baselines/{self.endpoint}/{self.monitor}/"

    @property
    def physical_id(self) -> str:
        """Name of the resource: it never changes, so an update never deletes."""
        return f"{self.endpoint}/{self.monitor}"


class RequestType(StrEnum):
    """What CloudFormation does."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class CloudFormationRequest(_FromCloudFormation):
    """One request; its properties are checked later, so that a wrong one is answered, too."""

    request_type: RequestType
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
