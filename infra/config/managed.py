"""What Model Monitor cannot do as the configuration says; such a setting is refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from infra.config.base import Location, Problem
from infra.config.monitors import DataQualityMonitor

if TYPE_CHECKING:
    from infra.config.model import EndpointConfig

_METRICS_PER_ALARM: Final = 9
_OURS: Final = "or use `runtime: function`"


def managed_problems(config: EndpointConfig) -> Iterator[Problem]:
    """Yield the settings that Amazon's analyzer, its schedule or the alarm on its metrics would not honour."""
    for i, monitor in enumerate(config.monitors):
        if isinstance(monitor, DataQualityMonitor) and monitor.runtime == "managed":
            at = ("monitors", i)
            yield from (*_schedule(config, monitor, at), *_analysis(config, monitor, at), *_alarm(monitor, at))
    everywhere = all(monitor.runtime == "managed" for monitor in config.monitors)
    if everywhere and config.baseline.time_column is not None:
        yield (
            ("baseline", "time_column"),
            "has no effect: Amazon's analyzer has no limits that are calibrated on time; remove it, "
            "or use `runtime: function` for a monitor",
        )


def _schedule(config: EndpointConfig, monitor: DataQualityMonitor, at: Location) -> Iterator[Problem]:
    """Yield what hinders the schedule: Model Monitor fires at whole hours, a job must be over before the next."""
    schedule, longest = monitor.schedule, config.runtime.managed.timeout_seconds
    if schedule.managed_expression is None:
        allowed = "hourly, daily, every N hours, or cron(0 H ? * * *) or cron(0 H/N ? * * *)"
        yield (*at, "schedule"), f"{schedule.text!r} cannot be scheduled by Model Monitor; allowed: {allowed}; {_OURS}"
    elif longest > schedule.period_seconds:
        yield (
            ("runtime", "managed", "timeout_seconds"),
            (
                f"a job of Model Monitor may not run longer than the time to the next, got {longest} for "
                f"{schedule.text} ({monitor.name}); allowed: up to {schedule.period_seconds}"
            ),
        )


def _analysis(config: EndpointConfig, monitor: DataQualityMonitor, at: Location) -> Iterator[Problem]:
    """Yield what Amazon's analyzer, which gets its thresholds in `constraints.json`, does not do."""
    distribution = monitor.distribution
    if distribution.calibrate and (config.baseline.time_column or "calibrate" in distribution.model_fields_set):
        yield (
            (*at, "distribution", "calibrate"),
            (
                "the alarm of a managed monitor holds Amazon's drift metrics against the configured limits and cannot "
                f"know limits that are calibrated at deployment; set `calibrate: false`, {_OURS}"
            ),
        )
    if distribution.categorical_drift_method == "ChiSquared":
        yield (
            (*at, "distribution", "categorical_drift_method"),
            (
                "'ChiSquared' makes Amazon's analyzer report a p-value, and how that is judged is not documented; "
                f"allowed: LInfinity; {_OURS}"
            ),
        )
    if monitor.segments:
        yield (*at, "segments"), f"Amazon's analyzer does not slice the rows; remove it, {_OURS}"
    if "min_rows" in monitor.model_fields_set:
        yield (*at, "min_rows"), f"Amazon's analyzer judges windows of any size; remove it, {_OURS}"


def _alarm(monitor: DataQualityMonitor, at: Location) -> Iterator[Problem]:
    """Yield what hinders the alarm, which watches the drift metrics that Amazon's analyzer publishes by feature."""
    if not 1 <= len(monitor.emit_features) <= _METRICS_PER_ALARM:
        yield (
            (*at, "emit_features"),
            (
                f"the alarm of a managed monitor watches the drift metrics of these features: "
                f"name 1 to {_METRICS_PER_ALARM}, got {len(monitor.emit_features)}"
            ),
        )
    for j, name in enumerate(monitor.emit_features):
        if name in monitor.features and not monitor.features[name].perform_comparison:
            yield (
                (*at, "emit_features", j),
                f"{name!r} has no drift metric, because its `perform_comparison` is false; name one that is compared",
            )
