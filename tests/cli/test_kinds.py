"""Every kind of monitor from files, said in words, as a specification or as a configuration."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]
DAY = "2013-07-01T00:00:00Z/2013-07-02T00:00:00Z"
QUALITY = ("--kind", "model-quality", "--label", "late", "--probability", "probability")
LABELS = ("--labels", "bad/ground-truth")
MODEL = {"kind": "linear", "features": ["temp", "distance"], "weights": [0.03, 0.0002], "bias": -1.0}
KPI = """
from monitoring_core.checks.evaluation import Bound
from monitoring_core.monitors.kpi import Kpi

def make(least):
    count = lambda batch: {"late": float(batch["late"].numbers.sum())}
    share = lambda sums: {"late_share": sums["late"] / sums.rows}
    return Kpi("business", count, share, {"late_share": Bound(least)})
"""
SPECS: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "texts": ["carrier"]},
    "embedding-drift": {
        "kind": "embedding-drift",
        "vectors": [{"name": "numbers", "columns": ["temp", "distance"]}],
        "segments": ["carrier"],
    },
    "custom": {"kind": "custom", "name": "business", "factory": "kpi:make", "parameters": {"least": 0.1}},
}
CONFIG = """
endpoint: {name: ep, existing: true}
capture: {destination: s3://bucket/capture/}
baseline: {dataset: s3://bucket/train.csv, time_column: time}
schema:
  problem: binary-classification
  outputs: [probability]
  features: [carrier, temp, distance]
  probability: probability
  label: late
monitors:
  - {kind: data-quality, schedule: daily}
  - {kind: model-quality, schedule: daily, segments: [carrier]}
  - {kind: model-bias, schedule: daily, facets: [{column: carrier, equals: [EV]}]}
"""


def learn(cli: Cli, *arguments: str, time: bool = True) -> None:
    done = cli("baseline", "train.csv", "-o", "b", *(("--time", "time") if time else ("--ignore", "time")), *arguments)
    assert done.returncode == 0, done.stderr


def run(cli: Cli, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = cli("run", *arguments, "-b", "b", "--json")
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize(
    ("words", "check_type"),
    [
        (QUALITY, "LessThanThreshold"),
        (
            ("--kind", "model-bias", "--label", "late", "--probability", "probability", "--facet", "carrier=EV"),
            "bias_drift_check",
        ),
        (
            ("--kind", "prediction-drift", "--probability", "probability", "--segment", "carrier"),
            "baseline_drift_check",
        ),
        (("--kind", "data-integrity"), "baseline_drift_check"),
    ],
    ids=lambda words: words[1] if isinstance(words, tuple) else "",
)
def test_a_kind_in_words_passes_good_data_and_finds_the_wrong_carrier(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], check_type: str
) -> None:
    learn(cli, *words)
    assert run(cli, "good.csv")[0] == 0
    code, told = run(cli, "bad.csv", "-o", "out")
    assert code == 1
    assert check_type in {one["constraint_check_type"] for one in told["violations"]}
    assert (told["monitor"], told["rows"]) == (words[1], 1500)
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("packed", [False, True])
def test_a_model_is_explained_from_its_file_or_archive(cli: Cli, tmp_path: Path, packed: bool) -> None:
    model = json.dumps(MODEL).encode()
    (tmp_path / "model.json").write_bytes(model)
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("model.json")
        member.size = len(model)
        archive.addfile(member, io.BytesIO(model))
    file = "model.tar.gz" if packed else "model.json"
    learn(cli, "--kind", "model-explainability", "--model-file", file, "--ignore", "late", "--answer", "probability")
    assert (tmp_path / "b" / "model").read_bytes() == model
    code, told = run(cli, "bad/capture")
    assert (code, told["rows"]) == (0, 1500)


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("kind", SPECS)
def test_the_rarer_kinds_are_given_as_a_specification(cli: Cli, tmp_path: Path, kind: str) -> None:
    (tmp_path / "kpi.py").write_text(KPI)
    (tmp_path / "spec.json").write_text(json.dumps(SPECS[kind]))
    learn(cli, "--spec", "spec.json", time=False)
    code, told = run(cli, "good.csv")
    assert (code, told["outcome"], told["rows"]) == (0, "passed", 1500)


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("monitor", ["data-quality", "model-quality", "model-bias"])
def test_a_monitor_of_the_configuration_runs_on_data_sets_and_traffic(cli: Cli, tmp_path: Path, monitor: str) -> None:
    (tmp_path / "m.yaml").write_text(CONFIG)
    chosen = ("--config", "m.yaml", "--monitor", monitor)
    made = cli("baseline", "train.csv", "-o", "b", *chosen)
    assert made.returncode == 0, made.stderr
    assert "not calibrated" not in made.stdout
    assert run(cli, "good.csv", *chosen)[0] == 0
    labels = () if monitor == "data-quality" else LABELS
    _, told = run(cli, "bad/capture", *labels, *chosen)
    assert told["rows"] == (1350 if labels else 1500)


@pytest.mark.usefixtures("flights")
def test_captured_traffic_meets_its_labels_and_the_coverage_is_told(cli: Cli, tmp_path: Path) -> None:
    learn(cli, *QUALITY)
    done = cli("run", "bad/capture", *LABELS, "-b", "b", "-o", "out", "--window", DAY)
    assert done.returncode == 1, done.stderr
    assert "captured rows are taken as: answer probability; request carrier, temp, distance" in done.stdout
    assert "labels: 1,350 of 1,500 events (90 %)" in done.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["labels"]["events"], manifest["labels"]["matched"]) == (1500, 1350)
    assert manifest["rows"] == 1350


@pytest.mark.usefixtures("flights")
def test_merged_records_and_a_data_set_of_the_same_rows_have_the_same_verdict(cli: Cli, tmp_path: Path) -> None:
    learn(cli, *QUALITY, "--segment", "carrier")
    run(cli, "bad/merged.jsonl", "-o", "merged")
    run(cli, "bad.csv", "-o", "table")
    for name in ("evaluation.json", "statistics.json", "constraint_violations.json", "segments.json"):
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "table" / name).read_bytes()


@pytest.mark.usefixtures("flights")
def test_the_weakest_segment_is_the_wrong_carrier(cli: Cli) -> None:
    learn(cli, *QUALITY, "--segment", "carrier")
    done = cli("run", "bad.csv", "-b", "b")
    lines = done.stdout.splitlines()
    assert lines[lines.index("weakest segments:") + 1].startswith("carrier=EV\ttrue positive rate\t")
    assert run(cli, "bad.csv")[1]["weakest_segments"][0]["segment"] == "carrier=EV"


@pytest.mark.usefixtures("flights")
def test_on_a_terminal_labels_segments_and_progress_are_shown(cli: Cli, tmp_path: Path) -> None:
    learn(cli, *QUALITY, "--segment", "carrier")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        root = str(Path(__file__).parents[2])
        os.environ |= {"PYTHONPATH": root, "TERM": "xterm-256color", "COLUMNS": "120"}
        command = [sys.executable, "-m", "watchkeeper", "run", "bad/capture", *LABELS, "-b", "b"]
        os.execv(sys.executable, command)  # noqa: S606
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    for expected in ("reading labels: 1 file", "weakest segments:", "verdict", "carrier=EV", "90 %"):
        assert expected.encode() in shown


@pytest.mark.usefixtures("flights")
def test_a_baseline_is_made_of_labelled_traffic_too(cli: Cli) -> None:
    done = cli("baseline", "bad/capture", *LABELS, "-o", "b", *QUALITY, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["rows"], told["labels"]["matched"]) == (0, 1350, 1350)


@pytest.mark.usefixtures("flights")
def test_limits_in_the_settings_of_a_baseline_are_changed_by_hand(cli: Cli, tmp_path: Path) -> None:
    learn(cli, *QUALITY)
    file = tmp_path / "b" / "settings.json"
    settings = json.loads(file.read_text())
    settings["spec"]["constraints"] = {"auc": {"at_least": 0.99}}
    file.write_text(json.dumps(settings))
    assert run(cli, "good.csv")[0] == 1
    file.write_text(json.dumps(settings | {"perod": 1}))
    done = cli("run", "good.csv", "-b", "b")
    assert done.returncode == 4
    assert "settings.json cannot be read: perod" in done.stderr


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--kind", "text"), 2, "kind 'text' is not known here; allowed: data-quality"),
        (("--label", "late"), 2, "label: of what kind of monitor? Give it with --kind"),
        (("--kind", "data-integrity", "--label", "late"), 2, "data-integrity does not use label; it takes segments"),
        (("--kind", "model-quality", "--label", "late"), 2, "model-quality needs prediction or probability"),
        (("--kind", "model-quality", "--prediction", "late"), 2, "model-quality needs problem: binary-classification"),
        ((*QUALITY, "--problem", "clustering"), 2, "--problem: 'clustering' is not known; allowed: binary-class"),
        ((*QUALITY, "--model-file", "m.json"), 2, "model-quality asks no model; leave --model-file out"),
        (("--kind", "model-bias", "--label", "late"), 2, "needs label, and at least one facet such as carrier=EV"),
        (("--kind", "model-bias", "--label", "late", "--facet", "a>b"), 2, "facet 'a>b' cannot be read; write COLUMN"),
        (
            ("--kind", "model-explainability"),
            2,
            "model-explainability needs the model; give its file with --model-file",
        ),
        (("--kind", "model-explainability", "--model-file", "train.csv"), 4, "train.csv cannot be read as a model"),
        (("--spec", "wrong.json"), 2, "wrong.json: drfit: Extra inputs are not permitted"),
        (("--spec", "gone.json"), 2, "gone.json: No such file or directory; give a file with JSON"),
        (("--spec", "wrong.json", "--config", "m.yaml"), 2, "--config and --spec both say what to analyse"),
        (("--monitor", "data-quality"), 2, "--monitor names a monitor of a configuration"),
        (("--kind", "model-quality", "--probability", "p", "--label", "late"), 4, "column 'p' not found; available"),
    ],
)
def test_every_mistake_about_a_baseline_has_its_message(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "wrong.json").write_text('{"kind": "text", "texts": ["carrier"], "drfit": {}}')
    done = cli("baseline", "train.csv", "-o", "b", *arguments)
    assert message in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("bad/capture",), 2, "model-quality needs labels, which captured traffic does not have"),
        (("bad.csv", *LABELS), 2, "bad.csv is a data set, which has its labels in it; leave --labels out"),
        (("bad/merged.jsonl", *LABELS), 2, "is a file of merged records, which has its labels in it"),
        (("bad/capture", "--labels", "bad/capture"), 3, "none of the 1,500 events has a label"),
        (("bad/capture", "--labels", "gone"), 4, "gone: no such file or folder"),
    ],
)
def test_every_mistake_about_labels_has_its_message(
    cli: Cli, arguments: tuple[str, ...], code: int, message: str
) -> None:
    learn(cli, *QUALITY)
    done = cli("run", *arguments, "-b", "b")
    assert message in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("flights")
def test_labels_for_a_monitor_that_looks_at_none_are_refused(cli: Cli) -> None:
    learn(cli)
    done = cli("run", "bad/capture", *LABELS, "-b", "b")
    assert done.returncode == 2
    assert "data-quality looks at no labels; leave --labels out" in done.stderr


@pytest.mark.usefixtures("flights")
def test_a_baseline_that_does_not_say_its_kind_asks_for_it(cli: Cli, tmp_path: Path) -> None:
    learn(cli, *QUALITY)
    settings = json.loads((tmp_path / "b" / "settings.json").read_text())
    (tmp_path / "b" / "settings.json").unlink()
    done = cli("run", "good.csv", "-b", "b")
    assert done.returncode == 4
    assert "nothing says how to analyse data with the baseline of monitor 'model-quality'" in done.stderr
    (tmp_path / "spec.json").write_text(json.dumps(settings["spec"]))
    assert run(cli, "good.csv", "--spec", "spec.json")[0] == 0


@pytest.mark.usefixtures("flights")
def test_the_commands_of_the_readme_about_other_kinds_run(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "train.csv").rename(tmp_path / "scored.csv")
    for name in ("capture", "ground-truth"):
        (tmp_path / "bad" / name).rename(tmp_path / name)
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (block,) = re.findall(r"^```sh\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    codes = [cli(*shlex.split(line)[1:]).returncode for line in block.splitlines()]
    assert codes == [0, 1]
