"""The benchmark's page says what was compared, and what could not be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.comparisons import COMPARISONS
from benchmarks.peers import NotInstallableError, Peer
from benchmarks.peers.laps import Laps
from benchmarks.tables import as_markdown
from benchmarks.tasks import TASKS


def report(peers: dict[str, Any]) -> dict[str, Any]:
    phases = {"import": 0.5, "load": 0.25, "work": 0.25}
    tasks = [
        {"task": task.__name__, "phases": phases, "cpu_seconds": 1.0, "peak_rss_mib": 100, "result": "ok"}
        for task in TASKS
    ]
    return {
        "date": "2026-01-01",
        "machine": {"cores": 2, "processor": "x86_64", "load": 0.1},
        "versions": {"numpy": "2"},
        "rows": 1_000_000,
        "records": 100_000,
        "tasks": tasks,
        "peers": {comparison.peer.name: {"skipped": "no wheel"} for comparison in COMPARISONS} | peers,
    }


def test_ratios_count_the_phases_that_both_do() -> None:
    evidently = {"phases": {"import": 9.0, "load": 1.0, "work": 50.0}, "peak_rss_mib": 800, "version": "1.0"}
    (line,) = [row for row in as_markdown(report({"evidently": evidently})).splitlines() if "evidently 1.0" in row]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:] == ["0.50", "100", "evidently 1.0", "50.0", "800", "100.0", "50", "8.0"]


def test_a_peer_that_cannot_be_installed_is_named_with_its_reason() -> None:
    page = as_markdown(report({}))
    assert page.count("skipped (no wheel)") == len(COMPARISONS)


def test_every_task_is_on_the_page() -> None:
    page = as_markdown(report({}))
    assert all(task.__name__.replace("_", " ") in page for task in TASKS)


def test_every_peer_has_its_requirements_pinned() -> None:
    folder = Path(sys.modules[Peer.__module__].__file__ or "").parent
    for comparison in COMPARISONS:
        pinned = (folder / f"{comparison.peer.name}.txt").read_text().splitlines()
        assert all("==" in line for line in pinned)
        assert (folder / f"{comparison.peer.module}.py").is_file()


def test_without_the_installer_a_peer_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.peers.ENVIRONMENTS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstallableError, match="uv is not on the path; run `make bench`"):
        COMPARISONS[0].peer.run(tmp_path)


def test_phases_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    laps = Laps()
    assert laps.lap("import") >= laps.lap("work") >= 0
    laps.report("done")
    assert '"result": "done"' in capsys.readouterr().out
