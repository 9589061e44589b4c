"""``watchkeeper validate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitoring_core.errors import ConfigError
from watchkeeper.exits import HELP, Exit
from watchkeeper.options import Json
from watchkeeper.output import reporting


def validate(
    files: Annotated[list[Path], typer.Argument(help="Configuration files.", metavar="FILE...")],
    *,
    as_json: Json = False,
) -> None:
    """Check configuration files, without AWS: every error with its place and the fix."""
    with reporting(as_json=as_json) as output:
        from infra.config import load_config  # noqa: PLC0415 - start-up

        errors: list[str] = []
        for file in files:
            try:
                config = load_config(file)
            except ConfigError as error:
                errors += str(error).splitlines()
            else:
                monitors = ", ".join(f"{one.name} ({one.schedule.text})" for one in config.monitors)
                output.say(f"{file}: valid; {config.title}, monitors: {monitors}", style="green")
        for line in errors:
            output.say(line, style="red")
        output.result({"valid": not errors, "errors": errors})
        raise typer.Exit(Exit.USAGE if errors else Exit.CLEAN)


validate.__doc__ = f"{validate.__doc__}\n\n{HELP}"
