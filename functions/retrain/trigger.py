"""What asks for a decision: an alarm, a run, a schedule, a person; and what else the function is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from functions.common.alarm_event import AlarmState, AlarmStateChange
from functions.common.contract import MonitorRunCompleted, Status, Utc
from monitoring_core.window import format_time

CLOCK_SKEW_SECONDS: Final = 120
"""The event of an alarm's change and its description may name moments so far apart."""


@dataclass(frozen=True, slots=True)
class Raised:
    """Something that may call for a retraining.

    Attributes
    ----------
    incident_id : str
        ``<source>@<moment>``.
    source : str
        Alarm or monitoring schedule; `schedule` or `manual`.
    schedule : str
        The monitoring schedule behind it; empty where there is none.
    at : datetime
        When it began.
    stays_open : bool
        Whether it is to be decided anew until it is over; what is asked for once is not.
    """

    incident_id: str
    source: str
    at: datetime
    reason: str
    schedule: str = ""
    stays_open: bool = True

    @property
    def by_hand(self) -> bool:
        """Whether a person asks."""
        return self.source == MANUAL


@dataclass(frozen=True, slots=True)
class Over:
    """An incident that is over: what had raised it at `began` has ended at `at`."""

    incident_id: str
    source: str
    began: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A retraining that has ended."""

    execution_arn: str


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Time to look at what is, since events may be lost."""

    at: datetime


Trigger = Raised | Over | Ended | Reconcile
MANUAL: Final = "manual"


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Schedule(_Order):
    trigger: Literal["schedule"]
    scheduled_time: Utc


class _Reconcile(_Order):
    trigger: Literal["reconcile"]
    scheduled_time: Utc


class _Manual(_Order):
    trigger: Literal["manual"]
    id: Annotated[str, Field(pattern=r"^[\w.:+-]+$", max_length=100)]
    """Asking twice with the same id starts one retraining."""
    at: Utc
    reason: Annotated[str, Field(min_length=1, max_length=500)]


_orders: TypeAdapter[_Schedule | _Reconcile | _Manual] = TypeAdapter(
    Annotated[_Schedule | _Reconcile | _Manual, Field(discriminator="trigger")]
)


def parse(event: dict[str, Any]) -> Trigger | None:
    """Read what the function was invoked with; None where it is nothing to act on.

    Raises
    ------
    pydantic.ValidationError
        If it is none of the forms of docs/functions.md.
    """
    reader = _EVENTS.get(event.get("detail-type", ""))
    return reader(event) if reader else _order(_orders.validate_python(event))


def _order(order: _Schedule | _Reconcile | _Manual) -> Trigger:
    match order:
        case _Reconcile():
            return Reconcile(order.scheduled_time)
        case _Schedule():
            name = f"schedule@{format_time(order.scheduled_time)}"
            return Raised(name, "schedule", order.scheduled_time, "it is time", stays_open=False)
        case _Manual():
            return Raised(f"{MANUAL}@{order.id}", MANUAL, order.at, order.reason, stays_open=False)


def _alarm(event: dict[str, Any]) -> Trigger | None:
    change = AlarmStateChange.model_validate(event)
    detail, incident_id = change.detail, change.incident_id
    if incident_id is None:
        return None
    if detail.state.value is not AlarmState.ALARM and detail.previous_state is not None:
        return Over(incident_id, detail.alarm_name, detail.previous_state.since, detail.state.since)
    return Raised(incident_id, detail.alarm_name, detail.state.since, detail.state.reason, change.schedule or "")


def _run(event: dict[str, Any]) -> Trigger | None:
    """Take each run with violations for itself: the next one asks again."""
    run = MonitorRunCompleted.model_validate(event["detail"])
    if run.status is not Status.COMPLETED_WITH_VIOLATIONS:
        return None
    end, worst = run.window.end, "; ".join(found.description for found in run.worst[:3])
    name = f"{run.schedule}@{format_time(end)}"
    return Raised(name, run.schedule, end, worst, run.schedule, stays_open=False)


def _ended(event: dict[str, Any]) -> Trigger | None:
    return Ended(str(event["detail"]["pipelineExecutionArn"]))


_EVENTS: Final = {
    "CloudWatch Alarm State Change": _alarm,
    "Monitor Run Completed": _run,
    "SageMaker Model Building Pipeline Execution Status Change": _ended,
}
