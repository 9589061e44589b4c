"""From a span of time to the executions that fill it. No input or output here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from functions.common.contract import BackfillRequest, Request, RunSpec, WindowExecution
from functions.common.grid import Grid
from functions.common.runs import find_runs
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window


def list_windows(runs: Mapping[str, RunSpec], asked: BackfillRequest) -> list[WindowExecution]:
    """Return an execution for each window that lies in the span as a whole, the oldest first.

    Monitors with the same windows share their executions.

    Raises
    ------
    ConfigError
        If there is no such monitor, or no whole window in the span.
    """
    span = Window(asked.start, asked.end)
    grids: dict[Grid, list[str]] = {}
    for run in find_runs(runs, asked.monitors):
        grids.setdefault(run.grid, []).append(run.monitor)
    found = sorted(_windows(grids, span), key=lambda pair: (pair[0].end, pair[0].start))
    if not found:
        longest = ", ".join(sorted({str(grid.period) for grid in grids}))
        raise ConfigError(f"no window lies in {span} as a whole; they are {longest} long; give a longer span")
    endpoint = next(iter(runs.values())).endpoint
    return [_execution(endpoint, window, monitors, asked.attempt) for window, monitors in found]


def _windows(grids: Mapping[Grid, list[str]], span: Window) -> Iterator[tuple[Window, list[str]]]:
    for grid, monitors in grids.items():
        for window in grid.within(span):
            yield window, monitors


def _execution(endpoint: str, window: Window, monitors: Sequence[str], attempt: str) -> WindowExecution:
    said = "\n".join([endpoint, str(window), attempt, *monitors])
    name = f"{window.compact()}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    return WindowExecution(name=name, input=Request(monitors=tuple(monitors), window=str(window)))
