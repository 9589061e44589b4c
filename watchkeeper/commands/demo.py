"""``watchkeeper demo``."""

from __future__ import annotations

from importlib import import_module

import typer

from monitoring_core.errors import ConfigError
from watchkeeper.output import reporting


def demo(context: typer.Context) -> None:
    """Show everything on this machine: an endpoint is deployed, drifts, raises an alarm and starts a retraining.

    Options are those of `python -m examples.flights.demo`; `--days N` replays N days, `--keep` leaves the account up,
    `--runtime function|processing|managed` says where the monitors run.
    """
    with reporting(as_json=False):
        try:
            main = import_module("examples.flights.demo").main
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("examples"):
                raise ConfigError(f"the demo needs {error.name}; install everything with `make setup`") from error
            raise ConfigError("the demo needs a clone of the repository; clone it and run `make demo` there") from error
        raise typer.Exit(main(context.args))
