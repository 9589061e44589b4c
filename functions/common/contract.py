"""What the functions hand to each other: run spec, request, plan, manifest, event.

The formats are described in docs/interfaces.md. Every model is frozen and refuses unknown fields.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from functions.common.grid import Grid
from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.spec import Frozen, MonitorSpec
from monitoring_core.window import Window

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
    """What folds the data of a run; `local` is the command line, `none` where there is nothing to fold."""

    FUNCTION = "function"
    LOCAL = "local"
    NONE = "none"


class RunSpec(Frozen):
    """One monitor of one endpoint, as the state machine's definition carries it.

    Attributes
    ----------
    capture_prefix : str
        ``s3://.../<endpoint>/``; below it are variants, then hours.
    period_seconds, offset_seconds : int
        Windows end at ``offset + k * period`` seconds after 1970-01-01T00:00:00Z.
    ground_truth_prefixes : tuple of str
        Where labels are; empty for a monitor that needs none.
    lag_seconds : int
        A window is due when its labels have had so much time to arrive.
    final_seconds : int
        A window is run again when so much time has passed since its end, on the labels that have come until then;
        0: it is not.
    emit : tuple of str
        Features, or metrics, whose CloudWatch metrics of Amazon's names are published.
    """

    endpoint: Name
    monitor: Name
    schedule: Name
    bucket: str
    capture_prefix: Prefix
    period_seconds: Annotated[int, Field(gt=0)]
    offset_seconds: Annotated[int, Field(ge=0)] = 0
    ground_truth_prefixes: tuple[Prefix, ...] = ()
    lag_seconds: Annotated[int, Field(ge=0)] = 0
    final_seconds: Annotated[int, Field(ge=0)] = 0
    emit: tuple[str, ...] = ()
    spec: MonitorSpec
    report_title: str = ""

    @property
    def grid(self) -> Grid:
        """The windows of the schedule."""
        return Grid(timedelta(seconds=self.period_seconds), timedelta(seconds=self.offset_seconds))

    @property
    def lag(self) -> timedelta:
        """How long the labels of a window may take."""
        return timedelta(seconds=self.lag_seconds)

    def due(self, window: Window) -> datetime:
        """Return when a run over `window` is due: at the first end of a window by which its labels have come."""
        return self.grid.ending_from(window.end + self.lag).end

    def labels_until(self, window: Window, *, final: bool) -> datetime | None:
        """Return the moment until which labels count; None for a monitor that needs none."""
        if not self.ground_truth_prefixes:
            return None
        return window.end + timedelta(seconds=self.final_seconds) if final else self.due(window)

    def run_id(self, window: Window) -> str:
        """Return the name of the run over `window`."""
        return f"{self.endpoint}/{self.monitor}/{window.compact()}"

    def report_prefix(self, window: Window) -> str:
        """Return where the run over `window` writes: the hour of its end, and the minute where that is not zero."""
        end = window.end
        minute = f"{end:%M}/" if end.minute else ""
        return f"s3://{self.bucket}/reports/{self.endpoint}/{self.schedule}/{end:%Y/%m/%d/%H}/{minute}"

    def history_uri(self, window: Window, revision: int = 1) -> str:
        """Return where the measurements of the run over `window` are kept."""
        suffix = "" if revision == 1 else f".rev-{revision}"
        return (
            f"s3://{self.bucket}/history/endpoint={self.endpoint}/monitor={self.monitor}/"
            f"date={window.start:%Y-%m-%d}/{window.compact()}{suffix}.parquet"
        )

    @property
    def baselines(self) -> str:
        """Where the monitor's baselines are kept."""
        return f"s3://{self.bucket}/baselines/{self.endpoint}/{self.monitor}/"


class Request(Frozen):
    """What starts an execution: the schedule's time, or a window by hand; `final` to run it on late labels, too."""

    monitor: str
    scheduled_time: Utc | None = None
    window: str | None = None
    final: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.scheduled_time is None) == (self.window is None):
            raise ValueError('give either "scheduled_time" or "window" ("START/END"), not both')
        return self


