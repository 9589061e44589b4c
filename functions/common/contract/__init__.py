"""What the functions hand to each other: run spec, request, passes, manifest, event.

The formats are described in docs/interfaces.md. Every model is frozen and refuses unknown fields.
"""

from functions.common.contract.backfill import BackfillRequest, WindowExecution, WindowsInput, WindowsOutput
from functions.common.contract.base import (
    EVENT_DETAIL_TYPE,
    EVENT_SOURCE,
    CaptureSource,
    Engine,
    Name,
    Prefix,
    Runtime,
    Status,
    Utc,
)
from functions.common.contract.manifest import Diagnosed, LabelCounts, Manifest, MonitorRunCompleted, WorstFeature
from functions.common.contract.outcome import (
    CaughtError,
    EvaluateOutput,
    FailedRunOutcome,
    FinishedRunOutcome,
    PlanFailure,
    PublishedRun,
    PublishInput,
    PublishOutput,
)
from functions.common.contract.plan import Job, Limits, Pass, Plan, PlanInput, PlannedRun, PlanOutput, Request
from functions.common.contract.run import RunSpec

__all__ = [
    "EVENT_DETAIL_TYPE",
    "EVENT_SOURCE",
    "BackfillRequest",
    "CaptureSource",
    "CaughtError",
    "Diagnosed",
    "Engine",
    "EvaluateOutput",
    "FailedRunOutcome",
    "FinishedRunOutcome",
    "Job",
    "LabelCounts",
    "Limits",
    "Manifest",
    "MonitorRunCompleted",
    "Name",
    "Pass",
    "Plan",
    "PlanFailure",
    "PlanInput",
    "PlanOutput",
    "PlannedRun",
    "Prefix",
    "PublishInput",
    "PublishOutput",
    "PublishedRun",
    "Request",
    "RunSpec",
    "Runtime",
    "Status",
    "Utc",
    "WindowExecution",
    "WindowsInput",
    "WindowsOutput",
    "WorstFeature",
]
