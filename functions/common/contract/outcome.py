"""What became of the runs of a pass, from Evaluate to Publish."""

from __future__ import annotations

from pydantic import Field

from functions.common.contract.base import Status
from functions.common.contract.plan import Pass, PlanInput
from monitoring_core.spec import Frozen


class CaughtError(Frozen):
    """An error as Step Functions reports it; `cause` is JSON text when a Lambda function raised it."""

    error: str = Field(alias="Error")
    cause: str = Field("", alias="Cause")


class FinishedRunOutcome(Frozen):
    """A run that ended with a manifest."""

    monitor: str
    manifest: str
    status: Status


class FailedRunOutcome(Frozen):
    """A run that ended with an error, which does not touch the other runs of its pass."""

    monitor: str
    error: CaughtError


class EvaluateOutput(Frozen):
    """Output of Evaluate: one outcome for each run of the pass."""

    runs: tuple[FinishedRunOutcome | FailedRunOutcome, ...]


class PublishInput(Pass):
    """Input of Publish for a pass: `error` where it failed as a whole, `result` where Evaluate came to an end."""

    result: EvaluateOutput | None = None
    error: CaughtError | None = None


class PlanFailure(PlanInput):
    """Input of Publish where Plan itself failed: Plan's own input and the error."""

    error: CaughtError


class PublishedRun(Frozen):
    """What was published of a run."""

    monitor: str
    run_id: str
    status: Status
    violations: int | None
    reason: str
    report: str | None


class PublishOutput(Frozen):
    """Output of Publish: whether any run of the pass failed, and how each ended."""

    failed: bool
    runs: tuple[PublishedRun, ...] = ()
