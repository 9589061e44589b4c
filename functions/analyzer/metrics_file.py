"""The metrics file that the platform ships to CloudWatch (contract 3.8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from monitoring_core.monitors.analysis import ParityMetric, StatisticSet
from monitoring_core.window import format_time

FILE_NAME: Final = "cloudwatch_metrics.jsonl"


class MetricSettings(Protocol):
    """What both contracts say of metrics: where they go, what they are about, and their time."""

    @property
    def cloudwatch_metrics_directory(self) -> Path: ...  # noqa: D102
    @property
    def endpoint(self) -> str | None: ...  # noqa: D102
    @property
    def schedule(self) -> str | None: ...  # noqa: D102
    @property
    def metric_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def start_time(self) -> datetime | None: ...  # noqa: D102


def write_metrics(settings: MetricSettings, metrics: Iterable[ParityMetric], now: datetime) -> None:
    """Write one JSON object per metric.

    They are stamped with the start of the window, as the platform's own are; without a window, with `now`.
    """
    time = format_time(settings.metric_time or settings.start_time or now)
    named = {"Endpoint": settings.endpoint, "MonitoringSchedule": settings.schedule}
    dimensions = [{"Name": name, "Value": value} for name, value in named.items() if value]
    lines = [_line(metric, time, dimensions) for metric in metrics]
    settings.cloudwatch_metrics_directory.mkdir(parents=True, exist_ok=True)
    (settings.cloudwatch_metrics_directory / FILE_NAME).write_bytes(msgspec.json.Encoder().encode_lines(lines))


def _line(metric: ParityMetric, time: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    own = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
    line: dict[str, Any] = {"MetricName": metric.name, "Timestamp": time, "Dimensions": [*dimensions, *own]}
    if not isinstance(metric.value, StatisticSet):
        return line | {"Value": metric.value}
    values = metric.value
    return line | {
        "StatisticValues": {
            "SampleCount": float(values.count),
            "Sum": values.total,
            "Minimum": values.minimum,
            "Maximum": values.maximum,
        }
    }
