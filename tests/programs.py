"""Our programs as processes of their own, forked from one that has their modules loaded.

Loading them takes most of the time of a short run, and what a program does is the same afterwards: it has its own
folder, environment, arguments, output and exit code. What a program loads, and when, is tested elsewhere.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "functions.analyzer.clarify.job",
        "functions.pipeline_steps.evaluate",
        "watchkeeper.cli",
        "watchkeeper.make_baseline",
        "watchkeeper.run_files",
    ]
)
_SECONDS = 120


def run_module(
    module: str, arguments: Sequence[object], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Do what ``python -m module arguments`` does in a folder, without a terminal and with nothing else in `env`."""
    words = [*map(str, arguments)]
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("stdout", "stderr")]
        process = _SERVER.Process(target=_main, args=(module, words, folder, dict(env), files))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired([module, *words], _SECONDS)
        said = [file.read_text() for file in files]
    return subprocess.CompletedProcess([module, *words], process.exitcode, *said)


def _main(module: str, words: list[str], folder: Path, env: Mapping[str, str], files: Sequence[Path]) -> None:
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv[1:] = words
    sys.path.insert(0, str(folder))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
