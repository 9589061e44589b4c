"""The demo as a user starts it: nine days of it, all of it, and an early Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from examples.flights.runtimes import Runtime, configuration
from infra.config import load_config
from localaws.account import PERMISSIONS_FILE
from tests.local.permissions.book import check

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "build" / "demo"
MONITORS = ("data-quality", "model-quality", "model-bias", "model-explainability")
NODE = ROOT / "node_modules" / ".bin" / "cdk"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not NODE.exists(), reason="the CDK command line is not installed: make setup"),
]


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "examples.flights.demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_the_first_drift_is_told_and_answered_once(tmp_path: Path) -> None:
    permissions = tmp_path / "permissions.json"
    with start("--days", "9", **{PERMISSIONS_FILE: str(permissions)}) as demo:
        text = demo.communicate()[0]
    assert demo.returncode == 0, text
    the_drift_is_found_and_the_model_judged_on_late_labels(text)
    attribution_is_told(text, weeks=1)
    every_incident_is_answered_once(text)
    the_messages_name_the_monitor(text)
    the_pages_are_complete_and_self_contained()
    check("demo", json.loads(permissions.read_text()))


def the_drift_is_found_and_the_model_judged_on_late_labels(text: str) -> None:
    assert re.search(r"2013-05-19 00:10  ALARM flights-prod-data-quality-violations", text), text
    assert re.search(r"^  16 May - 21 May  temp 0\.9\d\d \(limit 0\.905\); dewp", text, flags=re.MULTILINE)
    runs = re.search(r"model-quality: (\d+) daily runs on labels of the next morning \((\d+) of (\d+) calls", text)
    assert runs, text
    assert int(runs[1]) == 8  # the last day's labels are not in yet
    assert runs[2] == runs[3]
    weeks = re.findall(r"week of \d\d May  AUC 0\.[5-8]\d\d \(worst day 0\.\d{3}\) .* violated  (.+)", text)
    assert weeks == ["the first model"] * 2
    assert re.search(r"weakest segment: origin=(EWR|JFK|LGA);", text)
    assert re.search(r"farthest below its limit: origin=\w+ on \d\d May", text)


def bias_is_told(text: str) -> None:
    assert re.search(r"model-bias: \d weekly runs", text), text
    for metric in ("DPL", "DI", "RD", "DAR", "AD"):
        assert re.search(rf"^  {metric} +baseline +-?\d+\.\d{{3}}  weeks ", text, flags=re.MULTILINE), metric


def attribution_is_told(text: str, weeks: int) -> None:
    assert re.search(rf"model-explainability: {weeks} weekly runs?, 0 with violations", text), text
    assert re.search(r"NDCG (0\.9\d\d|1\.000) to (0\.9\d\d|1\.000) \(limit 0\.900\)", text)


def every_incident_is_answered_once(text: str) -> None:
    incidents, executions = map(int, re.findall(r"(\d+) incidents?, (\d+) executions? of the retraining", text)[0])
    decisions = re.findall(r"^  \d\d May  flights-prod-[\w-]+-violations: (.+)$", text, flags=re.MULTILINE)
    assert len(decisions) == incidents == 2
    assert sorted(decisions) == ["cooldown", "started"]  # data and quality ring in the same night
    assert executions == 1
    assert "Evaluate Succeeded, IsBetter Succeeded" in text
    assert "flights-prod: retraining ended: challenger rejected: AUC" in text


def the_messages_name_the_monitor(text: str) -> None:
    assert re.search(r"ALARM flights-prod data-quality: \d violations?, worst temp 0\.9\d+ \(limit 0\.905\)", text), (
        text
    )
    assert re.search(r"ALARM flights-prod model-quality: \d+ violations?, worst \w+", text)


def the_pages_are_complete_and_self_contained() -> None:
    assert re.findall(r'href="([^"]+)/timeline.html"', (PAGES / "index.html").read_text()) == list(MONITORS)
    for page in PAGES.rglob("*.html"):
        text = page.read_text()
        assert len(text.encode()) < 1_000_000, page
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), page
        assert all((page.parent / link).is_file() for link in re.findall(r'href="(runs/[^"]+)"', text)), page


@pytest.mark.long
def test_the_whole_demo_closes_the_loop_and_vetoes_what_training_cannot_mend(tmp_path: Path) -> None:
    permissions = tmp_path / "permissions.json"
    with start(**{PERMISSIONS_FILE: str(permissions)}) as demo:
        text = demo.communicate()[0]
    assert demo.returncode == 0, text
    a_better_model_comes_into_service(text)
    the_broken_join_is_vetoed_and_mended(text)
    bias_is_told(text)
    attribution_is_told(text, weeks=4)
    check("the whole demo", json.loads(permissions.read_text()))


def a_better_model_comes_into_service(text: str) -> None:
    in_this_order(
        text,
        "ALARM flights-prod-data-quality-violations",
        "retraining started",
        "retraining ended: registered as version 1, waiting for approval",
        "version 1 approved by a person",
        "canary: a tenth of the traffic",
        "all of the traffic",
        "version 1 is in service",
        "OK    flights-prod-data-quality-violations",
        "new baselines in force: data-quality, model-quality, model-bias, model-explainability",
        "champion in SSM: arn:aws:sagemaker:us-east-1:123456789012:model-package/flights-prod/1 since 2013-",
    )


def the_broken_join_is_vetoed_and_mended(text: str) -> None:
    after = text[text.index("version 1 is in service") :]
    in_this_order(
        after,
        "OK    flights-prod-data-quality-violations",
        "ALARM flights-prod-data-quality-violations",
        "no retraining: it would not help",
        "OK    flights-prod-data-quality-violations",
        "the veto, in full:",
        "pipeline bug: humid: 100.0% of its values are missing",
        "mend the data where they are made",
    )
    assert re.search(r"^  08 Jun  flights-prod-data-quality-violations: vetoed$", text, flags=re.MULTILINE)
    assert "100.0% of its values are missing" in (PAGES / "index.html").read_text()


def in_this_order(text: str, *lines: str) -> None:
    """Check that lines follow each other, whatever is between them."""
    at = 0
    for line in lines:
        at = text.find(line, at)
        assert at >= 0, f"{line!r} is missing after what comes before it:\n{text}"
        at += len(line)


@pytest.mark.parametrize(("runtime", "engines"), [("processing", ["processing"] * 4), ("managed", ["managed"] * 2)])
def test_the_configuration_of_another_runtime_moves_the_monitors_there(runtime: str, engines: list[str]) -> None:
    config = load_config(configuration(Runtime(runtime)))
    assert [monitor.runtime for monitor in config.monitors][: len(engines)] == engines
    assert config.retraining == load_config(configuration(Runtime.FUNCTION)).retraining


@pytest.mark.long
def test_model_monitor_finds_the_drift_and_has_the_model_retrained() -> None:
    with start("--days", "8", "--runtime", "managed") as demo:
        text = demo.communicate()[0]
    assert demo.returncode == 0, text
    assert re.search(r"2013-05-19 00:00  ALARM flights-prod-data-quality-violations", text), text
    assert re.search(r"^  16 May - \d\d May  temp 0\.9\d\d \(limit 0\.9\d\d\)", text, flags=re.MULTILINE)
    assert re.search(r"1 execution of the retraining pipeline", text)
    assert "Evaluate Succeeded, IsBetter Succeeded" in text


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_ctrl_c_leaves_nothing_behind_and_a_second_start_works() -> None:
    for _ in range(2):
        with start("--days", "1") as demo:
            assert demo.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:(\d+)", demo.stdout.readline())
            assert url is not None
            while not any("cdk" in command for command in descendants(demo.pid).values()):
                assert demo.poll() is None, "the CDK command line was never started"
            started = descendants(demo.pid)
            assert any("localaws" in command for command in started.values())
            demo.send_signal(signal.SIGINT)
            text = demo.communicate(timeout=60)[0]
        assert demo.returncode == 130, text
        assert "interrupted; the account is gone" in text
        left = processes()
        assert {pid: command for pid, command in started.items() if left.get(pid, (0, ""))[1] == command} == {}
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url[1]))) != 0


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process that runs."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it has ended meanwhile
            continue
        if state != "Z":
            found[int(folder.name)] = int(parent), command
    return found


def descendants(pid: int) -> dict[int, str]:
    """Command lines of the children of a process, and of theirs, in whatever session or process group."""
    running = processes()
    children = [child for child, (parent, _) in running.items() if parent == pid]
    below = {child: running[child][1] for child in children}
    for child in children:
        below |= descendants(child)
    return below
