"""Alarm: what metric alarms and composite alarms have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field, ValidationError

from monitoring_core.alarms.queries import ApiModel
from monitoring_core.errors import ConfigError

_STATE_KEYS: Final = frozenset(
    {
        "StateValue",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "EvaluationState",
    }
)
"""What ``DescribeAlarms`` adds: the state, which is no part of the definition."""


class Alarm(ApiModel):
    """Identity and actions of an alarm.

    Attributes carry the API's names in snake case; build one with `from_api`.
    """

    kind: ClassVar[str] = "alarm"

    alarm_name: Annotated[str, Field(min_length=1, max_length=255)]
    alarm_arn: str = ""
    alarm_description: str = ""
    alarm_configuration_updated_timestamp: datetime | None = None
    actions_enabled: bool = True
    ok_actions: Annotated[tuple[str, ...], Field(alias="OKActions")] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()
    tags: tuple[dict[str, str], ...] = ()

    @classmethod
    def from_api(cls, alarm: Mapping[str, Any]) -> Self:
        """Read an alarm of ``PutMetricAlarm``, ``PutCompositeAlarm`` or ``DescribeAlarms``.

        Raises
        ------
        ConfigError
            If a key, a value, a statistic, a function of an expression or a part of a rule is not supported.
            Nothing is skipped: an alarm that were evaluated without it would say something else.

        Examples
        --------
        >>> Alarm.from_api({"AlarmName": "a", "ThresholdMetricId": "band"})
        Traceback (most recent call last):
        ...
        monitoring_core.errors.ConfigError: alarm 'a': ...ThresholdMetricId: unknown key...
        """
        definition = {key: value for key, value in alarm.items() if key not in _STATE_KEYS}
        try:
            return cls.model_validate(definition)
        except ValidationError as error:
            problems = "; ".join(map(_problem, error.errors()))
            raise ConfigError(f"{cls.kind} {alarm.get('AlarmName', '(unnamed)')!r}: {problems}") from None


def _problem(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"]) or "definition"
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key; it is not supported by this evaluator, remove it or set it to null"
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"
