"""``watchkeeper run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitoring_core.errors import ConfigError
from watchkeeper.exits import HELP
from watchkeeper.options import Config, Format, Ignore, Json, Labels, Monitor, NoWait, Spec, Stack, StateMachine
from watchkeeper.output import reporting


def run(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Captured or merged records, CSV, JSON Lines or Parquet: files, folders or s3:// URIs.",
            metavar="DATA...",
            show_default=False,
        ),
    ] = None,
    *,
    baseline: Annotated[
        str | None, typer.Option("--baseline", "-b", help="Folder or s3:// URI of the baseline; needed with DATA.")
    ] = None,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the report to.")] = Path("run"),
    labels: Labels = None,
    config: Config = None,
    monitor: Monitor = None,
    spec: Spec = None,
    window: Annotated[
        str | None, typer.Option("--window", help="START/END in UTC: keeps captured events in it and names the run.")
    ] = None,
    data_format: Format = "auto",
    ignore: Ignore = None,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Run a --window of the deployed monitors instead; takes no DATA.")
    ] = False,
    stack: Stack = None,
    state_machine: StateMachine = None,
    final: Annotated[bool, typer.Option("--final", help="With --deployed: count labels that came late, too.")] = False,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Hold data against a baseline: the verdict of the deployed monitor, and its files.

    What to analyse is what the baseline was made for, unless a configuration or a specification says otherwise.

    With --deployed the deployed monitors do it: all whose schedule has the window, or the one of --monitor.
    """
    with reporting(as_json=as_json) as output:
        if deployed:
            from watchkeeper.run_deployed import RUN, find_state_machine, run_window, window_request  # noqa: PLC0415

            request = window_request(window, monitor, data, baseline, final=final)
            machine = find_state_machine(RUN, config, stack, state_machine)
            raise typer.Exit(run_window(machine, request, output, wait=not no_wait))
        from watchkeeper.baselines import Baseline  # noqa: PLC0415 - start-up
        from watchkeeper.choosing import choose  # noqa: PLC0415
        from watchkeeper.inputs import find_all  # noqa: PLC0415
        from watchkeeper.reading import Given, parse_format, parse_window  # noqa: PLC0415
        from watchkeeper.run_files import run_files  # noqa: PLC0415

        if not data or baseline is None:
            raise ConfigError("give DATA and --baseline, or --deployed and --window")
        chosen, span, kind = choose(config, monitor, spec), parse_window(window), parse_format(data_format)
        normal = Baseline.read(baseline, chosen)
        given = Given(find_all(data), find_all(labels or ()), kind, span)
        raise typer.Exit(run_files(given, normal, folder, output, ignore=ignore or ()))


run.__doc__ = f"{run.__doc__}\n\n{HELP}"
