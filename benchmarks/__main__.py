"""``python -m benchmarks [name ...]``: run what is named; or all, and write ``results/speed.json`` and ``.md``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.comparisons import COMPARISONS
from benchmarks.data import write_capture, write_decisions, write_parquet
from benchmarks.peers import NotInstallableError, Peer
from benchmarks.peers.laps import Laps
from benchmarks.report import conditions, write
from benchmarks.tables import as_markdown
from benchmarks.tasks import TASKS

ROWS = 1_000_000
RECORDS = 100_000
PACKAGES = ("duckdb", "msgspec", "numpy", "pydantic")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main(named: list[str]) -> None:
    """Make the data, run every task and peer in a process of its own, report."""
    peers = list(dict.fromkeys(comparison.peer for comparison in COMPARISONS))
    with TemporaryDirectory(prefix="benchmark-") as made:
        folder = Path(made)
        _write_data(folder)
        if named:
            found = [_measure(task.__name__, folder) for task in TASKS if task.__name__ in named]
            found += [_measure_peer(peer, folder) for peer in peers if peer.name in named]
            sys.stdout.write(json.dumps(found, indent=2) + "\n")
            return
        report: dict[str, Any] = {
            **conditions(*PACKAGES),
            "rows": ROWS,
            "records": RECORDS,
            "tasks": [_measure(task.__name__, folder) for task in TASKS],
            "peers": {peer.name: _measure_peer(peer, folder) for peer in peers},
        }
    write("speed", report, as_markdown(report))


def _write_data(folder: Path) -> None:
    (folder / "baseline").mkdir()
    write_parquet(folder / "reference.parquet", ROWS, seed=1)
    write_parquet(folder / "current.parquet", ROWS, seed=2)
    write_parquet(folder / "large.parquet", 10 * ROWS, seed=4)
    write_decisions(folder / "decisions.parquet", ROWS)
    write_capture(folder / "capture.jsonl", RECORDS)


def _measure(task: str, folder: Path) -> dict[str, Any]:
    _say(task)
    command = [sys.executable, "-c", f"from benchmarks.__main__ import run_task; run_task({task!r}, {str(folder)!r})"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD)  # noqa: S603
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"task": task} | figures


def _measure_peer(peer: Peer, folder: Path) -> dict[str, Any]:
    _say(peer.package)
    try:
        return peer.run(folder)
    except NotInstallableError as error:
        return {"skipped": str(error)}


def run_task(name: str, folder: str) -> None:
    """Run one task in this process and print its measurements as JSON."""
    task = next(task for task in TASKS if task.__name__ == name)
    laps = Laps()
    laps.report(task(Path(folder), laps))


def _say(what: str) -> None:
    sys.stderr.write(f"{what} ...\n")


if __name__ == "__main__":
    main(sys.argv[1:])
