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
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", help="Column that is no feature, such as the label; may be repeated.")
]
