"""The analyzer's entry point with nothing but what its image holds: the locked packages and our own, and no network."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.analyzer.__main__ import main
from functions.common.contract import RunSpec
from infra.bundling import ANALYSIS, ANALYZER, ROOT, build, build_context

from .job_tree import mount
from .test_shared_pass import passes, runs, traffic

__all__ = ["runs", "traffic"]

START = """
import runpy, socket, sys
def refuse(*_): raise OSError("the job runs without a network")
socket.socket.connect = refuse
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("functions.analyzer", run_name="__main__", alter_sys=True)
"""


def test_the_image_installs_what_the_bundle_of_the_analysis_is_made_of() -> None:
    (sync,) = re.findall(r"^RUN uv sync (.*)$", (ROOT / ANALYZER).read_text(), re.MULTILINE)
    assert sync == "--frozen --no-dev --no-install-project --extra functions"
    assert not ANALYSIS.without


@pytest.mark.network
@pytest.mark.skipif(platform.machine() != "x86_64", reason="runs packages for x86_64")
def test_the_fold_runs_with_only_what_the_image_holds(
    runs: list[RunSpec],
    traffic: None,  # noqa: ARG001
    context: Any,
    tmp_path: Path,
) -> None:
    image, root, here = tmp_path / "image", tmp_path / "opt" / "ml", tmp_path / "here" / "ml"
    build(ANALYSIS, "x86_64", image)
    build_context(image)
    engines = {"engines": ["function", "processing"], "limits": {"function_bytes": 1}}
    first, *_ = passes(runs, context, **engines)
    mount(first["job"]["inputs"], root)
    shutil.copytree(root, here)
    assert main({"output_message_file": str(here / "output" / "message")}, ["fold"]) == 0

    started = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-S", "-B", "-c", START, str(image), "fold"],
        env={"output_message_file": str(root / "output" / "message")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    assert (root / "output" / "message").read_text().startswith("Completed: 2 of 2 monitors folded")
    made, expected = (found / "processing" / "output" / "part-algo-1.msgpack" for found in (root, here))
    assert made.read_bytes() == expected.read_bytes()
