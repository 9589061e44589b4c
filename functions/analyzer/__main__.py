"""``python -m functions.analyzer``: run one analysis as Model Monitor's or Clarify's container does."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from functions.analyzer.analysis import analyse
from functions.analyzer.clarify.job import run
from functions.analyzer.clarify.settings import ClarifySettings, is_clarify_job
from functions.analyzer.settings import Settings
from monitoring_core.errors import WatchkeeperError

FAILED: Final = 255
MAX_MESSAGE_BYTES: Final = 1024
"""What the platform takes as the job's exit message."""

logger = logging.getLogger("watchkeeper.analyzer")


def main(environment: Mapping[str, str]) -> int:
    """Return the exit code: 0 completed, 255 failed; the exit message says which, and why."""
    message_file = Path(environment.get("output_message_file") or Settings.model_fields["output_message_file"].default)
    try:
        if is_clarify_job(environment):
            clarify = ClarifySettings.read(environment)
            message_file = clarify.output_message_file
            message = run(clarify, datetime.now(UTC))
        else:
            settings = Settings.read(environment)
            message_file = settings.output_message_file
            message = analyse(settings, datetime.now(UTC))
    except WatchkeeperError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        _leave(message_file, f"Failed: {error}")
        return FAILED
    except Exception as error:
        logger.exception("the analysis failed")
        _leave(message_file, f"Failed: {type(error).__name__}: {error}")
        return FAILED
    logger.info("%s", message)
    _leave(message_file, message)
    return 0


def _leave(path: Path, message: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")  # no half of a character
    path.write_text(cut, encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    raise SystemExit(main(os.environ))
