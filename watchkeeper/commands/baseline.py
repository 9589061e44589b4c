"""``watchkeeper baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.options import Config, Ignore, Json, Monitor
from watchkeeper.output import reporting


def baseline(
    dataset: Annotated[
        list[str],
        typer.Argument(help="CSV, JSON Lines or Parquet: files, folders or s3:// URIs.", metavar="DATASET..."),
    ],
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the baseline to.")],
    *,
    config: Config = None,
    monitor: Monitor = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="Column with the time of each row: limits are calibrated to ordinary change."),
    ] = None,
    model: Annotated[str, typer.Option("--model", help="Name of the model the baseline belongs to.")] = "",
    ignore: Ignore = None,
    as_json: Json = False,
) -> None:
    """Learn from good data what normal is: write statistics.json, constraints.json and baseline.json."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.make_baseline import write_baseline  # noqa: PLC0415 - start-up
        from watchkeeper.settings import MonitorSettings  # noqa: PLC0415

        settings = MonitorSettings.load(config, monitor)
        write_baseline(dataset, folder, output, settings, time_column=time, model=model, ignore=ignore or ())
