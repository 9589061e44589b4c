"""Metrics as CloudWatch embedded metric format (EMF): JSON lines that a function prints.

CloudWatch takes at most 100 metrics a line; longer lists become several lines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from monitoring_core.metric_names import DIMENSIONS, NAMESPACE, AwsMetrics, Metric
from monitoring_core.monitors.analysis import ParityMetric, StatisticSet

MAX_METRICS_PER_LINE: Final = 100


MetricValue: TypeAlias = float | StatisticSet | None


def embedded_metrics(
    namespace: str, dimensions: Mapping[str, str], values: Mapping[Metric, MetricValue], timestamp: datetime
) -> list[str]:
    """Render metrics of one time and one set of dimensions.

    Parameters
    ----------
    values : mapping of Metric to value
        None and ``nan`` are left out: undefined is a missing datapoint, never 0.
    timestamp : datetime
        Aware. Shown late by CloudWatch where it is 3 hours old or more, dropped from 14 days on.

    Returns
    -------
    list of str
        JSON texts without line end; none where there is nothing to publish.

    References
    ----------
    .. [1] Amazon CloudWatch User Guide, "Specification: Embedded metric format".

    Examples
    --------
    >>> from datetime import timezone
    >>> from monitoring_core.metric_names import ROWS
    >>> embedded_metrics("Watchkeeper", {"Endpoint": "e"}, {ROWS: 9}, datetime(2013, 1, 1, tzinfo=timezone.utc))[0]
    '{"_aws":{"Timestamp":1356998400000,"CloudWatchMetrics":[{"Namespace":"Watchkeeper",...
    """
    defined = [(metric, value) for metric, value in values.items() if _is_defined(value)]
    return [
        _line(namespace, dimensions, defined[start : start + MAX_METRICS_PER_LINE], timestamp)
        for start in range(0, len(defined), MAX_METRICS_PER_LINE)
    ]


def run_metrics(endpoint: str, schedule: str, values: Mapping[Metric, float | None], timestamp: datetime) -> list[str]:
    """Render the run metrics of the catalogue (`monitoring_core.metric_names.RUN_METRICS`) for one run."""
    dimensions = dict(zip(DIMENSIONS, (endpoint, schedule), strict=True))
    return embedded_metrics(NAMESPACE, dimensions, values, timestamp)


def parity_metrics(place: AwsMetrics, metrics: Iterable[ParityMetric], timestamp: datetime) -> list[str]:
    """Render the metrics that Model Monitor or Clarify publish, under their names.

    Parameters
    ----------
    place : AwsMetrics
        Where they publish them.
    metrics : iterable of ParityMetric
        Each metric costs money.
    timestamp : datetime
        The start of the window, as theirs.
    """
    by_dimensions: dict[tuple[tuple[str, str], ...], dict[Metric, MetricValue]] = {}
    for metric in metrics:
        named = by_dimensions.setdefault(tuple(metric.dimensions.items()), {})
        named[Metric(metric.name, "None", "")] = metric.value
    return [
        line
        for dimensions, values in by_dimensions.items()
        for line in embedded_metrics(place.namespace, place.dimensions | dict(dimensions), values, timestamp)
    ]


def _is_defined(value: MetricValue) -> bool:
    if isinstance(value, StatisticSet):
        return math.isfinite(value.total)
    return value is not None and math.isfinite(value)


def _line(
    namespace: str, dimensions: Mapping[str, str], values: Sequence[tuple[Metric, MetricValue]], timestamp: datetime
) -> str:
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric, _ in values],
    }
    metadata = {"Timestamp": round(timestamp.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    members = {metric.name: _member(value) for metric, value in values}
    return json.dumps({"_aws": metadata, **dimensions, **members}, separators=(",", ":"))


def _member(value: MetricValue) -> Any:
    if isinstance(value, StatisticSet):
        return {"Max": value.maximum, "Min": value.minimum, "Count": value.count, "Sum": value.total}
    return value
