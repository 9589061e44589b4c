"""The event `SageMaker Model Building Pipeline Execution Status Change`, and what became of the execution.

Amazon adds fields as it likes, so unknown ones are ignored here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.common.clients import client
from functions.common.contract import Utc
from functions.common.storage import read_if_present

_EVALUATION: Final = "evaluate/evaluation/evaluation.json"


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


class ExecutionEnded(_FromAws):
    """The end of an execution."""

    time: Utc
    detail: ExecutionDetail


class Decision(BaseModel):
    """Whether the challenger is better, and why (`functions.pipeline_steps.evaluate.decide`)."""

    better: bool
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Result:
    """What an execution left behind.

    Attributes
    ----------
    registered : str
        ARN of the model package that it registered, empty where it registered none.
    failed_step, failure : str
        The first step that failed, and why; empty where none has.
    decision : Decision or None
        What the comparison said; None where the execution did not get so far, or is of a pipeline of another make.
    evaluation_uri : str
        Where the comparison lies.
    """

    registered: str
    failed_step: str
    failure: str
    decision: Decision | None
    evaluation_uri: str


def read_result(execution_arn: str, bucket: str) -> Result:
    """Ask SageMaker and the bucket what became of an execution."""
    steps = list(_steps(execution_arn))
    failed = next((step for step in steps if step["StepStatus"] == "Failed"), {})
    uri = f"s3://{bucket}/retraining/{execution_arn.rpartition('/')[2]}/{_EVALUATION}"
    body = read_if_present(uri)
    return Result(
        registered=next(filter(None, map(_package, steps)), ""),
        failed_step=failed.get("StepName", ""),
        failure=failed.get("FailureReason", ""),
        decision=None if body is None else Decision.model_validate(json.loads(body)["decision"]),
        evaluation_uri=uri,
    )


def _steps(execution_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the steps, in the order in which they began."""
    pages = client("sagemaker").get_paginator("list_pipeline_execution_steps")
    for page in pages.paginate(PipelineExecutionArn=execution_arn, SortOrder="Ascending"):
        yield from page["PipelineExecutionSteps"]


def _package(step: Mapping[str, Any]) -> str:
    return str(step.get("Metadata", {}).get("RegisterModel", {}).get("Arn", ""))
