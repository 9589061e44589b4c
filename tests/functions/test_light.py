from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "plan",
        "publish",
        "notify",
        "retrain",
        "promote",
        "champion",
        "card",
        "empty_bucket",
        "forward",
        "ledger",
        "image_build",
        "model_monitor",
        "windows",
    ],
)
def test_a_light_function_runs_without_the_packages_of_the_analysis(name: str) -> None:
    blocked = "; ".join(f"sys.modules[{package!r}] = None" for package in ("numpy", "duckdb", "msgspec", "jinja2"))
    code = f"import sys; {blocked}; from functions.{name}.handler import handler; assert callable(handler)"
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603 - our own code
