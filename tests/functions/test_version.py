from __future__ import annotations

import tomllib
from pathlib import Path

from monitoring_core.version import VERSION


def test_the_version_in_reports_is_the_packages() -> None:
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
