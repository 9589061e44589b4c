"""Evaluate a metric alarm: fetch its evaluation range, apply M out of N and the missing-data policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from monitoring_core.alarms.definition import DAY, AlarmDefinition, TreatMissingData
from monitoring_core.alarms.functions import Scope, Series, Value
from monitoring_core.alarms.queries import HIGH_RESOLUTION_PERIODS, MetricStat
from monitoring_core.alarms.reasons import explain
from monitoring_core.alarms.state import AlarmState, StateValue
from monitoring_core.errors import ConfigError, DataError

Fetch: TypeAlias = Callable[[MetricStat, datetime, datetime, int], Mapping[datetime, float]]
"""``fetch(metric_stat, start, end, period)``: the aggregated value of each period that has data, by the
period's start. Periods start at `start`, are `period` seconds long and end before or at `end`. Only a
metric with exactly the dimensions of `metric_stat` counts."""

Datapoint: TypeAlias = tuple[datetime, float | None]

EXTRA_PERIODS: Final = 2
"""Periods looked at beyond EvaluationPeriods. Amazon's documented tables look at 5 for 3; it does not
publish the number for other alarms."""


def evaluate(definition: AlarmDefinition, fetch: Fetch, now: datetime, previous_state: AlarmState) -> AlarmState:
    """State of an alarm at a point in time.

    Parameters
    ----------
    fetch : Fetch
        Where datapoints come from, e.g. `MetricStore.fetch`.
    now : datetime
        Aware; the simulated clock. The range ends at the last full minute (hour, for an alarm that looks
        at more than a day; ten seconds, for a high-resolution alarm) and slides, as CloudWatch's does.

    Returns
    -------
    AlarmState
        `previous_state` itself as long as the value is unchanged: a state keeps the reason and the
        time of its transition. So ``new is not previous`` means a transition.

    Raises
    ------
    ConfigError
        If an expression does not yield one time series.
    DataError
        If `fetch` returns a time that is not the start of a period of the range.

    References
    ----------
    .. [1] Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
    """
    times = _period_starts(definition, now)
    series = _series(definition, fetch, times)
    datapoints: list[Datapoint] = [(time, series.get(time)) for time in reversed(times)]
    value = _decide(definition, [point for _, point in datapoints])
    if value is None or value is previous_state.value:
        return previous_state
    considered = _considered(definition, datapoints)
    reason, data = explain(definition, value, considered, now)
    return AlarmState(value, reason, now, data, tuple(considered))


def _period_starts(definition: AlarmDefinition, now: datetime) -> list[datetime]:
    """Start of each period of the evaluation range, oldest first."""
    period = definition.period_seconds
    step = 60
    if period in HIGH_RESOLUTION_PERIODS:
        step = 10
    elif period * definition.evaluation_periods > DAY:
        step = 3_600
    end = int(now.timestamp()) // step * step
    n = definition.evaluation_periods + EXTRA_PERIODS
    return [datetime.fromtimestamp(end - period * i, UTC) for i in range(n, 0, -1)]


def _series(definition: AlarmDefinition, fetch: Fetch, times: Sequence[datetime]) -> Series:
    """Compute the one series that is compared with the threshold."""
    period = definition.period_seconds
    start, end = times[0], times[-1] + timedelta(seconds=period)
    values: dict[str, Value] = {}
    metrics: dict[str, Series] = {}
    for query in definition.queries:
        if query.metric_stat is not None:
            metrics[query.id] = _on_grid(dict(fetch(query.metric_stat, start, end, period)), times)
            values[query.id] = metrics[query.id]
        elif query.parsed is not None:
            try:
                values[query.id] = query.parsed.evaluate(Scope(values, metrics, times))
            except (ValueError, TypeError, AttributeError) as error:
                raise _math_error(definition, query.parsed.text, str(error)) from error
    returned = next(query for query in definition.queries if query.return_data)
    result = values[returned.id]
    if not isinstance(result, dict):
        raise _math_error(
            definition, returned.expression or "", "an alarm needs one time series, not a number or a list"
        )
    return result


def _math_error(definition: AlarmDefinition, expression: str, problem: str) -> ConfigError:
    return ConfigError(f"alarm {definition.alarm_name!r}: expression {expression!r}: {problem}")


def _on_grid(series: Series, times: Sequence[datetime]) -> Series:
    stray = sorted(set(series) - set(times))
    if stray:
        raise DataError(f"fetch returned a datapoint at {stray[0]}; periods start at {', '.join(map(str, times))}")
    return {time: value for time, value in series.items() if math.isfinite(value)}


def _decide(definition: AlarmDefinition, newest_first: Sequence[float | None]) -> StateValue | None:
    """State by Amazon's documented rules; None keeps the state the alarm is in."""
    n, m = definition.evaluation_periods, definition.required_datapoints
    compare, threshold = definition.comparison_operator, definition.threshold
    breaching = [None if point is None else compare.breaches(point, threshold) for point in newest_first]
    received = [breach for breach in breaching if breach is not None]
    if len(received) >= n:  # enough real datapoints: the newest N decide, whatever the policy
        return StateValue.ALARM if sum(received[:n]) >= m else StateValue.OK
    policy = definition.treat_missing_data
    filled = (n - len(received)) * (policy is TreatMissingData.BREACHING)
    if sum(received) + filled >= m:
        return StateValue.ALARM
    if policy in (TreatMissingData.BREACHING, TreatMissingData.NOT_BREACHING) or not all(received):
        return StateValue.OK
    if policy is TreatMissingData.IGNORE:
        return None
    return _decide_on_breaches_alone(breaching, m)


def _decide_on_breaches_alone(breaching: Sequence[bool | None], m: int) -> StateValue | None:
    """State where every received datapoint breaches, but there are fewer than M of them.

    Amazon raises the alarm once the oldest of them is at least M periods old, and not before, because
    the next datapoint may be good. What it does until then is not documented: the state is kept.
    """
    if not any(breaching):
        return StateValue.INSUFFICIENT_DATA
    oldest = max(age for age, breach in enumerate(breaching, start=1) if breach)
    return StateValue.ALARM if oldest >= m else None


def _considered(definition: AlarmDefinition, newest_first: Sequence[Datapoint]) -> list[Datapoint]:
    """Datapoints that decided, newest first: received ones first of all, then as few missing ones as needed."""
    n = definition.evaluation_periods
    received = [point for point in newest_first if point[1] is not None][:n]
    missing = [point for point in newest_first if point[1] is None][: n - len(received)]
    return sorted(received + missing, key=lambda point: point[0], reverse=True)
