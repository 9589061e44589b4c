"""The program ``watchkeeper``."""

from __future__ import annotations

import typer

from watchkeeper.commands.baseline import baseline
from watchkeeper.commands.demo import demo
from watchkeeper.commands.report import report
from watchkeeper.commands.run import run
from watchkeeper.commands.validate import validate
from watchkeeper.exits import HELP

app = typer.Typer(
    name="watchkeeper",
    help=f"Open model monitoring for Amazon SageMaker.\n\n{HELP}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (validate, baseline, run, report):
    app.command()(command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(demo)


def main() -> None:
    """Run the program."""
    app()
