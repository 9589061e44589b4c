"""Run the deployed monitors: start the state machine, wait, say what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from functions.common.contract import PublishedRun, Status, WindowsOutput
from monitoring_core.errors import ConfigError, DataError
from monitoring_core.window import Window
from watchkeeper.deployed import aws_explained, output_of
from watchkeeper.executions import Execution, start, started_by
from watchkeeper.exits import Exit
from watchkeeper.output import Output

RUN: Final = "StateMachineArn"
BACKFILL: Final = "BackfillArn"


def find_state_machine(output_name: str, config: Path | None, stack: str | None, arn: str | None) -> str:
    """Return the ARN of a deployed state machine: the given one, or the output of a stack or of a file's stack.

    Raises
    ------
    ConfigError
        If it is not said which, or said in several ways, or it is not deployed.
    """
    if sum(given is not None for given in (config, stack, arn)) != 1:
        raise ConfigError("say what is deployed with one of --config FILE, --stack NAME and --state-machine ARN")
    if arn is not None:
        return arn
    if config is not None:
        from infra.config import load_config  # noqa: PLC0415 - the whole configuration

        stack = f"Watchkeeper-{load_config(config).name}"
    return output_of(str(stack), output_name)


def run_window(state_machine: str, request: dict[str, Any], output: Output, *, wait: bool) -> Exit:
    """Run a window of the deployed monitors; return the exit code."""
    with aws_explained(state_machine):
        execution = start(state_machine, request)
        if not wait:
            return _started(execution, output)
        output.waiting(f"execution {execution.name} is running" for _ in execution.wait())
        described, runs = execution.describe(), execution.published()
    if not runs:
        raise DataError(_why(execution, described))
    output.table(("monitor", "status", "violations", "reason", "report"), map(_row, runs))
    told = [run.model_dump(mode="json") for run in runs]
    output.result({"execution": execution.arn, "status": described["status"], "runs": told})
    return exit_of(runs)


def run_backfill(state_machine: str, request: dict[str, Any], output: Output, *, wait: bool) -> Exit:
    """Run all windows of a span of time; return the exit code."""
    with aws_explained(state_machine):
        execution = start(state_machine, request)
        if not wait:
            return _started(execution, output)
        output.waiting(_progress(execution))
        described, listed = execution.describe(), execution.output_of("Windows")
        if listed is None:
            raise DataError(_why(execution, described))
        windows = list(_windows(state_machine, WindowsOutput.model_validate(listed)))
    rows = ((window, *_row(run)) for window, _, runs in windows for run in runs)
    output.table(("window", "monitor", "status", "violations", "reason", "report"), rows)
    told = [
        {"window": window, "execution": one.arn, "runs": [run.model_dump(mode="json") for run in runs]}
        for window, one, runs in windows
    ]
    output.result({"execution": execution.arn, "status": described["status"], "windows": told})
    unfinished = [one.name for _, one, runs in windows if not runs]
    if unfinished:
        raise DataError(
            f"{len(unfinished)} of {len(windows)} windows have published nothing: {', '.join(unfinished[:3])} ...; "
            "look at these executions in Step Functions, then start the backfill again with another --attempt"
        )
    return exit_of([run for *_, runs in windows for run in runs])


def window_request(
    window: str | None, monitor: str | None, data: Sequence[str] | None, baseline: str | None, *, final: bool
) -> dict[str, Any]:
    """Return the start input that the options of ``watchkeeper run --deployed`` ask for.

    Raises
    ------
    ConfigError
        If there is no window, or something that the deployed monitors know by themselves.
    """
    if data or baseline is not None:
        raise ConfigError("--deployed reads what was captured, against the baseline in force; give no DATA or baseline")
    if window is None:
        raise ConfigError("--deployed needs --window START/END")
    named = {"monitors": [monitor]} if monitor else {}
    return {"window": str(parse_span(window)), **named, **({"final": True} if final else {})}


def exit_of(runs: Sequence[PublishedRun]) -> Exit:
    """Return the exit code for some runs: failures before violations before no data.

    Examples
    --------
    >>> run = PublishedRun(monitor="m", run_id="r", status="NoData", violations=None, reason="", report=None)
    >>> exit_of([run]).name, exit_of([run, run.model_copy(update={"status": Status.COMPLETED})]).name
    ('NO_DATA', 'CLEAN')
    """
    found = {run.status for run in runs}
    if Status.FAILED in found:
        return Exit.ERROR
    if Status.COMPLETED_WITH_VIOLATIONS in found:
        return Exit.VIOLATIONS
    return Exit.CLEAN if Status.COMPLETED in found else Exit.NO_DATA


def parse_span(text: str) -> Window:
    """Read ``START/END``."""
    try:
        return Window.parse(text)
    except DataError as error:
        raise ConfigError(str(error)) from error


def _started(execution: Execution, output: Output) -> Exit:
    output.say(f"started {execution.arn}")
    output.result({"execution": execution.arn, "status": "RUNNING"})
    return Exit.CLEAN


def _progress(execution: Execution) -> Iterator[str]:
    for _ in execution.wait():
        done = execution.progress()
        yield f"{done[0]} of {done[1]} windows are over" if done else "listing the windows"


def _windows(backfill: str, listed: WindowsOutput) -> Iterator[tuple[str, Execution, list[PublishedRun]]]:
    machine = started_by(backfill)
    for one in listed.windows:
        execution = Execution.named(machine, one.name)
        yield str(one.input.window), execution, execution.published()


def _row(run: PublishedRun) -> tuple[str, ...]:
    violations = "" if run.violations is None else str(run.violations)
    return run.monitor, run.status, violations, run.reason, run.report or ""


def _why(execution: Execution, described: dict[str, Any]) -> str:
    cause = described.get("cause") or "it has published nothing"
    return f"execution {execution.arn} has ended as {described['status']}: {cause}; look at it in Step Functions"
