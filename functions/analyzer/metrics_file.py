"""The metrics file that the platform ships to CloudWatch (contract 3.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from functions.analyzer.settings import Settings
from monitoring_core.artifacts import RunResult
from monitoring_core.report.sagemaker.metrics import FeatureMetric, feature_metrics
from monitoring_core.stats.moments import Moments
from monitoring_core.window import format_time

FILE_NAME: Final = "cloudwatch_metrics.jsonl"


def write_metrics(settings: Settings, result: RunResult, now: datetime) -> None:
    """Write one JSON object per metric of every feature.

    They are stamped with the start of the window, as the platform's own are; without a window, with `now`.
    """
    time = format_time(settings.metric_time or settings.start_time or now)
    named = {"Endpoint": settings.endpoint, "MonitoringSchedule": settings.schedule}
    dimensions = [{"Name": name, "Value": value} for name, value in named.items() if value]
    lines = [
        _line(metric, time, dimensions)
        for metric in feature_metrics(result.profile, result.evaluation, result.constraints)
    ]
    settings.cloudwatch_metrics_directory.mkdir(parents=True, exist_ok=True)
    (settings.cloudwatch_metrics_directory / FILE_NAME).write_bytes(msgspec.json.Encoder().encode_lines(lines))


def _line(metric: FeatureMetric, time: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    line: dict[str, Any] = {"MetricName": metric.name, "Timestamp": time, "Dimensions": dimensions}
    if not isinstance(metric.value, Moments):
        return line | {"Value": metric.value}
    moments = metric.value
    return line | {
        "StatisticValues": {
            "SampleCount": float(moments.count),
            "Sum": moments.total,
            "Minimum": moments.minimum,
            "Maximum": moments.maximum,
        }
    }
