"""Metrics as CloudWatch embedded metric format (EMF): JSON lines that a function prints.

CloudWatch takes at most 100 metrics a line; longer lists become several lines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from monitoring_core.metric_names import (
    DIMENSIONS,
    NAMESPACE,
    AwsNamespace,
    Metric,
    feature_baseline_drift,
    feature_data,
    feature_non_null,
)

MAX_METRICS_PER_LINE: Final = 100


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """Many values in four numbers, so that Minimum, Maximum, Average, Sum and SampleCount are right."""

    minimum: float
    maximum: float
    total: float
    count: float


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


def feature_metrics(
    endpoint: str,
    schedule: str,
    statistics: Mapping[str, Any],
    drift: Mapping[str, float],
    features: Collection[str],
    timestamp: datetime,
) -> list[str]:
    """Render the metrics Model Monitor publishes for features, under its names.

    Parameters
    ----------
    statistics : mapping
        ``statistics.json`` of the run.
    drift : mapping of str to float
        Distance from the baseline by feature, where it was measured.
    features : collection of str
        Features to publish; each has up to three metrics, and each metric costs money.
    """
    values: dict[Metric, MetricValue] = {}
    for feature in statistics["features"]:
        name = feature["name"]
        if name in features:
            numbers = feature.get("numerical_statistics") or feature.get("string_statistics") or {}
            values[_metric(feature_data(name), "None")] = _statistic_set(numbers)
            values[_metric(feature_non_null(name), "Count")] = numbers.get("common", {}).get("num_present")
            values[_metric(feature_baseline_drift(name), "None")] = drift.get(name)
    dimensions = dict(zip(DIMENSIONS, (endpoint, schedule), strict=True))
    return embedded_metrics(AwsNamespace.ENDPOINT_DATA_QUALITY, dimensions, values, timestamp)


def _metric(name: str, unit: str) -> Metric:
    return Metric(name, unit, "")


def _statistic_set(statistics: Mapping[str, Any]) -> StatisticSet | None:
    """Statistic set of a numeric feature; None for a string feature and for one without values."""
    count = statistics.get("common", {}).get("num_present", 0)
    if not count or "sum" not in statistics:
        return None
    return StatisticSet(statistics["min"], statistics["max"], statistics["sum"], count)


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
