"""The event `SageMaker Model Building Pipeline Execution Status Change`.

Amazon adds fields as it likes, so unknown ones are ignored here.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.common.contract import Utc


class _FromAws(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class ExecutionStatus(StrEnum):
    """How an execution ended."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"


class ExecutionDetail(_FromAws):
    """What changed."""

    pipeline_execution_arn: str
    current_pipeline_execution_status: ExecutionStatus
    pipeline_execution_description: str = ""
    execution_start_time: Utc | None = None


class ExecutionEnded(_FromAws):
    """The end of an execution."""

    time: Utc
    detail: ExecutionDetail
