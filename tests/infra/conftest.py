"""One synthesis of every example per process; the tests look at its templates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from infra.app import build
from infra.bundling import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*/monitoring.yaml"))
FLEET = sorted((ROOT / "examples" / "fleet").glob("*.yaml"))
JOBS = Path(__file__).with_name("jobs.yaml")
PEOPLE = Path(__file__).with_name("people.yaml")
CHATS = Path(__file__).with_name("chat-fleet.yaml")
Template = dict[str, Any]
Resources = list[tuple[str, Template]]


def cdk_context() -> dict[str, Any]:
    """The flags of cdk.json; nothing is bundled, the hash of a bundle does not depend on it."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    return {**flags, "aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": False}


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> CloudAssembly:
    app = App(context=cdk_context(), outdir=str(tmp_path_factory.mktemp("cdk.out")))
    build(app, [*EXAMPLES, *FLEET, JOBS, PEOPLE, CHATS])
    return app.synth()


@pytest.fixture(scope="session")
def templates(assembly: CloudAssembly) -> dict[str, Template]:
    """By the endpoint's name, or the fleet's."""
    return {re.sub("Watchkeeper(Fleet)?-", "", stack.stack_name): stack.template for stack in assembly.stacks}


@pytest.fixture(scope="session")
def flights(templates: dict[str, Template]) -> Template:
    return templates["flights-prod"]


@pytest.fixture(scope="session")
def managed(templates: dict[str, Template]) -> Template:
    return templates["churn-managed"]


@pytest.fixture(scope="session")
def four_monitors(templates: dict[str, Template]) -> Template:
    return templates["credit-prod"]


@pytest.fixture(scope="session")
def existing(templates: dict[str, Template]) -> Template:
    return templates["fraud-prod"]


@pytest.fixture(scope="session")
def jobs(templates: dict[str, Template]) -> Template:
    """Every engine of our own runtime."""
    return templates["Jobs-prod"]


@pytest.fixture(scope="session")
def of_type() -> Callable[[Template, str], Resources]:
    def find(template: Template, kind: str) -> Resources:
        return [(name, r) for name, r in template["Resources"].items() if r["Type"] == kind]

    return find


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "monitoring.yaml"
        path.write_text(text)
        return path

    return write
