"""What a command takes from the configuration file, or its defaults without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from monitoring_core.errors import ConfigError
from monitoring_core.spec import DataQualitySpec, MonitorSpec


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """One monitor of one endpoint."""

    endpoint: str = "local"
    spec: MonitorSpec = field(default_factory=DataQualitySpec)
    period: timedelta = timedelta(days=1)
    time_column: str | None = None

    @classmethod
    def load(cls, config: Path | None, monitor: str | None) -> MonitorSettings:
        """Read a monitor from a configuration file.

        Raises
        ------
        ConfigError
            If the file is wrong, or has several monitors and none or an unknown one was named.
        """
        if config is None:
            return cls()
        from infra.config import load_config  # noqa: PLC0415 - pydantic models of the whole configuration

        loaded = load_config(config)
        monitors = {one.name: one for one in loaded.monitors}
        if monitor is None and len(monitors) > 1:
            raise ConfigError(f"{config} has several monitors: {', '.join(monitors)}; choose one with --monitor")
        name = monitor or next(iter(monitors))
        if name not in monitors:
            raise ConfigError(f"{config} has no monitor {name!r}; it has {', '.join(monitors)}")
        period = timedelta(seconds=monitors[name].schedule.period_seconds)
        return cls(loaded.endpoint.name, loaded.specs()[name], period, loaded.baseline.time_column)
