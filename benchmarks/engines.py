"""``python -m benchmarks.engines``: what a window costs the engine `function`, which the limits of `auto` rest on.

Every line is a process of its own on one processor, as Lambda gives it with 1,769 MiB. It writes ``results/engines.*``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.data import FEATURES, write_capture
from benchmarks.report import conditions, in_words, write
from infra.config.runtime import AutoRuntime, FunctionRuntime
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Batch, GroundTruth, Quarantine, Source, read_capture, read_labelled
from monitoring_core.engines.local import fold_all
from monitoring_core.kinds import Against, fold_of
from monitoring_core.spec import DataQualitySpec, ModelQualitySpec, MonitorSpec, PredictionDriftSpec, SchemaSpec

RECORDS: Final = 100_000
"""Of one object."""
OBJECTS: Final = (1, 4, 8)
COLUMNS: Final = SchemaSpec(outputs=("p",), features=FEATURES)
LABELLED: Final = SchemaSpec(outputs=("p",), features=FEATURES, label="y")
PASSES: Final[dict[str, tuple[MonitorSpec, ...]]] = {
    "data quality": (DataQualitySpec(columns=COLUMNS),),
    "data quality and prediction drift": (DataQualitySpec(columns=COLUMNS), PredictionDriftSpec(columns=COLUMNS)),
    "model quality, all labelled": (
        ModelQualitySpec(
            problem_type="BinaryClassification",
            columns=LABELLED,
            probability_attribute="p",
        ),
    ),
}


def main() -> None:
    """Make the data, measure every pass in a process of its own, report."""
    with TemporaryDirectory(prefix="benchmark-") as made:
        path = Path(made) / "capture.jsonl"
        write_capture(path, RECORDS)
        lines = [_apart(name, count, path) for name in PASSES for count in OBJECTS]
        size = path.stat().st_size
    function, auto = FunctionRuntime(), AutoRuntime()
    report = {
        **conditions("numpy", "msgspec"),
        "object_bytes": size,
        "limits": {
            "size": auto.function_max.size,
            "rows": auto.function_max.rows,
            "memory_mib": function.memory_mib,
            "timeout_seconds": function.timeout_seconds,
        },
        "lines": lines,
    }
    write("engines", report, as_markdown(report))


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as a page."""
    limits = report["limits"]
    lines = [
        "# The engine `function`",
        "",
        in_words(report),
        f"Captured records of 20 numbers, {RECORDS:,} and {report['object_bytes'] / 1e6:,.0f} MB an object, from the "
        "local disk; folded and concluded. Processor seconds and largest resident memory of the process, imports "
        "included; the last column is what a window of the limit would take, in seconds.",
        "",
        f"Limit of `auto`: {limits['size'] / 2**30:g} GiB, {limits['rows']:,} rows; a function has "
        f"{limits['memory_mib']:,} MiB and {limits['timeout_seconds']} seconds.",
        "",
        "| pass | records | CPU s | MB/s | RSS MiB | s at the limit |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in report["lines"]:
        n_bytes = report["object_bytes"] * line["objects"]
        rate = n_bytes / line["seconds"]
        at_limit = min(limits["size"], limits["rows"] * n_bytes / line["records"]) / rate
        lines.append(
            f"| {line['pass']} | {line['records']:,} | {line['seconds']} | {rate / 1e6:.0f} | {line['rss_mib']} | "
            f"{at_limit:.0f} |"
        )
    return "\n".join(lines) + "\n"


def measure(name: str, count: int, path: Path) -> dict[str, Any]:
    """Fold one pass over the same object, several times, and return what it took."""
    specs = PASSES[name]
    labels = GroundTruth({f"00000000-0000-4000-8000-{i:012}": (str(i % 2),) for i in range(RECORDS)})

    def rows(sources: int) -> Iterator[Batch]:
        given = (Source(path.as_uri(), path.read_bytes()) for _ in range(sources))
        if specs[0].columns.label is None:
            return read_capture(given, COLUMNS, None, Quarantine())
        return read_labelled(given, labels, LABELLED, None, Quarantine())[0]

    then = datetime(2013, 4, 1, tzinfo=UTC)
    made = partial(make_baseline, model="m", dataset="d", dataset_sha256="0" * 64, created_at=then)
    folds = {spec.name: fold_of(spec, Against(made(spec, rows(1)).files)) for spec in specs}
    before = time.process_time()
    states = fold_all(folds, rows(count))
    for key, fold in folds.items():
        fold.conclude(states[key])
    return {
        "pass": name,
        "objects": count,
        "records": RECORDS * count,
        "seconds": round(time.process_time() - before, 2),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _apart(name: str, count: int, path: Path) -> dict[str, Any]:
    sys.stderr.write(f"{name}, {count} objects ...\n")
    command = [sys.executable, "-m", "benchmarks.engines", name, str(count), str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {0})
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))  # noqa: T201
    else:
        main()
