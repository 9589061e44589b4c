"""Waiting within a Lambda function's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from aws_lambda_powertools.utilities.typing import LambdaContext

Wait = Callable[[], bool]
"""Waits a little; False when the time is out."""

PAUSE_SECONDS: Final = 5
ANSWER_MILLISECONDS: Final = 30_000
"""Time that is kept for the answer; without one the stack would wait for an hour."""


def waiting(context: LambdaContext) -> Wait:
    """Return a wait that leaves the function time to answer."""

    def wait() -> bool:
        if context.get_remaining_time_in_millis() < ANSWER_MILLISECONDS + PAUSE_SECONDS * 1000:
            return False
        time.sleep(PAUSE_SECONDS)
        return True

    return wait
