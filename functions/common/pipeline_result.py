"""What became of an execution of the retraining pipeline, as it is told by its steps and by what they wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from functions.common.clients import client
from functions.common.storage import read_if_present

_EVALUATION: Final = "evaluate/evaluation/evaluation.json"


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


def read_result(execution_arn: str, work: str) -> Result:
    """Ask SageMaker and the bucket what became of an execution."""
    steps = list(_steps(execution_arn))
    failed = next((step for step in steps if step["StepStatus"] == "Failed"), {})
    return Result(
        registered=next(filter(None, map(_package, steps)), ""),
        failed_step=failed.get("StepName", ""),
        failure=failed.get("FailureReason") or failed.get("Metadata", {}).get("Fail", {}).get("ErrorMessage", ""),
        decision=read_decision(execution_arn, work),
        evaluation_uri=_evaluation(execution_arn, work),
    )


def read_decision(execution_arn: str, work: str) -> Decision | None:
    """Return what the comparison of the models said; None where there was none."""
    body = read_if_present(_evaluation(execution_arn, work))
    return None if body is None else Decision.model_validate(json.loads(body)["decision"])


def retraining_prefix(bucket: str, endpoint: str) -> str:
    """Return where evidence and work of an endpoint's retrainings lie."""
    return f"s3://{bucket}/retraining/{endpoint}/"


def _evaluation(execution_arn: str, work: str) -> str:
    return f"{work}{execution_arn.rpartition('/')[2]}/{_EVALUATION}"


def _steps(execution_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the steps, in the order in which they began."""
    pages = client("sagemaker").get_paginator("list_pipeline_execution_steps")
    for page in pages.paginate(PipelineExecutionArn=execution_arn, SortOrder="Ascending"):
        yield from page["PipelineExecutionSteps"]


def _package(step: Mapping[str, Any]) -> str:
    return str(step.get("Metadata", {}).get("RegisterModel", {}).get("Arn", ""))
