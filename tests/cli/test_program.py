from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]
FLIGHTS = REPOSITORY / "examples" / "flights" / "monitoring.yaml"


def on_a_terminal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the program with a terminal for standard output and error."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ |= {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color", "COLUMNS": "120"}
        os.execv(sys.executable, [sys.executable, "-m", "watchkeeper", *arguments])  # noqa: S606
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        if not part:
            break
        shown += part
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_help_names_every_command_and_exit_code(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    words = " ".join(done.stdout.split())
    for expected in ("validate", "baseline", "run", "report", "demo", "1 violations", "3 no data to judge"):
        assert expected in words


@pytest.mark.parametrize("command", ["validate", "doctor", "baseline", "run", "job", "report", "import", "demo"])
def test_every_command_explains_itself(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, watchkeeper.cli;"
        "print(sorted({'numpy', 'duckdb', 'pydantic', 'boto3', 'yaml', 'jinja2', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_an_unknown_command_is_a_usage_error(cli: Cli) -> None:
    done = cli("wach")
    assert done.returncode == 2
    assert "No such command 'wach'" in done.stderr


def test_on_a_terminal_there_is_colour_and_a_table(tmp_path: Path, train: Path, baseline: Path) -> None:
    header, *lines = train.read_text().splitlines()
    hot = "\n".join([header, *(f"9{line}" for line in lines)])
    (tmp_path / "hot.csv").write_text(hot)
    code, shown = on_a_terminal(tmp_path, "run", "hot.csv", "-b", str(baseline))
    assert code == 1
    assert "\x1b[1;31m" in shown
    assert "measured" in shown
    code, shown = on_a_terminal(tmp_path, "run", train.name, "-b", str(baseline), "--json")
    assert code == 0
    assert json.loads(shown)["outcome"] == "passed"


@pytest.mark.skipif(not FLIGHTS.is_file(), reason="the flights example is not in this distribution")
def test_a_valid_configuration(cli: Cli) -> None:
    done = cli("validate", FLIGHTS)
    assert done.returncode == 0, done.stdout
    assert "valid; endpoint flights-prod, monitors: data-quality (daily)" in done.stdout
    assert json.loads(cli("validate", FLIGHTS, "--json").stdout) == {"valid": True, "errors": []}


def test_a_broken_configuration_is_told_with_file_path_and_fix(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(
        "endpoint: {name: ep, existing: true}\ncapture: {destination: s3://bucket/capture/}\nbaseline: {dataset: s3://bucket/train.csv}\n"
        "monitors:\n  - {kind: data-quality, scedule: daily}\n"
    )
    done = cli("validate", "broken.yaml", "gone.yaml")
    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first.startswith("broken.yaml: monitors")
    assert "did you mean 'schedule'?" in first
    assert second.startswith("gone.yaml: no such file")
    told = json.loads(cli("validate", "broken.yaml", "--json").stdout)
    assert told["valid"] is False
    assert len(told["errors"]) == 1


def test_a_configuration_names_the_columns_and_the_endpoint(cli: Cli, tmp_path: Path, train: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "endpoint: {name: ep, existing: true}\ncapture: {destination: s3://bucket/capture/}\nbaseline: {dataset: s3://bucket/train.csv}\n"
        "schema: {features: [temp, distance]}\nmonitors:\n  - {kind: data-quality}\n"
    )
    made = cli("baseline", train, "-o", "b", "--config", "m.yaml", "--json")
    assert made.returncode == 0, made.stderr
    learned = json.loads((tmp_path / "b" / "constraints.json").read_text())["features"]
    assert [feature["name"] for feature in learned] == ["temp", "distance"]
    (tmp_path / "m2.yaml").write_text((tmp_path / "m.yaml").read_text().replace("[temp,", "[temperature,"))
    wrong = cli("baseline", train, "-o", "b2", "--config", "m2.yaml")
    assert wrong.returncode == 4
    assert "column 'temperature' not found; available columns: temp, carrier, distance" in wrong.stderr


def test_the_demo_takes_its_own_options(cli: Cli) -> None:
    done = cli("demo", "--dayz", "3")
    assert done.returncode == 2
    assert "--dayz" in done.stderr


def test_the_demo_outside_of_the_repository_says_what_it_needs() -> None:
    code = (
        "import sys; sys.modules['examples'] = None; sys.argv = ['watchkeeper', 'demo'];"
        "from watchkeeper.cli import main; main()"
    )
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert "error: the demo needs a clone of the repository" in done.stderr
