from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]
NOON = "2013-07-01T12:00:00Z"
DAY = "2013-07-01T00:00:00Z/2013-07-02T00:00:00Z"


def test_a_baseline_has_amazons_files_and_ours(cli: Cli, train: Path, tmp_path: Path) -> None:
    done = cli("baseline", train, "-o", "b", "--model", "m-1", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert (told["rows"], told["columns"], told["quarantined"]) == (2000, ["temp", "carrier", "distance"], 0)
    sheet = json.loads((tmp_path / "b" / "baseline.json").read_text())
    assert sheet["model"] == "m-1"
    assert sheet["dataset_sha256"] == hashlib.sha256(train.read_bytes()).hexdigest()
    statistics = json.loads((tmp_path / "b" / "statistics.json").read_text())
    assert statistics["dataset"]["item_count"] == 2000


def test_data_like_the_baseline_is_clean(cli: Cli, baseline: Path, tmp_path: Path, data: Any) -> None:
    data.write_csv(tmp_path / "same.csv", data.rows(900, seed=2))
    done = cli("run", "same.csv", "-b", baseline)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nothing is violated\n")
    assert "\x1b" not in done.stdout + done.stderr


def test_drifted_capture_files_are_violations_and_leave_the_functions_files(
    cli: Cli, baseline: Path, tmp_path: Path, data: Any
) -> None:
    file = tmp_path / "capture" / "ep" / "AllTraffic" / "2013" / "07" / "01" / "12" / "00-00-000-x.jsonl"
    data.write_capture(file, data.rows(900, shift=40), NOON, garbage=100)
    done = cli("run", "capture", "-b", baseline, "-o", "out", "--window", DAY)
    assert done.returncode == 1, done.stderr
    assert "temp\tDistribution drift\t" in done.stdout
    assert "100 records could not be read" in done.stdout
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
        "evaluation.json",
        "quarantine.jsonl",
        "report.html",
        "manifest.json",
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["status"], manifest["rows"], manifest["quarantined"]) == ("CompletedWithViolations", 900, 100)
    assert manifest["worst"][0]["feature"] == "temp"
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    assert manifest["files"] == digests


def test_json_is_the_only_thing_on_standard_output(cli: Cli, baseline: Path, tmp_path: Path, data: Any) -> None:
    data.write_csv(tmp_path / "hot.csv", data.rows(900, shift=40))
    done = cli("run", "hot.csv", "-b", baseline, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr == ""
    assert told["outcome"] == "violated"
    assert told["violations"][0]["constraint_check_type"] == "baseline_drift_check"
    assert told["drift_excess"] > 1


def test_only_the_window_is_judged_and_an_empty_one_is_no_data(
    cli: Cli, baseline: Path, tmp_path: Path, data: Any
) -> None:
    data.write_capture(tmp_path / "a.jsonl", data.rows(900), NOON)
    done = cli("run", "a.jsonl", "-b", baseline, "--window", "2013-08-01T00:00:00Z/2013-08-02T00:00:00Z")
    assert done.returncode == 3
    assert "900 are outside the window" in done.stderr
    assert not (tmp_path / "run").exists()


def test_s3_gives_the_same_files_as_a_folder(
    cli: Cli, baseline: Path, tmp_path: Path, s3: dict[str, str], data: Any
) -> None:
    local = data.write_capture(tmp_path / "c" / "x.jsonl", data.rows(900, shift=40), NOON)
    client = boto3.client("s3")
    client.put_object(Bucket="data", Key="capture/ep/x.jsonl", Body=local.read_bytes())
    client.put_object(Bucket="data", Key="capture/ep-2/x.jsonl", Body=b"{another endpoint's\n")
    for path in baseline.iterdir():
        client.put_object(Bucket="data", Key=f"baseline/{path.name}", Body=path.read_bytes())
    remote = cli("run", "s3://data/capture/ep", "-b", "s3://data/baseline", "-o", "remote", env=s3)
    here = cli("run", "c", "-b", baseline, "-o", "local")
    assert (remote.returncode, here.returncode) == (1, 1), remote.stderr
    for path in (tmp_path / "local").iterdir():
        assert (tmp_path / "remote" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("baseline")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv", "-b", "baseline"], 4, "error: gone.csv: no such file or folder; check the path"),
        (["train.csv", "-b", "gone"], 4, "no baseline: gone: no such file or folder; check the path; make one with"),
        (["train.csv", "-b", "train.csv"], 4, "it needs constraints.json and statistics.json"),
        (["train.csv", "-b", "baseline", "--ignore", "tempp"], 4, "column 'tempp' not found; available columns: temp"),
        (["train.csv", "-b", "baseline", "--window", "today"], 2, "--window: 'today' is not a window; write START/END"),
        (["train.csv", "-b", "baseline", "--format", "xml"], 2, "--format: 'xml' is not known; allowed: auto, capture"),
        (["train.csv", "-b", "baseline", "--config", "gone.yaml"], 2, "gone.yaml: no such file"),
        (["notes.txt", "-b", "baseline"], 4, "cannot tell the format of 'notes.txt'"),
        (["train.csv"], 2, "give DATA and --baseline, or --deployed and --window"),
        (["s3://gone/x", "-b", "baseline"], 4, "s3://gone/x: the bucket does not exist"),
        (["s3://data/none/", "-b", "baseline"], 4, "s3://data/none/: no object there and none below it"),
    ],
)
def test_every_mistake_has_its_message_and_exit_code(
    cli: Cli, tmp_path: Path, s3: dict[str, str], arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = cli("run", *arguments, env=s3)
    assert message in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_changed_baseline_is_refused(cli: Cli, baseline: Path, train: Path) -> None:
    constraints = baseline / "constraints.json"
    constraints.write_text(constraints.read_text().replace("0.1", "0.9", 1))
    done = cli("run", train, "-b", baseline, "--json")
    assert done.returncode == 4
    told = json.loads(done.stdout)["error"]
    assert told["type"] == "BaselineError"
    assert "constraints.json" in told["message"]


def test_names_from_the_data_cannot_write_to_the_terminal(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\x1b[31m\n" + "\n".join(str(i) for i in range(500)))
    (tmp_path / "b.csv").write_text("x\x1b[31m\n" + "\n".join(str(i + 900) for i in range(500)))
    assert cli("baseline", "a.csv", "-o", "b").returncode == 0
    done = cli("run", "b.csv", "-b", "b")
    assert done.returncode == 1
    assert "x?[31m" in done.stdout
    assert "\x1b" not in done.stdout
