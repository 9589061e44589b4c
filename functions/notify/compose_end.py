"""The message about the end of a retraining; no input or output here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from functions.common.message import Audience, Message, Routing, Severity
from functions.common.pipeline_result import Result
from functions.notify.execution import ExecutionEnded, ExecutionStatus
from functions.notify.settings import Approval, NotifySettings

_WHAT_NEXT: Final = {
    Approval.MANUAL: "waiting for approval",
    Approval.AUTOMATIC: "approved by the policy",
    Approval.UNKNOWN: "",
}
_REGISTERED: Final = "the model is in the model registry; what serves has not changed"
_NOTHING: Final = "no model was registered; what serves has not changed"
_AUDIENCES: Final = (Audience.ENGINEERING, Audience.DATA_SCIENCE, Audience.BUSINESS)


def compose_end(ended: ExecutionEnded, result: Result, settings: NotifySettings) -> Message:
    """Write the message about an execution of the retraining pipeline that has ended."""
    detail = ended.detail
    outcome = _outcome(detail.current_pipeline_execution_status, result, settings.approval)
    since = detail.execution_start_time
    lines = [
        f"Endpoint {settings.endpoint}: {outcome}.",
        "",
        *_why(result),
        f"Done:      {_REGISTERED if result.registered else _NOTHING}",
        *([f"Since:     {since:%Y-%m-%d %H:%M:%S} UTC"] if since else []),
        f"Ended:     {ended.time:%Y-%m-%d %H:%M:%S} UTC",
        f"Execution: {detail.pipeline_execution_arn}",
    ]
    if detail.pipeline_execution_description:
        lines.append(f"About:     {detail.pipeline_execution_description}")
    failed = detail.current_pipeline_execution_status is ExecutionStatus.FAILED
    severity = Severity.WARNING if failed or result.registered else Severity.INFO
    routing = Routing(settings.endpoint, _AUDIENCES, severity, detail.pipeline_execution_arn)
    return Message.of(
        f"{settings.endpoint}: {outcome}",
        [*lines, "", f"What to do: {settings.runbook_url}#retraining-ended"],
        routing,
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
