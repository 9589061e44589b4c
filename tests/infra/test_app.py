"""From `-c config=...` to stacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import build, config_paths
from infra.bundling import ROOT
from monitoring_core.errors import ConfigError

from .conftest import EXAMPLES, cdk_context


def test_paths_and_patterns_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    every = config_paths("examples/*/monitoring.yaml")
    assert [path.resolve() for path in every] == EXAMPLES
    assert config_paths(f"{EXAMPLES[0]}, examples/flights/monitoring.yaml") == [
        EXAMPLES[0],
        Path("examples/flights/monitoring.yaml"),
    ]


@pytest.mark.parametrize("context", [None, "", "  "])
def test_without_files_the_app_says_how_to_name_them(context: str | None) -> None:
    with pytest.raises(ConfigError, match=r"-c config="):
        config_paths(context)


def test_a_pattern_without_a_match_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no file matches 'nowhere/\*\.yaml'"):
        config_paths("nowhere/*.yaml")


FRAUD = ROOT / "examples" / "existing-endpoint" / "monitoring.yaml"


def test_two_files_of_one_endpoint_are_refused() -> None:
    with pytest.raises(ConfigError, match="several files describe the same endpoint: fraud-prod"):
        build(App(context=cdk_context()), [FRAUD, FRAUD])


def test_two_names_that_differ_in_case_only_are_one_endpoint(tmp_path: Path) -> None:
    other = tmp_path / "monitoring.yaml"
    other.write_text(FRAUD.read_text().replace("fraud-prod", "Fraud-Prod"))
    with pytest.raises(ConfigError, match="several files describe the same endpoint: fraud-prod"):
        build(App(context=cdk_context()), [FRAUD, other])


def test_app_py_ends_with_the_message_and_without_a_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "CDK_CONTEXT_JSON": '{"config": "nowhere.yaml"}', "CDK_OUTDIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "no file matches 'nowhere.yaml'" in result.stderr
    assert "Traceback" not in result.stderr


def test_app_py_is_short() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 25


@pytest.mark.parametrize(
    ("module", "never"), [("infra.config", "aws_cdk"), ("infra.app", "boto3"), ("infra.app", "sagemaker")]
)
def test_a_module_stays_light(module: str, never: str) -> None:
    code = f"import sys, {module}; sys.exit({never!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0  # noqa: S603 - fixed arguments
