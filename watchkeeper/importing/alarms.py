"""CloudWatch alarms on Model Monitor's metrics, and its own alerts, as limits and alarm rules of a monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from watchkeeper.importing.document import Document

_DRIFT: Final = "feature_baseline_drift_"
_BIAS: Final = "bias_metric_"
_UPPER: Final = frozenset({"GreaterThanThreshold", "GreaterThanOrEqualToThreshold"})
_LOWER: Final = frozenset({"LessThanThreshold", "LessThanOrEqualToThreshold"})


def schedule_of(alarm: Mapping[str, Any]) -> str:
    """Return the schedule whose metric an alarm watches; empty for any other alarm."""
    values = (str(one["Value"]) for one in alarm.get("Dimensions", ()) if one["Name"] == "MonitoringSchedule")
    return next(values, "")


def add_alarm(monitor: dict[str, Any], alarm: Document) -> bool:
    """Give the monitor an alarm's limit and rule; return whether it could be said."""
    metric = str(alarm.data.get("MetricName", ""))
    operator, threshold = str(alarm.data.get("ComparisonOperator")), alarm.data.get("Threshold")
    side = "at_most" if operator in _UPPER else "at_least" if operator in _LOWER else None
    if threshold is None or side is None:
        return False
    kind = monitor["kind"]
    if kind == "data-quality" and metric.startswith(_DRIFT) and side == "at_most":
        feature = metric.removeprefix(_DRIFT)
        monitor.setdefault("features", {})[feature] = {"max_distance": float(threshold)}
        _append(monitor, "emit_features", feature)
    elif kind == "model-quality":
        monitor.setdefault("constraints", {}).setdefault(metric, {})[side] = float(threshold)
        _append(monitor, "emit_metrics", metric)
    elif kind == "model-bias" and metric.startswith(_BIAS):
        monitor.setdefault("limits", {}).setdefault(metric.removeprefix(_BIAS), {})[side] = float(threshold)
        _append(monitor, "emit_metrics", metric)
    else:
        return False
    for name in ("MetricName", "Namespace", "Dimensions", "ComparisonOperator", "Threshold", "Statistic", "Period"):
        alarm.take(name)
    _add_rule(monitor, alarm.take("DatapointsToAlarm"), alarm.take("EvaluationPeriods"))
    alarm.take("AlarmName")
    return True


def add_alert(monitor: dict[str, Any], alert: Document) -> None:
    """Give the monitor the rule of Model Monitor's own alert."""
    for one in alert.take("MonitoringAlertSummaries") or ():
        _add_rule(monitor, one.get("DatapointsToAlert"), one.get("EvaluationPeriod"))


def _add_rule(monitor: dict[str, Any], datapoints: int | None, periods: int | None) -> None:
    """Set M of N; of several alarms the one that is raised first decides."""
    if not periods:
        return
    rule = {"datapoints_to_alarm": datapoints or periods, "evaluation_periods": periods}
    known = monitor.get("alarm")
    if known is None or rule["datapoints_to_alarm"] < known["datapoints_to_alarm"]:
        monitor["alarm"] = rule


def _append(monitor: dict[str, Any], name: str, value: str) -> None:
    values = monitor.setdefault(name, [])
    if value not in values:
        values.append(value)
