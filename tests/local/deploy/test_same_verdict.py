"""Where a monitor runs makes no difference to what it finds: a month of flights, in five places.

The laptop's command line, the container under Model Monitor's contract and a job on two machines must come to the
evaluation of the Lambda function: the same checks with the same outcomes, whole numbers equal, floats to 1e-9.

Only what a schedule of Model Monitor has found is told by Amazon's own files, and may differ in this: they name the
violations and hold no outcome of a check that has passed, no interval, no row count of a single check, and no share of
values of one type. So violations must be the same, and each number that both have, but for distances that are no
violation: they are in none of the files and estimated from sketches. A baseline of 2,048 rows and more is itself handed
to a job of Model Monitor as a sketch, so that its distances differ by the error of that; the baseline here is smaller.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from monitoring_core.checks.codec import load_evaluation
from monitoring_core.checks.evaluation import Evaluation
from tests.engines.same import close, differences
from tests.local.deploy.deployed import EVERY_RUNTIME
from tests.local.deploy.shown import Shown
from tests.local.deploy.toolkit import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.network]

ENGINES: Final = {
    "quality-function": "function",
    "quality-auto": "processing",
    "quality-managed": "managed",
    "model-function": "function",
    "model-processing": "processing",
    "model-managed": "managed",
}
SAME: Final = {"status", "rows", "quarantined", "violations", "labels", "window", "objects", "bytes"}


@pytest.mark.parametrize(("monitor", "engine"), ENGINES.items())
def test_every_monitor_ran_where_it_should(shown: Shown, monitor: str, engine: str) -> None:
    manifest = shown.manifest(monitor)
    assert (manifest.engine, manifest.status) == (engine, "CompletedWithViolations"), manifest
    assert manifest.rows
    assert manifest.violations


def test_a_job_makes_the_baseline_that_the_function_makes(shown: Shown) -> None:
    by_job, by_function = (shown.baseline_files(monitor) for monitor in ("model-processing", "model-function"))
    assert by_job == by_function
    assert shown.baseline_made("model-processing").startswith("processing, as the configuration says; ")
    assert shown.baseline_made("quality-auto").startswith("function: up to function_bytes (1,048,576); ")


@pytest.mark.parametrize(
    ("place", "as_in"), [("quality-auto", "quality-function"), ("model-processing", "model-function")]
)
def test_a_job_on_two_machines_finds_what_the_function_finds(shown: Shown, place: str, as_in: str) -> None:
    assert differences(shown.evaluation(place), shown.evaluation(as_in)) == []
    ours, theirs = (shown.manifest(one).model_dump(include=SAME) for one in (place, as_in))
    assert ours == theirs


@pytest.mark.parametrize("monitor", ["quality-function", "model-function"])
def test_the_laptop_finds_what_the_function_finds(shown: Shown, monitor: str, tmp_path: Path) -> None:
    baseline = shown.download(shown.baseline(monitor), tmp_path / "baseline")
    labels = ("--labels", shown.folder / "labels") if monitor.startswith("model") else ()
    what = ("--config", EVERY_RUNTIME, "--monitor", monitor, "--window", shown.window)
    done = shown.watchkeeper("run", shown.folder / "capture", *labels, "-b", baseline, *what, "-o", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    found = load_evaluation((tmp_path / "out" / "evaluation.json").read_bytes())
    assert differences(found, shown.evaluation(monitor)) == []


@pytest.mark.parametrize(
    ("managed", "as_in"), [("quality-managed", "quality-function"), ("model-managed", "model-function")]
)
def test_the_container_on_a_job_of_model_monitor_finds_what_the_function_finds(
    shown: Shown, managed: str, as_in: str, tmp_path: Path
) -> None:
    job = shown.job(managed)
    for given in job["ProcessingInputs"]:
        source = given["S3Input"]
        shown.download(source["S3Uri"].removeprefix(f"s3://{shown.bucket}/"), local(tmp_path, source["LocalPath"]))
    environment = {name: str(local(tmp_path, value)) for name, value in job["Environment"].items()}
    message = tmp_path / "message"
    done = subprocess.run(
        [sys.executable, "-m", "functions.analyzer"],
        cwd=ROOT,
        env={**os.environ, **environment, "output_message_file": str(message)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = load_evaluation((Path(environment["output_path"]) / "evaluation.json").read_bytes())
    assert differences(found, shown.evaluation(as_in)) == []
    assert message.read_text() == job["ExitMessage"]


@pytest.mark.parametrize(
    ("managed", "as_in"), [("quality-managed", "quality-function"), ("model-managed", "model-function")]
)
def test_a_schedule_of_model_monitor_finds_the_same_violations(shown: Shown, managed: str, as_in: str) -> None:
    found, expected = shown.evaluation(managed), shown.evaluation(as_in)
    assert found.n == expected.n
    assert violated(found) == violated(expected)
    assert shown.manifest(managed).violations == shown.manifest(as_in).violations
    ours = {(m.metric, m.subject): m.value for m in expected.measurements}
    theirs = {(m.metric, m.subject): m.value for m in found.measurements if not math.isnan(m.value)}
    both = ours.keys() & theirs.keys()
    assert len(both) > len(theirs) / 2
    told = {(check.constraint.metric, check.constraint.subject) for check in found.violations}
    estimated = {key for key in both - told if key[0] == "distance"}
    assert [key for key in both - estimated if not close(ours[key], theirs[key])] == []


@pytest.mark.parametrize("name", ["constraint_violations.json", "statistics.json", "constraints.json"])
def test_a_schedule_of_model_monitor_writes_the_files_of_the_function(shown: Shown, name: str) -> None:
    files = [json.loads(shown.file(monitor, name)) for monitor in ("quality-managed", "quality-function")]
    assert files[0] == files[1]


def violated(evaluation: Evaluation) -> set[tuple[str, object]]:
    """What is violated, by the name that Amazon has for the check."""
    return {(check.constraint.check_type, check.constraint.subject) for check in evaluation.violations}


def local(root: Path, text: str) -> Any:
    """Return a path of the container below a folder; other text as it is."""
    return root / text.removeprefix("/opt/ml/") if text.startswith("/opt/ml/") else text
