"""The state of an alarm."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self


class StateValue(StrEnum):
    """What an alarm says."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class AlarmState:
    """The state an alarm is in since its last transition.

    Attributes
    ----------
    reason : str
        CloudWatch's ``StateReason``: the sentence a person reads.
    reason_data : dict
        CloudWatch's ``StateReasonData``, before it is dumped to JSON text.
    timestamp : datetime
        When the alarm came into this state.
    datapoints : tuple of (datetime, float or None)
        The periods that decided, newest first; None is a missing datapoint.
    """

    value: StateValue
    reason: str
    timestamp: datetime
    reason_data: dict[str, Any] = field(default_factory=dict)
    datapoints: tuple[tuple[datetime, float | None], ...] = ()

    @classmethod
    def initial(cls, timestamp: datetime) -> Self:
        """State of an alarm that was just created.

        Examples
        --------
        >>> AlarmState.initial(datetime(2013, 1, 1, tzinfo=UTC)).value
        <StateValue.INSUFFICIENT_DATA: 'INSUFFICIENT_DATA'>
        """
        return cls(StateValue.INSUFFICIENT_DATA, "Unchecked: Initial alarm creation", timestamp)


def timestamp_text(time: datetime) -> str:
    """Time as CloudWatch writes it: UTC with milliseconds.

    Examples
    --------
    >>> timestamp_text(datetime(2019, 10, 2, 17, 4, 40, 985_000, tzinfo=UTC))
    '2019-10-02T17:04:40.985+0000'
    """
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
