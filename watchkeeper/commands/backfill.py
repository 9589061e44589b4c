"""``watchkeeper backfill``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from watchkeeper.exits import HELP
from watchkeeper.options import Config, Json, NoWait, Stack, StateMachine
from watchkeeper.output import reporting


def backfill(
    span: Annotated[str, typer.Argument(help="FROM/TO in UTC: all windows that lie between them.", metavar="FROM/TO")],
    *,
    config: Config = None,
    stack: Stack = None,
    state_machine: StateMachine = None,
    monitor: Annotated[
        list[str] | None, typer.Option("--monitor", help="Monitor to run; may be repeated. Left out: all.")
    ] = None,
    max_concurrency: Annotated[
        int | None, typer.Option("--max-concurrency", min=1, help="Windows at the same time; else as configured.")
    ] = None,
    attempt: Annotated[
        str, typer.Option("--attempt", help="A word: windows that were run under another one are run again.")
    ] = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Run the deployed monitors over windows of the past, the oldest first; none is run twice."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.run_deployed import (  # noqa: PLC0415 - start-up
            BACKFILL,
            find_state_machine,
            parse_span,
            run_backfill,
        )

        window = parse_span(span)
        request: dict[str, Any] = {"from": window.start.isoformat(), "to": window.end.isoformat(), "attempt": attempt}
        request |= {"monitors": monitor} if monitor else {}
        request |= {"max_concurrency": max_concurrency} if max_concurrency else {}
        machine = find_state_machine(BACKFILL, config, stack, state_machine)
        raise typer.Exit(run_backfill(machine, request, output, wait=not no_wait))


backfill.__doc__ = f"{backfill.__doc__}\n\n{HELP}"
