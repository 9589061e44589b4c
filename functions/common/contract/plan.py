"""What starts an execution, and what Plan makes of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from functions.common.contract.base import Engine, Prefix, Utc
from functions.common.contract.run import RunSpec
from monitoring_core.spec import Frozen
from monitoring_core.window import Window

GIBIBYTE: Final = 1024**3


class Request(Frozen):
    """What starts an execution: the schedule's time, a window by hand, or a transform job that has finished.

    Attributes
    ----------
    monitors : tuple of str or None
        Which monitors are to run; None: all of the state machine.
    final : bool
        Run the window again, on the labels that have come late.
    transform_job : str or None
        Name of a finished transform job, whose captured data is read.
    """

    monitors: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    scheduled_time: Utc | None = None
    window: str | None = None
    final: bool = False
    transform_job: str | None = None

    @model_validator(mode="after")
    def _one_way_to_start(self) -> Self:
        given = [self.scheduled_time, self.window, self.transform_job]
        if sum(value is not None for value in given) != 1:
            raise ValueError('give one of "scheduled_time", "window" ("START/END") and "transform_job"')
        return self


class Limits(Frozen):
    """How much data an engine takes with runtime `auto`, bytes as stored and rows as estimated.

    Up to both limits of the function it is the function, up to both of processing it is processing, else Spark.
    """

    function_bytes: Annotated[int, Field(gt=0)] = GIBIBYTE // 2
    function_rows: Annotated[int, Field(gt=0)] = 2_000_000
    processing_bytes: Annotated[int, Field(gt=0)] = 50 * GIBIBYTE
    processing_rows: Annotated[int, Field(gt=0)] = 200_000_000


class Plan(Frozen):
    """A resolved run.

    Attributes
    ----------
    objects, bytes : int
        Capture objects that were begun in the window, and their size.
    empty_hours_share : float or None
        Share of the window's hours without any, of those that are expected to have some; None where none is.
    baseline_id, baseline_model : str or None
        The baseline in force when the run was planned, and the model it is bound to; None where there is none.
    metrics : bool
        Whether CloudWatch takes the run's metrics; `note` says why not.
    job_end : datetime or None
        When the transform job ended that started the run.
    note : str
        What else is to be known about the run; empty as a rule.
    """

    run_id: str
    window: Window
    engine: Engine
    engine_reason: str
    objects: int
    bytes: int
    empty_hours_share: float | None = None
    report_prefix: Prefix
    labels_until: Utc | None = None
    baseline_id: str | None = None
    baseline_model: str | None = None
    metrics: bool = True
    job_end: Utc | None = None
    note: str = ""


class PlannedRun(Frozen):
    """One monitor's run, with all that later states need."""

    run: RunSpec
    plan: Plan


class Job(Frozen):
    """A processing job that folds a pass.

    Attributes
    ----------
    name : str
        Unique, at most 63 characters; begins with (the first 40 characters of) the endpoint's name.
    inputs : tuple of dict
        ``ProcessingInputs`` as ``CreateProcessingJob`` takes them.
    output : str
        Where the job's partials go.
    pass_uri : str
        Where the pass is written down.
    starts_at : datetime or None
        In a fleet, the second in which it starts; None: at once.
    """

    name: Annotated[str, Field(max_length=63)]
    inputs: tuple[dict[str, Any], ...]
    output: Prefix
    pass_uri: str
    starts_at: Utc | None = None


class Pass(Frozen):
    """Runs that read the same data: it is read once for all of them.

    Attributes
    ----------
    id : str
        Window, and a hash of the execution: two executions never share a place.
    """

    id: str
    engine: Engine
    engine_reason: str
    runs: Annotated[tuple[PlannedRun, ...], Field(min_length=1)]
    job: Job | None = None


class PlanInput(Frozen):
    """Input of Plan.

    Attributes
    ----------
    engines : tuple of Engine
        What the state machine has a branch for; `auto` chooses among these.
    job_inputs : dict
        ``ProcessingInputs`` that every job of an engine gets beside its data, such as Spark's program.
    started_at : datetime or None
        When the execution started, where that is known.
    execution : str
        Name of the execution; names of jobs and of their places are made from it.
    turns : str
        DynamoDB table by which the jobs of a fleet start one after the other; empty: none.
    """

    runs: dict[str, RunSpec]
    request: Request
    limits: Limits = Limits()
    engines: tuple[Engine, ...] = (Engine.FUNCTION,)
    job_inputs: dict[Engine, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    started_at: Utc | None = None
    execution: str = ""
    turns: str = ""


class PlanOutput(Frozen):
    """Output of Plan: one item for each pass; later states need no look-up."""

    passes: tuple[Pass, ...]
