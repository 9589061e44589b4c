"""``watchkeeper retrain``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.exits import HELP, Exit
from watchkeeper.options import Json
from watchkeeper.output import Output, reporting


def retrain(
    *,
    config: Annotated[Path, typer.Option("--config", "-c", help="Configuration file of the deployed endpoint.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept with the incident and told to people.")],
    request: Annotated[
        str | None, typer.Option("--request", help="A name for this wish: the same one starts one retraining only.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask for a retraining by hand; only a running one, the month's budget or dry-run mode stand against it."""
    with reporting(as_json=as_json) as output:
        from watchkeeper.deployed import output_of  # noqa: PLC0415 - start-up

        now = datetime.now(UTC)
        asked = {
            "trigger": "manual",
            "id": request or f"{now:%Y%m%dT%H%M%S}",
            "at": now.isoformat(timespec="seconds"),
            "reason": reason,
        }
        function = output_of(f"Watchkeeper-{_name(config)}", "RetrainFunction")
        raise typer.Exit(_tell(output, _invoke(function, asked)))


def _name(config: Path) -> str:
    from infra.config import load_config  # noqa: PLC0415 - start-up

    return load_config(config).name


def _invoke(function: str, asked: dict[str, str]) -> dict[str, Any]:
    from functions.common.clients import client  # noqa: PLC0415 - needs boto3
    from monitoring_core.errors import DataError  # noqa: PLC0415
    from watchkeeper.deployed import aws_explained  # noqa: PLC0415

    with aws_explained(f"function {function}"):
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(asked).encode())
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise DataError(f"the function {function} failed: {payload.get('errorMessage', payload)}; see its log")
    return payload


def _tell(output: Output, answer: dict[str, Any]) -> Exit:
    started = answer["decision"] in {"started", "dry-run"}
    output.result(answer)
    output.say(f"{answer['decision']}: {answer['reason']}", style="green" if started else "yellow")
    output.say(f"incident {answer['incident_id']}")
    return Exit.CLEAN if started else Exit.VIOLATIONS


retrain.__doc__ = f"{retrain.__doc__}\n\n{HELP}"
