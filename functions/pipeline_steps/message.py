"""Why a step failed, as the job's message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitoring_core.errors import WatchkeeperError

MAX_MESSAGE: Final = 1024
"""Characters that SageMaker shows of it."""


@contextmanager
def explained(message: Path) -> Iterator[None]:
    """Write the reason of an error of ours where SageMaker reads it, and raise it on."""
    try:
        yield
    except WatchkeeperError as error:
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(str(error)[:MAX_MESSAGE])
        raise