class Plan(Frozen):
    """A resolved run.

    Attributes
    ----------
    objects, bytes : int
        Capture objects that were begun in the window, and their size.
    note : str
        What else is to be known about the run; empty as a rule.
    """

    run_id: str
    window: Window
    engine: Engine
    engine_reason: str
    objects: int
    bytes: int
    report_prefix: Prefix
    labels_until: Utc | None = None
    note: str = ""


class WorstFeature(Frozen):
    """One violated check, as messages tell it; `value` and `limit` are None where the check has no number.

    `feature` and `segment` are empty where the check is about all columns, or all rows.
    """

    feature: str
    check: str
    value: float | None
    limit: float | None
    description: str
    metric: str = ""
    segment: str = ""

    @property
    def name(self) -> str:
        """What was measured, and of what; of a feature that drifts, the feature alone.

        Examples
        --------
        >>> found = {"feature": "", "check": "LessThanThreshold", "value": 0.6, "limit": 0.7, "description": ""}
        >>> WorstFeature(**found, metric="auc", segment="origin=EWR").name
        'auc of origin=EWR'
        """
        place = ", ".join(filter(None, (self.feature, self.segment)))
        if self.check == DRIFT_CHECK or not self.metric:
            return place
        return f"{self.metric} of {place}" if place else self.metric


class LabelCounts(Frozen):
    """What became of the events of a window and of the labels; `coverage` is the share of events that have one."""

    events: int
    matched: int
    coverage: float | None
    duplicates: int
    late: int
    labels_without_event: int
    digest: str


class Manifest(Frozen):
    """The seal of a run, written last. Numbers that a run could not know are None, never zero."""

    version: Literal[1] = 1
    run_id: str
    endpoint: str
    monitor: str
    schedule: str
    window: Window
    revision: int = 1
    status: Status
    reason: str = ""
    note: str = ""
    engine: Engine
    engine_reason: str
    objects: int | None = None
    bytes: int | None = None
    rows: int | None = None
    quarantined: int | None = None
    labels: LabelCounts | None = None
    violations: int | None = None
    drift_excess: float | None = None
    worst: tuple[WorstFeature, ...] = ()
    baseline_id: str | None = None
    baseline_created_at: Utc | None = None
    files: dict[str, str] = Field(default_factory=dict)
    report: str | None = None

    @property
    def baseline_age_days(self) -> float | None:
        """Days from the baseline's creation to the window's end; None for a baseline made after the window."""
        if self.baseline_created_at is None or self.baseline_created_at > self.window.end:
            return None
        return (self.window.end - self.baseline_created_at).total_seconds() / 86_400


class MonitorRunCompleted(Frozen):
    """Detail of the event ``Monitor Run Completed``. The same run always gives the same detail."""

    version: Literal["1"] = "1"
    endpoint: str
    monitor: str
    schedule: str
    run_id: str
    window: Window
    revision: int
    status: Status
    violations: int | None
    rows: int | None
    drift_excess: float | None
    worst: tuple[WorstFeature, ...]
    report: str | None
    manifest: str | None
    reason: str

    @classmethod
    def of(cls, manifest: Manifest, uri: str | None) -> Self:
        """Return the event of a finished run, whose manifest lies at `uri`."""
        return cls(**manifest.model_dump(include=set(cls.model_fields) - {"version", "manifest"}), manifest=uri)


class PlanInput(Frozen):
    """Input of Plan. `started_at` is when the execution started; None where that is not known."""

    runs: dict[str, RunSpec]
    request: Request
    started_at: Utc | None = None


class PlanOutput(Frozen):
    """Output of Plan: later states need no look-up."""

    run: RunSpec
    plan: Plan


class EvaluateOutput(Frozen):
    """Output of Evaluate."""

    manifest: str
    status: Status


class CaughtError(Frozen):
    """An error as Step Functions reports it; `cause` is JSON text when a Lambda function raised it."""

    error: str = Field(alias="Error")
    cause: str = Field("", alias="Cause")


class PublishInput(Frozen):
    """Input of Publish. `run` and `plan` are missing when Plan itself failed; Plan's input is there then."""

    run: RunSpec | None = None
    plan: Plan | None = None
    result: EvaluateOutput | None = None
    error: CaughtError | None = None
    runs: dict[str, RunSpec] = Field(default_factory=dict)
    request: dict[str, Any] = Field(default_factory=dict)
    started_at: Utc | None = None
