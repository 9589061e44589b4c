"""Runs the analyzer as the platform does: as a process of its own, told everything through its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.programs import run_module

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "conformance"


@dataclass(frozen=True)
class Run:
    exit_code: int
    message: str
    output: Path
    metrics: Path
    log: str

    def json(self, name: str) -> Any:
        return json.loads((self.output / name).read_bytes())

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.output.iterdir()} if self.output.exists() else set()

    @property
    def violations(self) -> set[tuple[str, str, str]]:
        """As a set: Amazon's order is that of a hash map."""
        return {
            (entry["feature_name"], entry["constraint_check_type"], entry["description"])
            for entry in self.json("constraint_violations.json")["violations"]
        }


Analyze = Callable[..., Run]


@pytest.fixture
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the conformance corpus is not beside this repository (../shared/conformance)")
    return CORPUS


@pytest.fixture
def analyze(tmp_path: Path) -> Analyze:
    """Run ``python -m functions.analyzer`` with these variables; parity with Amazon unless compat is None."""
    runs = iter(range(100))

    def run(*, compat: str | None = "aws", **variables: object) -> Run:
        place = tmp_path / f"run{next(runs)}"
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "output_path": str(place / "output"),
            "output_message_file": str(place / "message"),
            "cloudwatch_metrics_directory": str(place / "metrics"),
            "publish_cloudwatch_metrics": "Disabled",
            **({"watchkeeper_compat": compat} if compat else {}),
            **{name: str(value) for name, value in variables.items() if value is not None},
        }
        done = run_module("functions.analyzer", (), tmp_path, environment)
        message = (place / "message").read_text() if (place / "message").exists() else ""
        return Run(done.returncode, message, place / "output", place / "metrics", done.stderr)

    return run
