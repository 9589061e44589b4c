"""The words that every part of the contract is made of."""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

EVENT_SOURCE: Final = "watchkeeper"
EVENT_DETAIL_TYPE: Final = "Monitor Run Completed"

Utc = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""A moment with a time zone, held in UTC."""

Prefix = Annotated[str, Field(pattern=r"^s3://[^/]+/(.+/)?$")]
"""An S3 URI that ends in `/`, so that `capture/ep/` never takes in `capture/ep-2/`."""

Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", max_length=127)]
"""Letters, digits and inner hyphens, so that a name is safe inside a key."""


class Status(StrEnum):
    """How a run ended."""

    COMPLETED = "Completed"
    COMPLETED_WITH_VIOLATIONS = "CompletedWithViolations"
    NO_DATA = "NoData"
    FAILED = "Failed"

    @property
    def is_verdict(self) -> bool:
        """Whether the run says something about the data."""
        return self in {Status.COMPLETED, Status.COMPLETED_WITH_VIOLATIONS}


class Engine(StrEnum):
    """What folds the data of a run.

    `local` is the command line, `managed` Amazon's own monitoring schedule, `none` where there is nothing to fold.
    """

    NONE = "none"
    FUNCTION = "function"
    PROCESSING = "processing"
    SPARK = "spark"
    MANAGED = "managed"
    LOCAL = "local"

    @property
    def is_job(self) -> bool:
        """Whether a job of its own folds the data, so that Plan must write down what it reads."""
        return self in {Engine.PROCESSING, Engine.SPARK}


class Runtime(StrEnum):
    """Which engine a monitor asks for; with `auto` Plan chooses by the size of the window."""

    AUTO = "auto"
    FUNCTION = "function"
    PROCESSING = "processing"
    SPARK = "spark"


class CaptureSource(StrEnum):
    """What captured the data: an endpoint (``EndpointInput``) or a transform job (``BatchTransformInput``)."""

    ENDPOINT = "endpoint"
    BATCH_TRANSFORM = "batch-transform"
