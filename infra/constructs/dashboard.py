"""One CloudWatch dashboard per endpoint: state of the alarms, and the run metrics of every monitor."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch
from constructs import Construct

from infra.config import EndpointConfig
from infra.config.monitors import DataQualityMonitor, Monitor
from infra.constructs.alarms import MonitorAlarms, drift_metric, run_metric
from monitoring_core.metric_names import (
    BASELINE_AGE,
    DRIFT_EXCESS,
    LABEL_COVERAGE,
    QUARANTINED_RECORDS,
    ROWS,
    RUN_METRICS,
    VIOLATIONS,
)

_WIDTH = 24
_RUNS = tuple(metric for metric in RUN_METRICS if metric.name.startswith("Runs"))


def dashboard(
    scope: Construct, config: EndpointConfig, alarms: Mapping[str, MonitorAlarms]
) -> aws_cloudwatch.Dashboard:
    """Declare the endpoint's dashboard."""
    board = aws_cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=f"watchkeeper-{config.name}")
    every_alarm = [alarm for group in alarms.values() for alarm in group.all]
    board.add_widgets(aws_cloudwatch.AlarmStatusWidget(title="Alarms", alarms=every_alarm, width=_WIDTH, height=3))
    for monitor in config.monitors:
        board.add_widgets(*_row(config, monitor))
    return board


def _row(config: EndpointConfig, monitor: Monitor) -> list[aws_cloudwatch.IWidget]:
    title = f"{config.name}: {monitor.name}"
    named = monitor.emit_features if isinstance(monitor, DataQualityMonitor) else ()
    features = [drift_metric(config, monitor, feature) for feature in named]
    drift = [_graph(f"{title}, drift of features", features)] if features else []
    runs = [run_metric(config, monitor, metric) for metric in _RUNS]
    volume = [run_metric(config, monitor, metric) for metric in (ROWS, QUARANTINED_RECORDS)]
    age = run_metric(config, monitor, BASELINE_AGE)
    coverage = run_metric(config, monitor, LABEL_COVERAGE)
    labels = [_graph(f"{title}, share of events with a label", [coverage])] if monitor.needs_labels else []
    worst = run_metric(config, monitor, DRIFT_EXCESS)
    return [
        _graph(f"{title}, violations", [run_metric(config, monitor, VIOLATIONS)]),
        _graph(f"{title}, worst drift (above 1 violates)", [worst]),
        _graph(f"{title}, runs", runs),
        _graph(f"{title}, records", volume),
        _graph(f"{title}, age of the baseline in days", [age]),
        *labels,
        *drift,
    ]


def _graph(title: str, metrics: list[aws_cloudwatch.Metric]) -> aws_cloudwatch.GraphWidget:
    return aws_cloudwatch.GraphWidget(title=title, left=metrics, width=8, height=6)
