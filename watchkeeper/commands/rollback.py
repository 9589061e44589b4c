"""``watchkeeper rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.exits import HELP
from watchkeeper.options import Json
from watchkeeper.output import reporting


def rollback(
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file of the endpoint.")],
    *,
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="Version of the model registry. Left out: the model before.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is told to everybody.")] = "",
    as_json: Json = False,
) -> None:
    """Put an earlier model back into service, in the way in which every model comes into service."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.promotion import roll_back  # noqa: PLC0415 - start-up

        raise typer.Exit(roll_back(config, to, reason, output))


rollback.__doc__ = f"{rollback.__doc__}\n\n{HELP}"
