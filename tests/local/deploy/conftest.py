"""One deployment of all examples, with the real CDK command line, for every test of this folder."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from localaws.account import LocalAccount
from tests.engines.month import training_set
from tests.local.deploy.deployed import CONFIGS, FILES, STACKS, Deployment, physical_ids
from tests.local.deploy.shown import Shown, show
from tests.local.deploy.sources import TRAINING_START, put_sources
from tests.local.deploy.toolkit import CDK, ROOT, cdk

ANALYZER = [sys.executable, "-m", "functions.analyzer"]
IMAGES = {"sagemaker-model-monitor-analyzer$": ANALYZER, "every-runtime.*@sha256:": ANALYZER}
DEPLOYED_AT = TRAINING_START + timedelta(days=90, hours=20)
QUIET = timedelta(hours=1)
"""No stack here runs its monitors more often; what the loops do every quarter of an hour would only take time."""


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    if not CDK.exists() or shutil.which("node") is None:
        pytest.skip("the CDK CLI is not installed: run npm ci")
    assembly = tmp_path_factory.mktemp("cdk") / "cdk.out"
    with LocalAccount(start=DEPLOYED_AT, images=IMAGES, schedules_rest=QUIET) as account:
        for config in CONFIGS:
            put_sources(account, config)
        account.client("s3").put_object(Bucket="every-runtime-models", Key="train.csv", Body=training_set())
        files = ",".join(str(path.relative_to(ROOT)) for path in FILES)
        cdk(account, "synth", "--quiet", "--output", str(assembly), "-c", f"config={files}")
        cdk(account, "bootstrap", f"aws://{account.account_id}/{account.region}", "--app", str(assembly))
        cdk(account, "deploy", "--all", "--require-approval=never", "--method=direct", "--app", str(assembly))
        templates = {name: json.loads((assembly / f"{name}.template.json").read_text()) for name in STACKS}
        yield Deployment(account, assembly, templates, {name: physical_ids(account, name) for name in STACKS})
        assert account.failures() == []


@pytest.fixture(scope="session")
def shown(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A month of flights, seen by the monitors of every runtime."""
    return show(deployment, tmp_path_factory.mktemp("month"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the folder in one process, and let what destroys the deployment come last."""
    own = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in own:
        item.add_marker(pytest.mark.xdist_group("deployment"))
    positions = [index for index, item in enumerate(items) if item in own]
    for index, item in zip(positions, sorted(own, key=lambda item: item.path.name == "test_destroy.py"), strict=True):
        items[index] = item
