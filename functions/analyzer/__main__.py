"""``python -m functions.analyzer``: run one analysis as Model Monitor's or Clarify's container does.

With a word after it, as the product's own processing jobs: ``fold`` folds one shard of a planned pass, ``fit`` makes a
baseline of a data set.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from functions.analyzer.analysis import analyse
from functions.analyzer.clarify.job import run
from functions.analyzer.clarify.settings import ClarifySettings, is_clarify_job
from functions.analyzer.job.fitting import fit_baseline
from functions.analyzer.job.folding import fold
from functions.analyzer.job.tree import JobTree
from functions.analyzer.settings import Settings
from functions.common.exit_message import MESSAGE_FILE, answer
from functions.common.privileges import give_up_root
from monitoring_core.errors import ConfigError

_WORDS: Final[Mapping[str, Callable[[JobTree], str]]] = {"fold": fold, "fit": fit_baseline}

logger = logging.getLogger("watchkeeper.analyzer")


def main(environment: Mapping[str, str], words: Sequence[str] = ()) -> int:
    """Return the exit code: 0 completed, 255 failed; the exit message says which, and why."""
    message_file = Path(environment.get("output_message_file") or MESSAGE_FILE)
    root = message_file.parents[1]  # the message is always `output/message` below it
    return answer(message_file, lambda: _do(environment, words, root), logger)


def _do(environment: Mapping[str, str], words: Sequence[str], root: Path) -> str:
    """Do what words or environment ask for; return a sentence about it."""
    if words:
        return _job(words)(JobTree(root))
    if is_clarify_job(environment):
        return run(ClarifySettings.read(environment), datetime.now(UTC))
    return analyse(Settings.read(environment), datetime.now(UTC))


def _job(words: Sequence[str]) -> Callable[[JobTree], str]:
    word = words[0] if len(words) == 1 else ""
    if word not in _WORDS:
        allowed = ", ".join(_WORDS)
        raise ConfigError(f"unknown words on the command line: {' '.join(words)}; allowed: {allowed}, or none")
    return _WORDS[word]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    give_up_root(os.environ)
    raise SystemExit(main(os.environ, sys.argv[1:]))
