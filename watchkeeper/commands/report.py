"""``watchkeeper report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.options import Json
from watchkeeper.output import reporting


def report(
    runs: Annotated[
        list[str],
        typer.Argument(help="Folders or s3:// URIs of runs, or of many runs below them.", metavar="RUN_DIR..."),
    ],
    *,
    page: Annotated[Path, typer.Option("--output", "-o", help="Page to write.")] = Path("report.html"),
    baseline: Annotated[str | None, typer.Option("--baseline", "-b", help="Baseline to draw beside one run.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print one run as Markdown instead.")] = False,
    as_json: Json = False,
) -> None:
    """Make a page of finished runs: the details of one, or many over time."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.make_report import write_report  # noqa: PLC0415 - start-up

        write_report(runs, page, baseline, output, markdown=markdown)
