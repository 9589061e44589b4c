"""The pipeline's scripts as processes, with the arguments that the committed definition gives them."""

from __future__ import annotations

import csv
import json
import logging
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from functions.common.contract import Manifest
from functions.pipeline_steps.score import scores
from infra.retraining.load import DEFINITION
from tests.programs import run_module

START = datetime(2013, 4, 1, tzinfo=UTC)
BUCKET = "captured"
VALUES = {
    "CapturePrefix": f"s3://{BUCKET}/capture/toy/",
    "ReportsPrefix": "-",
    "MaxAgeDays": "60",
    "Outputs": "score",
    "Label": "y",
    "TimeColumn": "when",
    "WindowEnd": "2013-04-03T00:00:00Z",
    "LabelLagHours": "6",
    "HoldoutShare": "0.25",
    "MinLabelledRows": "20",
    "Problem": "BinaryClassification",
    "Metric": "auc",
    "Prediction": "-",
    "Probability": "score",
    "ProbabilityThreshold": "0.5",
    "PositiveLabel": "-",
    "MinImprovement": "0.0",
    "IncidentId": "flights@2013-04-03",
    "EvidenceUri": "s3://bucket/evidence.json",
    "Reweighing": "-",
    "Baselines": f"s3://{BUCKET}/baselines/toy/",
    "Monitors": "-",
    "MaxBiasIncrease": "-",
    "MinNdcg": "-",
}
TRAINED = ["2013-01-01,0.5,1,,0\n", "2013-01-02,0.5,-1,,1\n"]
INFERENCE = """
def model_fn(folder): return {weight}
def input_fn(body, content_type): return [line.split(",") for line in body.splitlines()]
def predict_fn(rows, weight): return [min(max(weight * float(row[0] or 0) + 0.5, 0), 1) for row in rows]
def output_fn(scores, accept): return "\\n".join(map(str, scores)), accept
"""


