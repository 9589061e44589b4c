from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.common import clients
from functions.common.baselines import BaselineStore, Pointer
from monitoring_core.artifacts import make_baseline
from monitoring_core.baseline_files import load_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.spec import DataQualitySpec
from watchkeeper.baselines import Baseline
from watchkeeper.settings import MonitorSettings

Cli = Callable[..., subprocess.CompletedProcess[str]]
PREFIX = "s3://data/baselines/churn-prod/data-quality/"
CONFIG = """
endpoint: { name: churn-prod, existing: true }
capture: { destination: s3://churn-monitoring/datacapture/ }
baseline: { dataset: s3://churn-monitoring/train.csv }
monitors:
  - kind: data-quality
    runtime: function
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, made_baseline: Path) -> Path:
    """Folder ``first`` and, of warmer days with a new carrier and gaps, ``second``."""
    folder = tmp_path_factory.mktemp("pair")
    header, *rows = made_baseline.with_name("train.csv").read_text().splitlines()
    changed = []
    for i, row in enumerate(rows):
        temp, carrier, distance = row.split(",")
        changed.append(f"{float(temp) + 20:.1f},{'WN' if i % 4 == 0 else carrier},{'' if i % 10 == 0 else distance}")
    made = make_baseline(
        DataQualitySpec(),
        read_dataset(Source("second.csv", "\n".join([header, *changed]).encode())),
        model="",
        dataset="second.csv",
        dataset_sha256="",
        created_at=datetime(2024, 5, 1, tzinfo=UTC),
    )
    Baseline(made, MonitorSettings()).write(folder / "second")
    (folder / "first").symlink_to(made_baseline)
    return folder


def test_the_usage_without_a_name_makes_a_baseline(made_baseline: Path) -> None:
    assert (made_baseline / "baseline.json").is_file()


def test_show_tells_every_feature_and_its_limits(cli: Cli, pair: Path) -> None:
    done = cli("baseline", "show", pair / "first", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["features"]
    assert list(said) == ["temp", "carrier", "distance"]
    assert said["carrier"]["values"] == ["B6", "EV", "UA"]
    assert said["temp"]["minimum"] < said["temp"]["25 %"] < said["temp"]["median"] < said["temp"]["maximum"]
    assert "completeness 1" in cli("baseline", "show", pair / "first").stdout


def test_a_baseline_does_not_differ_from_itself(cli: Cli, pair: Path) -> None:
    done = cli("baseline", "diff", pair / "first", pair / "first")
    assert done.returncode == 0
    assert "say the same" in done.stdout


def test_diff_tells_what_changed_by_feature(cli: Cli, pair: Path) -> None:
    done = cli("baseline", "diff", pair / "first", pair / "second", "--json")
    assert done.returncode == 1
    found = {(one["feature"], one["what"]): one for one in json.loads(done.stdout)["changes"]}
    assert found["carrier", "values"]["after"] == ["B6", "EV", "UA", "WN"]
    assert found["distance", "completeness"]["before"] > found["distance", "completeness"]["after"]
    assert found["temp", "median"]["after"] == pytest.approx(found["temp", "median"]["before"] + 20)
    assert ("temp", "type") not in found


def test_baselines_of_the_other_kinds_are_compared_by_metric(cli: Cli, flights: Any) -> None:
    words = ("--label", "late", "--probability", "probability")
    for name in ("good", "bad"):
        quality = cli("baseline", f"{name}.csv", "-o", f"q-{name}", "--kind", "model-quality", *words)
        assert quality.returncode == 0, quality.stderr
        bias = cli(
            "baseline", f"{name}.csv", "-o", f"b-{name}", "--kind", "model-bias", "--facet", "carrier=EV", *words
        )
        assert bias.returncode == 0, bias.stderr
    assert flights
    quality = cli("baseline", "diff", "q-good", "q-bad", "--json")
    assert "auc" in {one["feature"] for one in json.loads(quality.stdout)["changes"]}
    bias = cli("baseline", "diff", "b-good", "b-bad", "--json")
    assert "DPPL" in {one["what"] for one in json.loads(bias.stdout)["changes"]}


def test_a_missing_baseline_is_an_error(cli: Cli) -> None:
    done = cli("baseline", "show", "nowhere")
    assert done.returncode == 4
    assert "no baseline" in done.stderr


@pytest.fixture
def deployed(pair: Path, s3: dict[str, str], tmp_path: Path) -> tuple[str, str]:
    """Two baselines in the bucket of a stack, the first in force; return their ids."""
    clients.client.cache_clear()
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"BucketName": {"Value": "data"}},
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="Watchkeeper-churn-prod", TemplateBody=json.dumps(template))
    (tmp_path / "monitoring.yaml").write_text(CONFIG)
    store, ids = BaselineStore(PREFIX), []
    for name in ("first", "second"):
        files = {path.name: path.read_bytes() for path in (pair / name).iterdir() if path.name != "settings.json"}
        baseline = load_baseline(files)
        store.save(baseline)
        ids.append(baseline.baseline_id)
    store.move(Pointer(baseline_id=ids[0], model="", moved_at=datetime(2024, 5, 1, tzinfo=UTC)))
    assert s3
    return ids[0], ids[1]


def test_use_moves_the_pointer_and_keeps_why(
    cli: Cli, deployed: tuple[str, str], s3: dict[str, str], request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(boto3.client("cloudformation").delete_stack, StackName="Watchkeeper-churn-prod"))
    first, second = deployed
    run = partial(cli, env=s3)
    compared = run("baseline", "diff", first, second, "-c", "monitoring.yaml")
    assert compared.returncode == 1, compared.stderr
    done = run("baseline", "use", second, "-c", "monitoring.yaml", "--reason", "spring timetable")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"data-quality: {first} -> {second}"
    store = BaselineStore(PREFIX)
    pointer = store.pointer()
    assert pointer is not None
    assert pointer.baseline_id == second
    assert [(move.previous, move.baseline_id, move.reason) for move in store.moves()] == [
        (None, first, "deployment"),
        (first, second, "spring timetable"),
    ]
    registered = json.loads(run("baseline", "registry", "-c", "monitoring.yaml").stdout)
    assert registered["ModelDataQuality"]["Constraints"]["S3Uri"] == f"{PREFIX}{second}/constraints.json"
    unknown = run("baseline", "use", "0" * 16, "-c", "monitoring.yaml", "--reason", "none")
    assert unknown.returncode == 4
    assert store.pointer() == pointer


def test_what_is_not_deployed_is_a_usage_error(cli: Cli, s3: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(CONFIG.replace("churn-prod", "never-deployed"))
    done = cli("baseline", "use", "0" * 16, "-c", "monitoring.yaml", "--reason", "x", env=s3)
    assert done.returncode == 2
    assert "is not deployed" in done.stderr
