from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.bundling import ANALYSIS, LIGHT, Bundle, build


@pytest.mark.network
@pytest.mark.parametrize("bundle", [LIGHT, ANALYSIS], ids=lambda bundle: bundle.name)
def test_every_handler_starts_from_its_zip_alone(bundle: Bundle, tmp_path: Path) -> None:
    build(bundle, "x86_64", tmp_path)
    for name in bundle.functions:
        code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from functions.{name}.handler import handler"
        command = [sys.executable, "-I", "-S", "-c", code]  # no packages but the zip's, tracing on
        started = subprocess.run(  # noqa: S603 - our own code
            command, env={"AWS_DEFAULT_REGION": "us-east-1"}, capture_output=True, text=True, check=False
        )
        assert started.returncode == 0, started.stderr
