"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="Configuration file; says names of columns and limits.")
]
Monitor = Annotated[str | None, typer.Option("--monitor", help="Monitor of the configuration, if it has several.")]
Spec = Annotated[Path | None, typer.Option("--spec", help="Specification of any kind of monitor, as JSON.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", help="Ground truth of captured traffic: files, folders or s3:// URIs; may be repeated."),
]
Format = Annotated[str, typer.Option("--format", help="auto, capture, csv, json, jsonl or parquet.")]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", help="Column that is no feature, such as an id; may be repeated.")
]
Stack = Annotated[str | None, typer.Option("--stack", help="Deployed stack; instead of --config.")]
StateMachine = Annotated[
    str | None, typer.Option("--state-machine", help="ARN of the deployed state machine; instead of --config.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Start it, and do not wait for its end.")]