def resolve(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Get" in value:
        return VALUES[value["Get"].removeprefix("Parameters.")]
    join = value["Std:Join"]
    return str(join["On"]).join(resolve(part) for part in join["Values"])


def run(step: str, root: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    prepare, usable, _ = json.loads(DEFINITION.read_text())["Steps"]
    steps = [prepare, *usable["Arguments"]["IfSteps"]]
    application = next(s for s in steps if s["Name"] == step)["Arguments"]["AppSpecification"]
    words = [resolve(word) for word in application["ContainerEntrypoint"] + application["ContainerArguments"]]
    for name, value in changed.items():
        words[words.index(f"--{name.replace('_', '-')}") + 1] = value
    words = [word.replace("/opt/ml", str(root)) for word in words[1:]]
    environment = os.environ | {"AWS_ENDPOINT_URL": (root / "endpoint").read_text(), "AWS_DEFAULT_REGION": "us-east-1"}
    environment |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    if words[0] == "-m":
        return run_module(words[1], words[2:], root, environment)
    program = [sys.executable, *words]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def record(hour: int, rows: int) -> tuple[str, str]:
    time = START + timedelta(hours=hour)
    metadata = {"eventId": f"event-{hour}", "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
    body = "\n".join(f"{(hour + i) % 7 - 3},b" for i in range(rows))
    labels = "\n".join(str(int((hour + i) % 7 - 3 > 0)) for i in range(rows))
    side = {"observedContentType": "text/csv", "encoding": "CSV"}
    capture = {
        "captureData": {
            "endpointInput": {**side, "mode": "INPUT", "data": body},
            "endpointOutput": {**side, "mode": "OUTPUT", "data": "\n".join(["0.5"] * rows)},
        },
        "eventMetadata": metadata,
        "eventVersion": "0",
    }
    truth = {
        "groundTruthData": {"data": labels, "encoding": "CSV"},
        "eventMetadata": {"eventId": f"event-{hour}"},
        "eventVersion": "0",
    }
    return json.dumps(capture), json.dumps(truth)


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    access = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    yield boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **access)
    server.stop()


@pytest.fixture
def root(tmp_path: Path, s3: Any) -> Path:
    (tmp_path / "endpoint").write_text(s3.meta.endpoint_url)
    inputs = tmp_path / "processing" / "input"
    captured, labels = zip(*(record(hour, rows=2) for hour in range(48)), strict=True)
    s3.create_bucket(Bucket=BUCKET)
    for hour, line in enumerate(captured):
        key = f"capture/toy/v/{START + timedelta(hours=hour):%Y/%m/%d/%H}/00-00-000-x.jsonl"
        s3.put_object(Bucket=BUCKET, Key=key, Body=line.encode())
    (inputs / "ground-truth/2013/04/02/06").mkdir(parents=True)
    (inputs / "ground-truth/2013/04/02/06/a.jsonl").write_text("\n".join(labels))
    (inputs / "training-data").mkdir()
    (inputs / "training-data" / "t.csv").write_text("when,score,a,b,y\n2013-01-01T00:00:00Z,0.5,1.50,,0\n")
    return tmp_path


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_prepare_joins_cuts_and_keeps_texts(root: Path) -> None:
    result = run("Prepare", root)
    assert result.returncode == 0, result.stderr
    output = root / "processing" / "output"
    assert (output / "train" / "original.csv").read_text() == "a,b,y\n1.50,,0\n"
    recent, labels = rows_of(output / "train" / "recent.csv"), rows_of(output / "holdout" / "labels.csv")
    assert recent[0] == ["a", "b", "y"]
    assert recent[1:3] == [["-3", "b", "0"], ["-2", "b", "0"]]
    # labels are complete six hours later, so the last request used is that of 2 April, 17:00
    assert labels[-1][:2] == ["event-41", "2013-04-02T17:00:00Z"]
    assert len(recent) - 1 + len(labels) - 1 == 2 * 42
    assert len(rows_of(output / "holdout" / "features.csv")) == len(labels) - 1
    report = json.loads((output / "report" / "join.json").read_text())
    assert (report["events"], report["labelled_rows"], report["out_of_window"]) == (42, 84, 6)
    assert (report["objects"], report["objects_too_old"], report["objects_not_captured"]) == (48, 0, 0)
    assert sorted(path.name for path in (output / "code").iterdir()) == ["score.py", "score_models.py"]


def test_prepare_does_not_fetch_what_is_too_old(root: Path) -> None:
    result = run("Prepare", root, max_age_days="1")
    assert result.returncode == 0, result.stderr
    report = json.loads((root / "processing" / "output" / "report" / "join.json").read_text())
    # a day back from 3 April; an object that was begun in the hour before can hold records of the day
    assert (report["from"], report["until"]) == ("2013-04-02T00:00:00Z", "2013-04-02T18:00:00Z")
    assert (report["objects"], report["objects_too_old"]) == (25, 23)
    assert report["labelled_rows"] == 2 * 18


def test_a_start_by_hand_counts_the_age_from_the_newest_object(root: Path) -> None:
    result = run("Prepare", root, max_age_days="1", window_end="9999-12-31T00:00:00Z")
    assert result.returncode == 0, result.stderr
    report = json.loads((root / "processing" / "output" / "report" / "join.json").read_text())
    assert (report["from"], report["labelled_rows"]) == ("2013-04-02T00:00:00Z", 2 * 24)


def found(s3: Any, start: int, hours: int, kind: str, violations: int, run: str = "") -> str:
    """Seal a run over hours of traffic; `run`: folder of one that ends off the full hour."""
    window = {"start": START + timedelta(hours=start), "end": START + timedelta(hours=start + hours)}
    diagnosis = {"kind": kind, "sentence": f"{kind}, as it seems"}
    facts = {"run_id": "r", "endpoint": "toy", "monitor": "m", "schedule": "toy-m", "status": "Completed"}
    manifest = Manifest.model_validate(
        {**facts, "engine": "function", "engine_reason": "", "window": window}
        | {"violations": violations, "diagnosis": diagnosis}
    )
    key = f"reports/toy/toy-m/{window['end']:%Y/%m/%d/%H}/{run}manifest.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body=manifest.model_dump_json().encode())
    return f"s3://{BUCKET}/{key}"


def test_what_a_monitor_found_to_be_faulty_is_neither_trained_nor_compared_on(root: Path, s3: Any) -> None:
    in_training = found(s3, 2, 4, "pipeline-bug", violations=1)
    at_the_end = found(s3, 39, 24, "capture-fault", violations=2, run="30/")
    found(s3, 10, 2, "pipeline-bug", violations=0)
    found(s3, 12, 2, "population-shift", violations=3)
    found(s3, 100, 2, "pipeline-bug", violations=3)
    result = run("Prepare", root, reports=f"s3://{BUCKET}/reports/toy/")
    assert result.returncode == 0, result.stderr
    output = root / "processing" / "output"
    report = json.loads((output / "report" / "join.json").read_text())
    assert report["faults"] == [
        {
            "window": "2013-04-01T02:00:00Z/2013-04-01T06:00:00Z",
            "manifest": in_training,
            "sentence": "pipeline-bug, as it seems",
        },
        {
            "window": "2013-04-02T15:00:00Z/2013-04-03T15:00:00Z",
            "manifest": at_the_end,
            "sentence": "capture-fault, as it seems",
        },
    ]
    assert (report["events"], report["faulty"], report["labelled_events"]) == (42, 4 + 3, 35)
    assert rows_of(output / "holdout" / "labels.csv")[-1][0] == "event-38"
    times = {row[0] for row in rows_of(output / "dataset" / "training.csv")[2:]}
    assert not times & {f"2013-04-01T0{hour}:00:00Z" for hour in range(2, 6)}
    assert {"2013-04-01T01:00:00Z", "2013-04-01T06:00:00Z", "2013-04-01T10:00:00Z"} <= times


def test_prepare_says_why_there_is_too_little(root: Path) -> None:
    result = run("Prepare", root, min_labelled_rows="1000")
    assert result.returncode == 0, result.stderr
    report = json.loads((root / "processing" / "output" / "report" / "join.json").read_text())
    assert (report["usable"], report["labelled_rows"]) == (0, 84)
    span = "from 2013-02-02T00:00:00Z to 2013-04-02T18:00:00Z"
    assert report["reason"].startswith(f"84 rows {span} have labels, 1000 are needed")


def test_the_training_data_is_one_data_set_with_the_times_of_every_row(root: Path) -> None:
    assert run("Prepare", root).returncode == 0
    rows = rows_of(root / "processing" / "output" / "dataset" / "training.csv")
    assert rows[:3] == [
        ["when", "a", "b", "y"],
        ["2013-01-01T00:00:00Z", "1.50", "", "0"],
        ["2013-04-01T00:00:00Z", "-3", "b", "0"],
    ]


def test_rows_are_weighed_by_group_and_label(root: Path) -> None:
    result = run("Prepare", root, reweighing='{"column":"a","greater_than":0}')
    assert result.returncode != 0
    assert "no row of the group others has the label 1, so no weights" in (root / "output" / "message").read_text()
    (root / "processing" / "input" / "training-data" / "t.csv").write_text("when,score,a,b,y\n" + "".join(TRAINED))
    result = run("Prepare", root, reweighing='{"column":"a","greater_than":0}')
    assert result.returncode == 0, result.stderr
    output = root / "processing" / "output"
    (header, *original), recent = (rows_of(output / "train" / f"{name}.csv") for name in ("original", "recent"))
    assert header == recent[0] == ["a", "b", "y", "sample_weight"]
    rows = [(float(a) > 0, label, float(weight)) for a, _, label, weight in [*original, *recent[1:]]]
    total = len(rows)
    for group in (True, False):
        for label in "01":
            cell = [row for row in rows if row[:2] == (group, label)]
            expected = sum(r[0] == group for r in rows) * sum(r[1] == label for r in rows) / total / len(cell)
            assert [row[2] for row in cell] == pytest.approx([expected] * len(cell))
    told = json.loads((output / "report" / "join.json").read_text())["weights"]
    assert sum(one["rows"] for one in told) == total


def test_prepare_names_the_missing_label_column(root: Path) -> None:
    result = run("Prepare", root, label="late")
    assert result.returncode != 0
    assert (
        "column 'late' not found; available columns: when, score, a, b, y" in (root / "output" / "message").read_text()
    )


def archive(folder: Path, weight: float | None) -> None:
    folder.mkdir(parents=True)
    code = folder / "code"
    code.mkdir()
    (code / "inference.py").write_text("" if weight is None else INFERENCE.format(weight=weight))
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(code, "code")


def evaluate(root: Path, champion: float | None, challenger: float | None) -> subprocess.CompletedProcess[str]:
    assert run("Prepare", root).returncode == 0
    inputs = root / "processing" / "input"
    for name in ("holdout", "code", "dataset"):
        (root / "processing" / "output" / name).rename(inputs / name)
    archive(inputs / "champion", champion)
    archive(inputs / "challenger", challenger)
    scored = run("Score", root)
    if scored.returncode:
        return scored
    (root / "processing" / "output" / "scores").rename(inputs / "scores")
    return run("Evaluate", root)


def test_evaluate_compares_the_two_archives(root: Path) -> None:
    result = evaluate(root, champion=-0.1, challenger=0.1)
    assert result.returncode == 0, result.stderr
    evaluation = json.loads((root / "processing" / "output" / "evaluation" / "evaluation.json").read_text())
    assert (evaluation["champion"]["auc"], evaluation["challenger"]["auc"]) == (0.0, 1.0)
    assert evaluation["improvement"]["lower"] == 1.0
    assert evaluation["incident_id"] == "flights@2013-04-03"
    assert evaluation["rows"] == len((root / "processing/input/holdout/features.csv").read_text().splitlines())


def test_evaluate_says_what_an_archive_lacks(root: Path) -> None:
    result = evaluate(root, champion=0.1, challenger=None)
    assert result.returncode != 0
    message = (root / "output" / "message").read_text()
    assert message.startswith("the challenger cannot score (exit code 1): ...")
    assert message.endswith("AttributeError: code/inference.py does not define model_fn(model_dir); comparing needs it")


DEFAULTS = """
class Model:
    def predict(self, data):
        return 0.1 * data[:, 0] + 0.5

def model_fn(folder): return Model()
"""
BOOSTER = """
import numpy, xgboost
def model_fn(folder):
    rows = numpy.array([[float(a), 0.0] for a in range(-3, 4)] * 30)
    return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(rows, label=rows[:, 0] > 0), 5)
"""


@pytest.mark.parametrize("script", [DEFAULTS, BOOSTER], ids=["an array is predicted", "a booster gets a matrix"])
def test_what_a_script_leaves_out_is_done_as_the_images_do(script: str, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(script)
    low, high = (float(line) for line in scores(tmp_path, ["-3,1", "3,"]))
    assert low < 0.5 < high
