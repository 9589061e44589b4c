"""The message about the end of a retraining; no input or output here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from functions.common.message import Message
from functions.notify.execution import ExecutionEnded, ExecutionStatus, Result
from functions.notify.settings import Approval, NotifySettings

_WHAT_NEXT: Final = {
    Approval.MANUAL: "waiting for approval",
    Approval.AUTOMATIC: "approved by the policy",
    Approval.UNKNOWN: "",
}


def compose_end(ended: ExecutionEnded, result: Result, settings: NotifySettings) -> Message:
    """Write the message about an execution of the retraining pipeline that has ended."""
    outcome = _outcome(ended.detail.current_pipeline_execution_status, result, settings.approval)
    lines = [
        f"Endpoint {settings.endpoint}: {outcome}.",
        "",
        *_why(result),
        f"Ended:     {ended.time:%Y-%m-%d %H:%M:%S} UTC",
        f"Execution: {ended.detail.pipeline_execution_arn}",
    ]
    if ended.detail.pipeline_execution_description:
        lines.append(f"About:     {ended.detail.pipeline_execution_description}")
    return Message.of(
        f"{settings.endpoint}: {outcome}", [*lines, "", f"What to do: {settings.runbook_url}#retraining-ended"]
    )


def _outcome(status: ExecutionStatus, result: Result, approval: Approval) -> str:
    if status is ExecutionStatus.STOPPED:
        return "retraining was stopped"
    if status is ExecutionStatus.FAILED:
        return f"retraining failed in step {result.failed_step or 'unknown'}"
    if result.registered:
        version = result.registered.rpartition("/")[2]
        return ", ".join(filter(None, [f"retraining ended: registered as version {version}", _WHAT_NEXT[approval]]))
    if result.decision is not None and not result.decision.better:
        return f"retraining ended: challenger rejected: {result.decision.reason}"
    return "retraining ended: succeeded, no model was registered"


def _why(result: Result) -> Iterator[str]:
    if result.failure:
        yield f"Because:   {result.failure}"
    if result.decision is not None:
        yield f"Because:   {result.decision.reason}: {result.decision.evidence}"
        yield f"Compared:  {result.evaluation_uri}"
    if result.registered:
        yield f"Model:     {result.registered}"
