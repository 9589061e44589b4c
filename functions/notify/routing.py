"""Who is to hear of an alarm, and how much it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.common.alarm_event import AlarmState, AlarmStateChange
from functions.common.message import Audience, Routing, Severity, State

_BUILDERS: Final = (Audience.ENGINEERING, Audience.DATA_SCIENCE)
_BY_KIND: Final[Mapping[str, tuple[Audience, ...]]] = {
    "model-bias": (Audience.DATA_SCIENCE, Audience.LEGAL),
    "model-quality": (Audience.DATA_SCIENCE, Audience.BUSINESS),
    "custom": (Audience.DATA_SCIENCE, Audience.BUSINESS),
}
"""Who hears of violations, by the kind of monitor; of all others those who build pipeline and model."""
_BY_ALARM: Final[Mapping[str, tuple[Severity, tuple[Audience, ...]]]] = {
    "heartbeat": (Severity.CRITICAL, (Audience.ENGINEERING,)),
    "failed": (Severity.CRITICAL, (Audience.ENGINEERING,)),
    "quarantined": (Severity.WARNING, _BUILDERS),
}


def routing_of_alarm(change: AlarmStateChange, alarm_kind: str, monitor_kind: str, endpoint: str) -> Routing:
    """Return the routing of the message about a change of an alarm.

    The end of an alarm weighs what the alarm weighed: who was woken by it is told that it is over.

    Parameters
    ----------
    alarm_kind : str
        What it watches: `violations`, `heartbeat`, `failed` or `quarantined`.
    monitor_kind : str
        Kind of the monitor, empty where that is not known.
    """
    detail = change.detail
    of_violations = Severity.WARNING, _BY_KIND.get(monitor_kind, _BUILDERS)
    severity, audiences = _BY_ALARM.get(alarm_kind, of_violations)
    if detail.state.value is not AlarmState.ALARM:
        return Routing(endpoint, audiences, severity, detail.alarm_name, State.OVER)
    if alarm_kind == "heartbeat" and detail.is_new:
        return Routing(endpoint, audiences, Severity.INFO, detail.alarm_name)
    return Routing(endpoint, audiences, severity, detail.alarm_name, State.RAISED)
