"""What the documentation says is true: commands run, YAML is valid, links lead somewhere."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import yaml

from functions.retrain.decision import Verdict
from infra.config import load_config, parse_config
from infra.config.monitors import Monitor

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
README = (ROOT / "README.md").read_text()
TRAIN = "age,plan\n" + "".join(f"{20 + i % 50},{'basic' if i % 3 else 'gold'}\n" for i in range(600))
DRIFTED = "age,plan\n" + "".join(f"{60 + i % 50},basic\n" for i in range(600))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_readme_yaml_is_a_valid_configuration(tmp_path: Path) -> None:
    shown = blocks("yaml")
    assert shown
    for i, text in enumerate(shown):
        file = tmp_path / f"{i}.yaml"
        file.write_text(text)
        assert load_config(file).name


def test_the_page_about_monitors_shows_a_valid_configuration_and_names_every_kind() -> None:
    page = (ROOT / "docs/monitors.md").read_text()
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    around = {
        "endpoint": {"name": "flights", "existing": True},
        "capture": {"destination": "s3://captured/data/"},
        "baseline": {"dataset": "s3://flights-data/train/flights.csv"},
    }
    assert len(parse_config(around | yaml.safe_load(shown), "docs/monitors.md").monitors) == 3
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(Monitor)[0])}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE)) == kinds


def test_the_page_about_retraining_shows_a_valid_configuration_and_explains_every_decision() -> None:
    page = (ROOT / "docs/retraining.md").read_text()
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    example = yaml.safe_load((ROOT / "examples/flights/monitoring.yaml").read_text())
    assert parse_config(example | yaml.safe_load(shown), "docs/retraining.md").retraining
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE)) == set(Verdict)


def test_readme_commands_of_the_command_line_run(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "current.csv").write_text(DRIFTED)
    (tmp_path / "monitoring.yaml").write_text(blocks("yaml")[0])
    commands = [line for block in blocks("console") for line in block.splitlines() if line.startswith("watchkeeper ")]
    codes = {}
    for command in commands:
        arguments = [sys.executable, "-m", *shlex.split(command)]
        done = subprocess.run(  # noqa: S603 - commands of the README
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        codes[command.split()[1]] = done.returncode
        assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert codes == {"validate": 0, "baseline": 0, "run": 1}


def test_readme_commands_of_the_deployment_find_their_tools(tmp_path: Path) -> None:
    """`cdk ls` stands in for the commands that need an account: it runs the app on the configuration."""
    config = tmp_path / "monitoring.yaml"
    config.write_text(blocks("yaml")[0])
    (commands,) = [block for block in blocks("console") if "cdk deploy" in block]
    for command in ("bootstrap", "deploy"):
        assert f"cdk {command} -c config=monitoring.yaml" in commands
        commands = commands.replace(f"cdk {command}", "cdk ls")
    script = commands.replace("monitoring.yaml", str(config))
    done = subprocess.run(  # noqa: S603 - commands of the README
        ["/bin/bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Watchkeeper-flights-prod"


def test_make_targets_that_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"\bmake ([a-z]+)\b", page.read_text())}
    # prose such as "make sure" is not a command: only code spans and blocks count
    code = {
        t
        for page in PAGES
        for span in re.findall(r"`{1,3}[^`]*`{1,3}", page.read_text())
        for t in re.findall(r"\bmake ([a-z]+)\b", span)
    }
    assert code <= targets
    assert {"demo", "test"} <= named & targets
