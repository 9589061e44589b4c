"""The metrics file that the platform ships to CloudWatch (contract 3.8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from functions.analyzer.clarify.settings import ClarifySettings
from functions.analyzer.metrics_file import FILE_NAME
from monitoring_core.monitors.analysis import ParityMetric, StatisticSet
from monitoring_core.window import format_time


def write_parity_metrics(settings: ClarifySettings, metrics: Iterable[ParityMetric], now: datetime) -> None:
    """Write one JSON object per metric, stamped with the start of the window; without a window, with `now`."""
    time = format_time(settings.metric_time or settings.start_time or now)
    named = {"Endpoint": settings.endpoint, "MonitoringSchedule": settings.schedule}
    own = {name: value for name, value in named.items() if value}
    settings.cloudwatch_metrics_directory.mkdir(parents=True, exist_ok=True)
    lines = [_line(metric, time, own) for metric in metrics]
    (settings.cloudwatch_metrics_directory / FILE_NAME).write_bytes(msgspec.json.Encoder().encode_lines(lines))


def _line(metric: ParityMetric, time: str, own: dict[str, str]) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in {**own, **metric.dimensions}.items()]
    line: dict[str, Any] = {"MetricName": metric.name, "Timestamp": time, "Dimensions": dimensions}
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
