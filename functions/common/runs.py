"""Which runs a request asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from functions.common.contract import CaptureSource, Request, RunSpec
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window


def find_runs(runs: Mapping[str, RunSpec], monitors: Sequence[str] | None) -> list[RunSpec]:
    """Return the runs of the named monitors, or all of them.

    Raises
    ------
    ConfigError
        If there is no such monitor.
    """
    return list(runs.values()) if monitors is None else [_find(runs, name) for name in dict.fromkeys(monitors)]


def requested_runs(runs: Mapping[str, RunSpec], request: Request, captured: str | None = None) -> list[RunSpec]:
    """Return the runs that a request asks for.

    Where it names no monitors: all whose schedule has the given window; with `final`, all that are run again; of a
    transform job all that watch what is `captured` there and wait for no labels.

    Raises
    ------
    ConfigError
        If there is no such monitor, or none that the request could mean.
    """
    found = find_runs(runs, request.monitors)
    if request.monitors is not None:
        return found
    if request.transform_job is not None:
        return _watching(found, captured)
    asked = [run for run in found if not request.final or run.final_seconds]
    if not asked:
        raise ConfigError(
            f"no monitor of this state machine ({_known(runs)}) is run again on late labels; "
            "configure ground_truth.final_after and deploy, or leave final out"
        )
    if request.window is None:
        return asked
    window = Window.parse(request.window)
    return [run for run in asked if run.grid.has(window)] or asked  # none has it: `resolve_window` says what they have


def resolve_window(run: RunSpec, request: Request, ended: datetime | None = None) -> Window:
    """Return the window a request asks for.

    The given one, or the last one that was due at the scheduled time, or the one in which a transform job `ended`.

    Raises
    ------
    ConfigError
        If a given window is not one of the schedule's, or it is not known when the transform job ended.
    """
    if request.window is not None:
        return run.grid.check(Window.parse(request.window))
    if request.scheduled_time is not None:
        wait = timedelta(seconds=run.final_seconds) if request.final else run.lag
        return run.grid.ending_by(run.grid.ending_by(request.scheduled_time).end - wait)
    if ended is None:
        raise ConfigError('the start input needs "scheduled_time", "window", or a "transform_job" that has ended')
    return run.grid.around(ended)


def _find(runs: Mapping[str, RunSpec], monitor: str) -> RunSpec:
    if monitor not in runs:
        raise ConfigError(
            f"monitor {monitor!r} not found; this state machine runs: {_known(runs)}; check the start input"
        )
    return runs[monitor]


def _watching(runs: Sequence[RunSpec], captured: str | None) -> list[RunSpec]:
    batch = [run for run in runs if run.source is CaptureSource.BATCH_TRANSFORM and not run.ground_truth_prefixes]
    found = [run for run in batch if captured in {None, run.capture_prefix}]
    if not found:
        known = ", ".join(sorted({run.capture_prefix for run in batch})) or "none"
        raise ConfigError(
            f"no monitor watches what transform jobs capture at {captured}; this state machine watches: {known}; "
            "check DataCaptureConfig.DestinationS3Uri of the job"
        )
    return found


def _known(runs: Mapping[str, RunSpec]) -> str:
    return ", ".join(sorted(runs)) or "(none)"
