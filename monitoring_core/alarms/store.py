"""Metric data in memory: aggregates samples over periods as CloudWatch does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from monitoring_core.alarms.queries import MetricStat


@dataclass(frozen=True, slots=True)
class Datum:
    """One sample of one metric."""

    namespace: str
    metric_name: str
    dimensions: Mapping[str, str]
    timestamp: datetime
    value: float
    unit: str = "None"


def _key(
    namespace: str, metric_name: str, dimensions: Mapping[str, str]
) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return namespace, metric_name, frozenset(dimensions.items())


class MetricStore:
    """Samples by metric; `fetch` is a `monitoring_core.alarms.Fetch`.

    A metric is its namespace, its name and exactly its dimensions: a query without a dimension
    does not see samples that have one.
    """

    def __init__(self, data: Iterable[Datum] = ()) -> None:
        self._data: defaultdict[tuple[str, str, frozenset[tuple[str, str]]], list[Datum]] = defaultdict(list)
        for datum in data:
            self.put(datum)

    def put(self, datum: Datum) -> None:
        """Add a sample."""
        self._data[_key(datum.namespace, datum.metric_name, datum.dimensions)].append(datum)

    def fetch(self, metric_stat: MetricStat, start: datetime, end: datetime, period: int) -> dict[datetime, float]:
        """Aggregate the samples of each period from `start` that holds one."""
        metric = metric_stat.metric
        samples: defaultdict[datetime, list[float]] = defaultdict(list)
        for datum in self._data.get(_key(metric.namespace, metric.metric_name, metric.dimension_values), ()):
            if start <= datum.timestamp < end and metric_stat.unit in (None, datum.unit):
                index = int((datum.timestamp - start).total_seconds() // period)
                samples[start + timedelta(seconds=index * period)].append(datum.value)
        return {time: aggregate(values, metric_stat.stat) for time, values in samples.items()}


def aggregate(values: list[float], stat: str) -> float:
    """Statistic of the samples of one period.

    Parameters
    ----------
    stat : str
        ``SampleCount``, ``Sum``, ``Average``, ``Minimum``, ``Maximum``, or a percentile such as ``p99``,
        interpolated linearly.

    Examples
    --------
    >>> [aggregate([1.0, 2.0, 6.0], stat) for stat in ("SampleCount", "Sum", "Average", "Maximum", "p50")]
    [3.0, 9.0, 3.0, 6.0, 2.0]
    """
    if stat.startswith("p"):
        return float(np.percentile(values, float(stat[1:])))
    functions = {"SampleCount": len, "Sum": sum, "Average": np.mean, "Minimum": min, "Maximum": max}
    return float(functions[stat](values))  # type: ignore[operator]  # a mix of builtins and numpy
