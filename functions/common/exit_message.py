"""The exit message of a container: why its job failed, or what it did."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitoring_core.errors import WatchkeeperError

MESSAGE_FILE: Final = Path("/opt/ml/output/message")
"""Where the platform looks for it, unless the environment names another file."""
FAILED: Final = 255
"""Exit code of a container that failed."""
MAX_MESSAGE_BYTES: Final = 1024
"""What the platform takes as the job's exit message."""


def answer(path: Path, job: Callable[[], str], logger: logging.Logger) -> int:
    """Do a job and leave what it says, if anything, or why it failed; return the exit code."""
    try:
        message = job()
    except WatchkeeperError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        leave(path, f"Failed: {error}")
        return FAILED
    except Exception as error:  # whatever it was: who looks at the job sees the message only
        logger.exception("the job failed")
        leave(path, f"Failed: {type(error).__name__}: {error}")
        return FAILED
    if message:
        logger.info("%s", message)
        leave(path, message)
    return 0


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Leave the reason of an error of ours, and raise it on."""
    try:
        yield
    except WatchkeeperError as error:
        leave(path, str(error))
        raise


def leave(path: Path, message: str) -> None:
    """Write the message where the platform looks for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")  # no half of a character
    path.write_text(cut, encoding="utf-8")
