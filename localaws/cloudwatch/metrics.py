"""All metric data of the account, indexed by metric so that alarms can read it quickly.

CloudWatch shows data late whose time stamps are old when it arrives (``PutMetricData``); so does this account.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from localaws.replacing import replace
from localaws.services import Services
from monitoring_core.alarms import MetricStat
from monitoring_core.alarms.store import aggregate

Dimensions = frozenset[tuple[str, str]]

_DELAYS = ((timedelta(hours=24), timedelta(hours=48)), (timedelta(hours=3), timedelta(hours=2)))
"""What is so old when it arrives is shown so much later, at the worst; the oldest first."""


@dataclass(frozen=True)
class MetricKey:
    """What identifies a metric."""

    namespace: str
    name: str
    dimensions: Dimensions

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> MetricKey:
        """Make a key from dimensions as the API writes them."""
        return cls(namespace, name, frozenset((one["Name"], one["Value"]) for one in dimensions))

    @classmethod
    def of_query(cls, metric_stat: MetricStat) -> MetricKey:
        """Make a key from what an alarm asks for."""
        metric = metric_stat.metric
        return cls(metric.namespace, metric.metric_name, frozenset(metric.dimension_values.items()))


@dataclass(frozen=True, order=True)
class Sample:
    """A statistic set at one time; a single value is a set of one."""

    time: datetime
    count: float = field(compare=False)
    total: float = field(compare=False)
    minimum: float = field(compare=False)
    maximum: float = field(compare=False)
    values: tuple[float, ...] = field(compare=False)
    unit: str | None = field(compare=False, default=None)

    def shown_after(self, arrival: datetime) -> timedelta:
        """Return how long after its arrival the sample can be read, at the worst."""
        age = arrival - self.time
        return next((delay for old, delay in _DELAYS if age >= old), timedelta())


class MetricStore:
    """Metric data.

    moto keeps one list of all data and walks through all of it for each question; weeks of simulated time ask often.
    Data that CloudWatch would show late is kept back from alarms until then; moto's own list has it at once.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._samples: defaultdict[MetricKey, list[Sample]] = defaultdict(list)
        self._lock = threading.Lock()
        self._late: list[tuple[datetime, MetricKey, Sample]] = []
        self._watchers: list[Callable[[set[MetricKey]], None]] = []

    def watch(self, watcher: Callable[[set[MetricKey]], None]) -> None:
        """Call `watcher` with the metrics that got data, each time some did."""
        self._watchers.append(watcher)

    def put(self, namespace: str, data: list[dict[str, Any]]) -> None:
        """Add data, in the form of PutMetricData."""
        backend = cloudwatch_backends[self._services.account_id][self._services.region]
        naive = [
            {**one, "Timestamp": one["Timestamp"].astimezone(UTC).replace(tzinfo=None)} if "Timestamp" in one else one
            for one in data
        ]
        backend.put_metric_data(namespace, naive)

    def put_aws(self, namespace: str, dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
        """Add one value for each of several metrics that an AWS service publishes about itself."""
        listed = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        self.put(namespace, [{"MetricName": name, "Dimensions": listed, "Value": v} for name, v in values.items()])

    def fetch(self, metric_stat: MetricStat, start: datetime, end: datetime, period: int) -> dict[datetime, float]:
        """Aggregate the samples of each period from `start` that holds one; a `monitoring_core.alarms.Fetch`."""
        with self._lock:
            samples = self._samples.get(MetricKey.of_query(metric_stat), [])
            found = samples[_position(samples, start) : _position(samples, end)]
        by_period: defaultdict[int, list[Sample]] = defaultdict(list)
        for sample in found:
            if metric_stat.unit in (None, sample.unit):
                by_period[int((sample.time - start).total_seconds() // period)].append(sample)
        return {
            start + timedelta(seconds=index * period): _aggregate(together, metric_stat.stat)
            for index, together in by_period.items()
        }

    def has_any_since(self, key: MetricKey, moment: datetime) -> bool:
        """Whether a metric has a sample at `moment` or later."""
        samples = self._samples.get(key)
        return samples is not None and samples[-1].time >= moment

    def index(self, namespace: str, data: Iterable[Mapping[str, Any]]) -> None:
        """Take up data that moto has accepted."""
        now, shown = self._services.clock.now, []
        for one in data:
            key = MetricKey.of(namespace, one["MetricName"], one.get("Dimensions") or ())
            sample = _sample(one, now)
            if delay := sample.shown_after(now):
                with self._lock:
                    self._late.append((now + delay, key, sample))
            else:
                shown.append((key, sample))
        self._show(shown)

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when data that was kept back can be read."""
        with self._lock:
            return min((time for time, _, _ in self._late if time > after), default=None)

    def fire(self, at: datetime, /) -> None:
        """Show the data that was kept back until `at`."""
        with self._lock:
            shown = [(key, sample) for time, key, sample in self._late if time <= at]
            self._late = [one for one in self._late if one[0] > at]
        self._show(shown)

    def _show(self, samples: Iterable[tuple[MetricKey, Sample]]) -> None:
        changed = set()
        for key, sample in samples:
            with self._lock:
                insort(self._samples[key], sample)
            changed.add(key)
        if changed:
            for watcher in self._watchers:
                watcher(changed)


def install(services: Services) -> None:
    """Let everything that reaches moto's PutMetricData be indexed too."""
    services.metrics = store = MetricStore(services)
    services.clock.add(store)

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        original(self, namespace, metric_data)
        store.index(namespace, metric_data)

    original = replace(CloudWatchBackend, "put_metric_data", put_metric_data)


def _aggregate(samples: list[Sample], stat: str) -> float:
    """Return a statistic of one period; a percentile needs single values, as in CloudWatch."""
    if stat.startswith("p"):
        return aggregate([value for sample in samples for value in sample.values], stat)
    return _STATISTICS[stat](samples)


def _mean(samples: list[Sample]) -> float:
    return sum(sample.total for sample in samples) / sum(sample.count for sample in samples)


_STATISTICS: Mapping[str, Callable[[list[Sample]], float]] = {
    "SampleCount": lambda samples: sum(sample.count for sample in samples),
    "Sum": lambda samples: sum(sample.total for sample in samples),
    "Average": _mean,
    "Minimum": lambda samples: min(sample.minimum for sample in samples),
    "Maximum": lambda samples: max(sample.maximum for sample in samples),
}


def _position(samples: list[Sample], moment: datetime) -> int:
    return bisect_left(samples, moment, key=lambda sample: sample.time)


def _sample(datum: Mapping[str, Any], now: datetime) -> Sample:
    stamp = datum.get("Timestamp")
    time = now if stamp is None else (stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC))
    unit = datum.get("Unit")
    if stats := datum.get("StatisticValues"):
        count, total, low, high = (float(stats[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
        return Sample(time, count, total, low, high, (), unit)
    values = [float(value) for value in datum.get("Values") or [datum.get("Value", 0.0)]]
    counts = [float(count) for count in datum.get("Counts") or [1.0] * len(values)]
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    each = tuple(value for value, count in zip(values, counts, strict=True) for _ in range(int(count)))
    return Sample(time, sum(counts), total, min(values), max(values), each, unit)
