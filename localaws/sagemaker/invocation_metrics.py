"""The metrics of invocations, per minute of simulated time, in the namespace ``AWS/SageMaker``."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localaws.sagemaker.account import Account

NAMESPACE = "AWS/SageMaker"
_METRICS_PER_CALL = 1000  # PutMetricData takes no more


@dataclass
class Statistics:
    """A CloudWatch statistic set: what can be added up."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        """Take one sample."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)

    def datum(self) -> dict[str, float]:
        """Return it as ``StatisticValues``."""
        return {"SampleCount": self.count, "Sum": self.total, "Minimum": self.least, "Maximum": self.most}


class InvocationMetrics:
    """Counts invocations by endpoint, variant and minute, and ships the counts when flushed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sets: dict[tuple[str, str, datetime, str, str], Statistics] = {}
        self._lock = threading.Lock()

    def take(self, endpoint: str, variant: str, status: int, model_seconds: float) -> None:
        """Count one invocation that ended with the HTTP `status` of the model's container."""
        minute = self._account.now().replace(second=0, microsecond=0)
        samples = {
            ("Invocations", "None"): 1.0,
            ("Invocation4XXErrors", "None"): float(400 <= status < 500),  # noqa: PLR2004 - HTTP
            ("Invocation5XXErrors", "None"): float(status >= 500),  # noqa: PLR2004 - HTTP
            ("ModelLatency", "Microseconds"): model_seconds * 1e6,
        }
        with self._lock:
            for (name, unit), value in samples.items():
                self._sets.setdefault((endpoint, variant, minute, name, unit), Statistics()).add(value)

    def flush(self) -> bool:
        """Send all that has been counted; tell whether there was anything."""
        with self._lock:
            sets, self._sets = self._sets, {}
        data = [_datum(*key, statistics) for key, statistics in sets.items()]
        for start in range(0, len(data), _METRICS_PER_CALL):
            self._account.client("cloudwatch").put_metric_data(
                Namespace=NAMESPACE, MetricData=data[start : start + _METRICS_PER_CALL]
            )
        return bool(data)


def _datum(
    endpoint: str, variant: str, minute: datetime, name: str, unit: str, statistics: Statistics
) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
        "Timestamp": minute,
        "StatisticValues": statistics.datum(),
        "Unit": unit,
    }
