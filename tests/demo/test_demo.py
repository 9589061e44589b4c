"""The demo as a user starts it: two weeks of it, and an early Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "build" / "demo" / "timeline.html"
NODE = ROOT / "node_modules" / ".bin" / "cdk"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not NODE.exists(), reason="the CDK command line is not installed: make setup"),
]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "examples.flights.demo", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_the_fault_is_found_told_and_answered_once() -> None:
    with start("--days", "15") as demo:
        text = demo.communicate()[0]
    assert demo.returncode == 0, text
    assert re.search(r"2013-04-12 00:10  ALARM flights-prod-data-quality-violations", text), text
    assert re.search(r"2013-04-15 00:10  OK    flights-prod-data-quality-violations", text)
    violated = re.findall(r"^  (\d\d Apr)  distance 0\.33\d \(limit 0\.100\)", text, flags=re.MULTILINE)
    assert violated == ["09 Apr", "10 Apr", "11 Apr", "12 Apr"]
    assert "1 incident, 1 execution of the retraining pipeline" in text
    assert "Prepare Succeeded, Train Succeeded, Evaluate Succeeded, IsBetter Succeeded" in text
    assert "flights-prod: retraining ended: challenger rejected: AUC" in text
    assert "the captured data violates its baseline" in text
    page = PAGE.read_text()
    assert len(page.encode()) < 1_000_000
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert all((PAGE.parent / link).is_file() for link in re.findall(r'href="(runs/[^"]+)"', page))


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
