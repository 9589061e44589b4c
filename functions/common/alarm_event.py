"""The event `CloudWatch Alarm State Change` (contract 8.3), as far as it is needed.

Amazon adds fields as it likes, so unknown ones are ignored here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.common.contract import Utc


class _FromAws(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class AlarmState(StrEnum):
    """State of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class State(_FromAws):
    """A state, since when, and why. `timestamp` is kept as text too: it names an incident."""

    value: AlarmState
    timestamp: str
    reason: str = ""

    @property
    def since(self) -> Utc:
        """The moment of the change."""
        return _Moment(at=self.timestamp).at


class _Moment(BaseModel):
    at: Utc


class Configuration(_FromAws):
    """The alarm's own description and the metrics it watches."""

    description: str = ""
    metrics: tuple[dict[str, Any], ...] = ()


class AlarmDetail(_FromAws):
    """What changed."""

    alarm_name: str
    state: State
    previous_state: State | None = None
    configuration: Configuration = Configuration()

    @property
    def is_new(self) -> bool:
        """Whether this is the first time that the alarm was evaluated."""
        return self.previous_state is not None and "Initial alarm creation" in self.previous_state.reason


class AlarmStateChange(_FromAws):
    """One change of one alarm."""

    time: Utc
    region: str = ""
    detail: AlarmDetail

    @property
    def schedule(self) -> str | None:
        """The monitoring schedule whose metric the alarm watches, or None where it watches none."""
        for metric in self.detail.configuration.metrics:
            dimensions = metric.get("metricStat", {}).get("metric", {}).get("dimensions", {})
            if "MonitoringSchedule" in dimensions:
                return str(dimensions["MonitoringSchedule"])
        return None

    @property
    def incident_id(self) -> str | None:
        """The incident that this change opens or closes, or None where it does neither.

        An incident is one stay of an alarm in ALARM, named by the alarm and the moment at which it began.
        """
        for state in (self.detail.state, self.detail.previous_state):
            if state is not None and state.value is AlarmState.ALARM:
                return f"{self.detail.alarm_name}@{state.timestamp}"
        return None
