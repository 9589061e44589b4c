"""A container that is started as root does its work as somebody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

IMAGE = {"WATCHKEEPER_USER": "10001"}
ROOT = Path(__file__).resolve().parents[2]
WORK = """
import os, sys
from pathlib import Path
from functions.common.privileges import give_up_root

root = Path(sys.argv[1])
give_up_root(os.environ, (root / "processing", root / "output"))
print(os.getuid(), os.getgid(), os.getgroups())
print((root / "processing/input/data.csv").read_text())
(root / "processing/output/part").write_text("made")
(root / "output/message").write_text("Completed")
for forbidden in (lambda: (root / "processing/input/data.csv").write_text("a,b"), lambda: os.setuid(0)):
    try:
        forbidden()
    except PermissionError:
        print("refused")
"""


def work(tree: Path, user: Mapping[str, str] = IMAGE) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", WORK, str(tree)],
        cwd=ROOT,
        env=os.environ | user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def tree() -> Iterator[Path]:
    """What the platform mounts, below a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        root.chmod(0o755)
        for folder in ("processing/input", "processing/output", "output"):
            (root / folder).mkdir(parents=True)
        (root / "processing/input/data.csv").write_text("a,b")
        yield root


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
def test_results_are_written_by_somebody_who_cannot_become_root_again(tree: Path) -> None:
    done = work(tree)
    assert done.stdout.splitlines() == ["10001 10001 []", "a,b", "refused", "refused"]
    assert (tree / "processing/output/part").stat().st_uid == (tree / "output/message").stat().st_uid == 10001


@pytest.mark.parametrize("user", [{}, {"WATCHKEEPER_USER": "0"}])
def test_without_a_user_of_the_image_nothing_changes(tree: Path, user: dict[str, str]) -> None:
    done = work(tree, user)
    assert done.stdout.split()[0] == str(os.geteuid())


@pytest.mark.parametrize("image", ["analyzer", "spark_job"])
def test_an_image_names_the_user_that_it_has(image: str) -> None:
    text = (ROOT / "functions" / image / "Dockerfile").read_text()
    (made,) = re.findall(r"useradd .*--uid (\d+)", text)
    assert re.findall(r"^ENV WATCHKEEPER_USER=(\d+)$", text, re.MULTILINE) == [made]


@pytest.mark.parametrize(
    "entry",
    [
        "analyzer/__main__",
        "spark_job/__main__",
        *(f"pipeline_steps/{step}" for step in ("prepare", "evaluate", "baseline")),
    ],
)
def test_every_entry_point_of_an_image_gives_up_root_first(entry: str) -> None:
    started = (ROOT / "functions" / f"{entry}.py").read_text().partition('if __name__ == "__main__":')[2]
    assert started.index("give_up_root(os.environ)") < started.index("main(")
