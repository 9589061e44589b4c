"""AlarmDefinition: an alarm as ``PutMetricAlarm`` takes it and ``DescribeAlarms`` gives it back."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from monitoring_core.alarms.alarm import Alarm
from monitoring_core.alarms.queries import Dimension, MetricDataQuery, Period, Statistic

DAY: Final = 86_400
WEEK: Final = 7 * DAY


class ComparisonOperator(StrEnum):
    """How a datapoint is compared with the threshold."""

    GREATER_THAN_OR_EQUAL = "GreaterThanOrEqualToThreshold"
    GREATER_THAN = "GreaterThanThreshold"
    LESS_THAN = "LessThanThreshold"
    LESS_THAN_OR_EQUAL = "LessThanOrEqualToThreshold"

    def breaches(self, value: float, threshold: float) -> bool:
        """Whether the value crosses the threshold.

        Examples
        --------
        >>> ComparisonOperator("GreaterThanThreshold").breaches(1.0, 1.0)
        False
        """
        return _COMPARISONS[self](value, threshold)


_COMPARISONS: Final[Mapping[ComparisonOperator, Callable[[float, float], bool]]] = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL: operator.ge,
    ComparisonOperator.GREATER_THAN: operator.gt,
    ComparisonOperator.LESS_THAN: operator.lt,
    ComparisonOperator.LESS_THAN_OR_EQUAL: operator.le,
}


class TreatMissingData(StrEnum):
    """How a period without datapoint counts."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class AlarmDefinition(Alarm):
    """A CloudWatch metric alarm, over one metric or over metric math.

    Attributes carry the API's names in snake case; build one with `from_api`.
    """

    namespace: str | None = None
    metric_name: str | None = None
    statistic: Statistic | None = None
    extended_statistic: Statistic | None = None
    dimensions: tuple[Dimension, ...] = ()
    period: Period | None = None
    unit: str | None = None
    metrics: tuple[MetricDataQuery, ...] = ()
    evaluation_periods: Annotated[int, Field(ge=1)]
    datapoints_to_alarm: Annotated[int, Field(ge=1)] | None = None
    threshold: float
    comparison_operator: ComparisonOperator
    treat_missing_data: TreatMissingData = TreatMissingData.MISSING
    evaluate_low_sample_count_percentile: Literal["", "evaluate"] = ""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.metrics:
            _check_metrics(self)
        else:
            _check_single_metric(self)
        if self.required_datapoints > self.evaluation_periods:
            raise ValueError(
                f"DatapointsToAlarm ({self.required_datapoints}) must not exceed "
                f"EvaluationPeriods ({self.evaluation_periods})"
            )
        span, limit = self.evaluation_periods * self.period_seconds, DAY if self.period_seconds < 3_600 else WEEK  # noqa: PLR2004 - an hour
        if span > limit:
            raise ValueError(f"EvaluationPeriods x Period may be at most {limit} seconds here, got {span}")
        return self

    @property
    def required_datapoints(self) -> int:
        """M of "M out of N": how many periods must breach."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @cached_property
    def queries(self) -> tuple[MetricDataQuery, ...]:
        """The queries to evaluate, each after those it depends on; a single metric is a query ``m1``."""
        if not self.metrics:
            return (self._single_query(),)
        by_id = {query.id: query for query in self.metrics}
        return tuple(by_id[name] for name in TopologicalSorter(_dependencies(self.metrics)).static_order())

    def _single_query(self) -> MetricDataQuery:
        metric = {"Namespace": self.namespace, "MetricName": self.metric_name, "Dimensions": self.dimensions}
        stat = self.statistic or self.extended_statistic
        metric_stat = {"Metric": metric, "Period": self.period, "Stat": stat, "Unit": self.unit}
        return MetricDataQuery.model_validate({"Id": "m1", "MetricStat": metric_stat})

    @cached_property
    def period_seconds(self) -> int:
        """Length of one evaluated period."""
        return next(query.metric_stat.period for query in self.queries if query.metric_stat is not None)


def _check_single_metric(alarm: AlarmDefinition) -> None:
    missing = [
        key
        for key, value in (("Namespace", alarm.namespace), ("MetricName", alarm.metric_name), ("Period", alarm.period))
        if value is None
    ]
    if missing:
        raise ValueError(f"needs {', '.join(missing)}, or Metrics")
    if (alarm.statistic is None) == (alarm.extended_statistic is None):
        raise ValueError("needs exactly one of Statistic and ExtendedStatistic")


def _check_metrics(alarm: AlarmDefinition) -> None:
    single = (alarm.namespace, alarm.metric_name, alarm.statistic, alarm.extended_statistic, alarm.period)
    if any(value is not None for value in single) or alarm.dimensions:
        raise ValueError("give Metrics or a single metric (Namespace, MetricName, Statistic ...), not both")
    ids = [query.id for query in alarm.metrics]
    if len(set(ids)) < len(ids):
        raise ValueError(f"ids of Metrics must be unique, got {', '.join(ids)}")
    returned = [query.id for query in alarm.metrics if query.return_data]
    if len(returned) != 1:
        raise ValueError(f"exactly one query must have ReturnData true, got {', '.join(returned) or 'none'}")
    periods = {query.metric_stat.period for query in alarm.metrics if query.metric_stat is not None}
    if len(periods) != 1:
        raise ValueError(f"the metrics of an alarm must share one period, got {sorted(periods)}")
    dependencies = _dependencies(alarm.metrics)
    unknown = sorted(set().union(*dependencies.values()) - set(ids))
    if unknown:
        raise ValueError(f"an expression names {', '.join(unknown)}; known ids: {', '.join(ids)}")
    try:
        TopologicalSorter(dependencies).prepare()
    except CycleError as error:
        raise ValueError(f"expressions depend on each other in a circle: {' -> '.join(error.args[1])}") from None


def _dependencies(queries: tuple[MetricDataQuery, ...]) -> dict[str, frozenset[str]]:
    """Ids that each query needs; ``METRICS()`` needs every metric."""
    metrics = frozenset(query.id for query in queries if query.metric_stat is not None)

    def needed(query: MetricDataQuery) -> frozenset[str]:
        if query.parsed is None:
            return frozenset()
        return query.parsed.names | metrics if query.parsed.uses_metrics else query.parsed.names

    return {query.id: needed(query) for query in queries}
