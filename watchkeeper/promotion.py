"""Asks the deployed promotion for an earlier model."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from monitoring_core.errors import ConfigError, DataError
from watchkeeper.deployed import aws_explained, output_of
from watchkeeper.exits import Exit
from watchkeeper.output import Output

FUNCTION: Final = "PromoteFunction"


def roll_back(config: Path, version: int | None, reason: str, output: Output) -> Exit:
    """Start a rollback and say what has become of it; the endpoint changes in its own time.

    Raises
    ------
    ConfigError
        If promotion is not configured or not deployed.
    DataError
        If there is nothing to go back to, or AWS refuses.
    """
    from infra.config import load_config  # noqa: PLC0415 - the whole configuration

    loaded = load_config(config)
    if loaded.promotion is None:
        raise ConfigError(f"{config} has no section `promotion`; add it and deploy, or deploy the model you want")
    function = output_of(f"Watchkeeper-{loaded.name}", FUNCTION)
    order = {"trigger": "rollback", "order_id": uuid.uuid4().hex, "to": version, "reason": reason}
    told = _ask(function, order)
    output.say(f"{loaded.name}: {told['status']}{': ' if told['reason'] else ''}{told['reason']}")
    output.say("The endpoint changes in its own time; a message tells its end.")
    output.result(told)
    return Exit.CLEAN if told["status"] != "refused" else Exit.USAGE


def _ask(function: str, order: dict[str, Any]) -> dict[str, str]:
    """Invoke the function; what it refuses is told in its own words."""
    from functions.common.clients import client  # noqa: PLC0415 - needs boto3

    with aws_explained(f"function {function}"):
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(order).encode())
        told: dict[str, str] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise DataError(f"{order['trigger']}: {told.get('errorMessage', told)}")
    return told
