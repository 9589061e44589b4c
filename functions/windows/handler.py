"""Lambda handler: a span of time becomes the executions that fill it."""

from __future__ import annotations

import json
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.contract import WindowsInput, WindowsOutput
from functions.windows.listing import list_windows
from monitoring_core.errors import ConfigError

MAX_BYTES: Final = 240 * 1024
"""Step Functions hands on at most 256 KiB."""

logger = Logger(service="windows")
tracer = Tracer(service="windows")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """List the windows of a backfill, each with the execution that runs it."""
    asked = WindowsInput.model_validate(event)
    windows = list_windows(asked.runs, asked.request)
    limit = asked.request.max_concurrency or asked.max_concurrency
    answer = WindowsOutput(windows=tuple(windows), max_concurrency=limit).model_dump(mode="json", exclude_defaults=True)
    size = len(json.dumps(answer))
    if size > MAX_BYTES:
        fitting = len(windows) * MAX_BYTES // size
        until = str(windows[fitting - 1].input.window).partition("/")[2]
        raise ConfigError(
            f"{len(windows):,} windows are more than one backfill can hold, which is {fitting:,}; "
            f'give "to" as {until}, then start another one for the rest'
        )
    logger.info("listed", extra={"windows": len(windows), "max_concurrency": limit})
    return answer
