"""``python -m functions.analyzer``: run one analysis as Model Monitor's or Clarify's container does.

With the word ``fold`` after it: fold one shard of a planned pass, as the product's own processing jobs do.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from functions.analyzer.analysis import analyse
from functions.analyzer.clarify.job import run
from functions.analyzer.clarify.settings import ClarifySettings, is_clarify_job
from functions.analyzer.job.folding import fold
from functions.analyzer.job.tree import JobTree
from functions.analyzer.settings import Settings
from functions.common.exit_message import FAILED, leave
from monitoring_core.errors import ConfigError, WatchkeeperError

FOLD: Final = "fold"

logger = logging.getLogger("watchkeeper.analyzer")


def main(environment: Mapping[str, str], words: Sequence[str] = ()) -> int:
    """Return the exit code: 0 completed, 255 failed; the exit message says which, and why."""
    message_file = Path(environment.get("output_message_file") or Settings.model_fields["output_message_file"].default)
    try:
        if words:
            message = fold(JobTree(_root(message_file, words)))
        elif is_clarify_job(environment):
            clarify = ClarifySettings.read(environment)
            message_file = clarify.output_message_file
            message = run(clarify, datetime.now(UTC))
        else:
            settings = Settings.read(environment)
            message_file = settings.output_message_file
            message = analyse(settings, datetime.now(UTC))
    except WatchkeeperError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        leave(message_file, f"Failed: {error}")
        return FAILED
    except Exception as error:
        logger.exception("the analysis failed")
        leave(message_file, f"Failed: {type(error).__name__}: {error}")
        return FAILED
    logger.info("%s", message)
    leave(message_file, message)
    return 0


def _root(message_file: Path, words: Sequence[str]) -> Path:
    """Return where the job's files are: the message file is always ``output/message`` below it."""
    if list(words) != [FOLD]:
        raise ConfigError(f"unknown words on the command line: {' '.join(words)}; allowed: {FOLD}, or none")
    return message_file.parents[1]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    raise SystemExit(main(os.environ, sys.argv[1:]))
