"""Which run a request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from functions.common.contract import Request, RunSpec
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window


def find_run(runs: Mapping[str, RunSpec], monitor: str) -> RunSpec:
    """Return the run of a monitor.

    Raises
    ------
    ConfigError
        If there is no such monitor.
    """
    if monitor not in runs:
        known = ", ".join(sorted(runs)) or "(none)"
        raise ConfigError(f"monitor {monitor!r} not found; this state machine runs: {known}; check the start input")
    return runs[monitor]


def resolve_window(run: RunSpec, request: Request) -> Window:
    """Return the window a request asks for: the given one, or the last one that was due at the scheduled time.

    Raises
    ------
    ConfigError
        If a given window is not one of the schedule's.
    """
    if request.window is not None:
        return run.grid.check(Window.parse(request.window))
    if request.scheduled_time is None:
        raise ConfigError('the start input needs "scheduled_time" or "window"')
    wait = timedelta(seconds=run.final_seconds) if request.final else run.lag
    return run.grid.ending_by(run.grid.ending_by(request.scheduled_time).end - wait)
