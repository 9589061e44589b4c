"""``watchkeeper run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.exits import HELP
from watchkeeper.options import Config, Ignore, Json, Monitor
from watchkeeper.output import reporting


def run(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Capture files, CSV, JSON Lines or Parquet: files, folders or s3:// URIs.", metavar="DATA..."
        ),
    ],
    baseline: Annotated[str, typer.Option("--baseline", "-b", help="Folder or s3:// URI of the baseline.")],
    *,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the report to.")] = Path("run"),
    config: Config = None,
    monitor: Monitor = None,
    window: Annotated[
        str | None, typer.Option("--window", help="START/END in UTC: keeps captured events in it and names the run.")
    ] = None,
    data_format: Annotated[str, typer.Option("--format", help="auto, capture, csv, json, jsonl or parquet.")] = "auto",
    ignore: Ignore = None,
    as_json: Json = False,
) -> None:
    """Hold data against a baseline: the verdict of the deployed monitor, and its files."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.evaluate import evaluate_files, parse_format, parse_window  # noqa: PLC0415 - start-up
        from watchkeeper.settings import MonitorSettings  # noqa: PLC0415

        code = evaluate_files(
            data,
            baseline,
            folder,
            output,
            MonitorSettings.load(config, monitor),
            window=parse_window(window),
            data_format=parse_format(data_format),
            ignore=ignore or (),
        )
        raise typer.Exit(code)


run.__doc__ = f"{run.__doc__}\n\n{HELP}"
