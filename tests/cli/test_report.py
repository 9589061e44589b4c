from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Cli = Callable[..., subprocess.CompletedProcess[str]]


def test_one_run_gets_its_page(cli: Cli, runs: Path, baseline: Path, tmp_path: Path) -> None:
    done = cli("report", runs / "1", "-b", baseline, "-o", "one.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "one.html").read_text()
    assert "Nothing is violated" in page
    assert page == (runs / "1" / "report.html").read_text()


def test_many_runs_get_a_timeline_that_links_to_each(cli: Cli, runs: Path, tmp_path: Path) -> None:
    done = cli("report", runs, "-o", "many.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "many.html").read_text()
    assert "Violated now; 1 of 3 windows violated" in page
    assert 'href="runs/3/report.html"' in page


def test_markdown_goes_to_standard_output(cli: Cli, runs: Path) -> None:
    done = cli("report", runs / "3", "--markdown")
    assert done.returncode == 0
    assert done.stdout.startswith("### 1 violation\n")
    assert "| Extra columns |" in done.stdout


def test_a_folder_without_runs_is_no_data(cli: Cli, baseline: Path) -> None:
    done = cli("report", baseline)
    assert done.returncode == 3, done.stderr + done.stdout
    assert "none of the folders holds manifest.json or evaluation.json" in done.stderr


def test_a_run_without_a_window_cannot_be_on_a_timeline(cli: Cli, runs: Path) -> None:
    (runs / "2" / "manifest.json").unlink()
    done = cli("report", runs)
    assert done.returncode == 4
    assert "has no manifest.json, so its window is unknown" in done.stderr
