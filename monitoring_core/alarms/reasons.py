"""CloudWatch's wording: why an alarm changed its state, as a sentence and as data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from monitoring_core.alarms.definition import AlarmDefinition, ComparisonOperator, TreatMissingData
from monitoring_core.alarms.state import StateValue, timestamp_text

_WORDS: Final = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL: "greater than or equal to",
    ComparisonOperator.GREATER_THAN: "greater than",
    ComparisonOperator.LESS_THAN: "less than",
    ComparisonOperator.LESS_THAN_OR_EQUAL: "less than or equal to",
}
_TREATED_AS: Final = {TreatMissingData.BREACHING: "Breaching", TreatMissingData.NOT_BREACHING: "NonBreaching"}


def explain(
    definition: AlarmDefinition,
    value: StateValue,
    datapoints: Sequence[tuple[datetime, float | None]],
    now: datetime,
) -> tuple[str, dict[str, Any]]:
    """``StateReason`` and ``StateReasonData`` of a transition.

    Parameters
    ----------
    datapoints : sequence of (datetime, float or None)
        The periods that decided, newest first.
    """
    received = [(time, point) for time, point in datapoints if point is not None]
    n_missing = len(datapoints) - len(received)
    if value is StateValue.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(n_missing, 'datapoint')} unknown.", _data(definition, datapoints, now)
    sentence = _threshold_crossed(definition, value, received, n_missing)
    return f"Threshold Crossed: {sentence}.", _data(definition, datapoints, now)


def _threshold_crossed(
    definition: AlarmDefinition, value: StateValue, received: Sequence[tuple[datetime, float]], n_missing: int
) -> str:
    raised = value is StateValue.ALARM
    breaches = definition.comparison_operator.breaches
    deciding = [(t, point) for t, point in received if breaches(point, definition.threshold) == raised]
    treated = _treated(definition, n_missing)
    if not deciding:
        periods = "period" if definition.evaluation_periods == 1 else "periods"
        got = _count(len(received), "datapoint", none="no datapoints were")
        return f"{got} received for {definition.evaluation_periods} {periods}{treated}"
    points = ", ".join(f"{float(point)!r} ({time.astimezone(UTC):%d/%m/%y %H:%M:%S})" for time, point in deciding)
    verb = ("was" if len(deciding) == 1 else "were") + ("" if raised else " not")
    limit = f"{verb} {_WORDS[definition.comparison_operator]} the threshold ({float(definition.threshold)!r})"
    if definition.datapoints_to_alarm is None:
        noun = "datapoint" if len(deciding) == 1 else "datapoints"
        return f"{len(deciding)} {noun} [{points}] {limit}{treated}"
    out_of = f"{len(deciding)} out of the last {definition.evaluation_periods} datapoints"
    return f"{out_of} [{points}] {limit}{treated} ({_minimum(definition, raised=raised)})"


def _minimum(definition: AlarmDefinition, *, raised: bool) -> str:
    m = definition.required_datapoints
    needed = m if raised else definition.evaluation_periods - m + 1
    direction = "OK -> ALARM" if raised else "ALARM -> OK"
    return f"minimum {needed} {'datapoint' if needed == 1 else 'datapoints'} for {direction} transition"


def _treated(definition: AlarmDefinition, n_missing: int) -> str:
    treatment = _TREATED_AS.get(definition.treat_missing_data)
    if not n_missing or treatment is None:
        return ""
    return f" and {_count(n_missing, 'missing datapoint')} treated as [{treatment}]"


def _count(n: int, noun: str, *, none: str | None = None) -> str:
    """Count with noun and verb.

    Examples
    --------
    >>> _count(1, "datapoint"), _count(2, "datapoint")
    ('1 datapoint was', '2 datapoints were')
    """
    if n == 0 and none is not None:
        return none
    return f"{n} {noun} was" if n == 1 else f"{n} {noun}s were"


def _data(
    definition: AlarmDefinition, datapoints: Sequence[tuple[datetime, float | None]], now: datetime
) -> dict[str, Any]:
    received = [(time, point) for time, point in datapoints if point is not None]
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp_text(now)}
    if received:
        data["startDate"] = timestamp_text(received[-1][0])
    if definition.unit is not None:
        data["unit"] = definition.unit
    if not definition.metrics:
        data["statistic"] = definition.statistic or definition.extended_statistic
    return data | {
        "period": definition.period_seconds,
        "recentDatapoints": [point for _, point in reversed(received)],
        "threshold": float(definition.threshold),
        "evaluatedDatapoints": [
            {"timestamp": timestamp_text(time)} | ({} if point is None else {"value": point})
            for time, point in datapoints
        ],
    }
