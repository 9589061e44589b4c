"""``python -m benchmarks``: run everything, print a table, write ``results/<date>.json``."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.data import write_capture, write_parquet
from benchmarks.tasks import TASKS

ROWS = 1_000_000
RECORDS = 100_000
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("duckdb", "msgspec", "numpy", "pydantic")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main() -> None:
    """Make the data, run every task in a process of its own, report."""
    with TemporaryDirectory(prefix="benchmark-") as made:
        folder = Path(made)
        (folder / "baseline").mkdir()
        write_parquet(folder / "reference.parquet", ROWS, seed=1)
        write_parquet(folder / "current.parquet", ROWS, seed=2)
        write_capture(folder / "capture.jsonl", RECORDS)
        measured = [_measure(task.__name__, folder) for task in TASKS]
    report = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "versions": {name: version(name) for name in PACKAGES},
        "rows": ROWS,
        "records": RECORDS,
        "tasks": measured,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "speed.json").write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write(_table(measured))


def _measure(task: str, folder: Path) -> dict[str, object]:
    command = [sys.executable, "-c", f"from benchmarks.__main__ import run_task; run_task({task!r}, {str(folder)!r})"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD)  # noqa: S603
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_task(name: str, folder: str) -> None:
    """Run one task in this process and print its measurements as JSON."""
    task = next(task for task in TASKS if task.__name__ == name)
    said = task(Path(folder))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    figures = {
        "task": name,
        "cpu_seconds": round(sum(each.ru_utime + each.ru_stime for each in used), 2),
        "peak_rss_mib": _peak_rss_mib(),
        "result": said,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _peak_rss_mib() -> int:
    """Read this process's own peak; `getrusage` would report that of the process it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def _table(measured: list[dict[str, object]]) -> str:
    lines = [f"{'task':18}{'CPU s':>8}{'RSS MiB':>9}  result"]
    lines += [f"{m['task']:18}{m['cpu_seconds']:>8}{m['peak_rss_mib']:>9}  {m['result']}" for m in measured]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
