"""``python -m benchmarks.spark``: fold the same captured data in one process and on Spark with one and two cores.

Run it in Spark's environment, see `make spark`. It writes ``results/spark.json`` and ``.md``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.data import FEATURES, write_capture
from benchmarks.report import conditions, in_words, write
from functions.common.contract import Engine, Pass, Plan, PlannedRun, RunSpec
from functions.common.folding import fold_shard, hold_runs
from functions.common.rows import Sources
from functions.common.storage import StoredObject
from functions.spark_job.cluster import ALONE, Hosts
from functions.spark_job.folding import Work, fold_pass
from functions.spark_job.objects import Objects, open_object
from functions.spark_job.session import open_session
from monitoring_core.artifacts import make_baseline
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import read_capture
from monitoring_core.spec import DataQualitySpec, SchemaSpec
from monitoring_core.window import Window

RECORDS: Final = 50_000
"""Of one object."""
OBJECTS: Final = 24
TASK_BYTES: Final = 64 << 20
"""Smaller than in production, so that the tasks of a small window even out."""
ROUNDS: Final = 2
"""Each way is measured so often, in turn; the fastest counts."""
WAYS: Final = ("one process", "local[1]", "local[2]")
WINDOW: Final = Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))
COLUMNS: Final = SchemaSpec(outputs=("p",), features=FEATURES)


def main() -> None:
    """Make the data, measure every way in a process of its own, report."""
    with TemporaryDirectory(prefix="benchmark-") as made:
        folder = Path(made)
        first = folder / "00-00-000-0.jsonl"
        write_capture(first, RECORDS)
        for number in range(1, OBJECTS):
            os.link(first, folder / f"00-00-000-{number}.jsonl")
        size = first.stat().st_size * OBJECTS
        rounds = [{way: _apart(way, folder) for way in WAYS} for _ in range(ROUNDS)]
    best = {way: min((one[way] for one in rounds), key=lambda found: found["seconds"]) for way in WAYS}
    report = {
        **conditions("numpy", "pyarrow", "pyspark"),
        "bytes": size,
        "records": RECORDS * OBJECTS,
        "ways": {
            way: found | {"mb_per_second": round(size / found["seconds"] / 1e6, 1)} for way, found in best.items()
        },
    }
    write("spark", report, as_markdown(report))


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as a page."""
    lines = [
        "# Folding on Spark",
        "",
        in_words(report),
        f"{report['records']:,} captured records of 20 numbers, {report['bytes'] / 1e6:,.0f} MB in {OBJECTS} objects; "
        "data quality, read from the local disk. The fastest of "
        f"{ROUNDS} runs each, taken in turn; start (session, processes, imports, a first small fold) is apart.",
        "",
        "| engine | fold, s | MB/s | start, s | tasks |",
        "| --- | --- | --- | --- | --- |",
    ]
    for way, found in report["ways"].items():
        lines.append(
            f"| {way} | {found['seconds']} | {found['mb_per_second']} | {found['start_seconds']} | {found['tasks']} |"
        )
    return "\n".join(lines) + "\n"


def _apart(way: str, folder: Path) -> dict[str, Any]:
    sys.stderr.write(f"{way} ...\n")
    command = [sys.executable, "-m", "benchmarks.spark", way, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(way: str, folder: Path) -> dict[str, Any]:
    """Fold everything one way, and return how long it took."""
    own = [StoredObject(path.as_uri(), path.stat().st_size) for path in sorted(folder.iterdir())]
    planned, baseline = _pass(), _baseline(own[0].uri)
    if way == WAYS[0]:
        held, _ = hold_runs(planned, lambda _: baseline)
        start = time.perf_counter()
        shard = fold_shard(held, planned.runs[0], Sources(own=(open_object(item.uri) for item in own), near=()))
        seconds = time.perf_counter() - start
        if shard.failures:
            raise RuntimeError(f"nothing was measured: {shard.failures}")
        return {"seconds": round(seconds, 1), "start_seconds": 0, "tasks": 1}
    objects = Objects(own, ())
    opened = time.perf_counter()
    work = Work("benchmark", planned, {"data-quality": baseline}, ())
    with open_session(Hosts(ALONE, (ALONE,)), way) as session:
        fold_pass(session, work, Objects(own[:4], ()), task_bytes=1)  # starts Python, imports, compiles
        start = time.perf_counter()
        fold_pass(session, work, objects, task_bytes=TASK_BYTES)
        seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "start_seconds": round(start - opened, 1),
        "tasks": len(objects.tasks(TASK_BYTES)),
    }


def _pass() -> Pass:
    run = RunSpec(
        endpoint="benchmark",
        monitor="data-quality",
        schedule="benchmark-data-quality",
        bucket="none",
        capture_prefix="s3://none/capture/",
        period_seconds=86_400,
        spec=DataQualitySpec(columns=COLUMNS),
    )
    plan = Plan(
        run_id=run.run_id(WINDOW),
        window=WINDOW,
        engine=Engine.SPARK,
        engine_reason="",
        objects=OBJECTS,
        bytes=0,
        report_prefix=run.report_prefix(WINDOW),
    )
    return Pass(id="benchmark", engine=Engine.SPARK, engine_reason="", runs=(PlannedRun(run=run, plan=plan),))


def _baseline(uri: str) -> BaselineFiles:
    return make_baseline(
        DataQualitySpec(columns=COLUMNS),
        read_capture([open_object(uri)], COLUMNS),
        model="m",
        dataset=uri,
        dataset_sha256="0",
        created_at=WINDOW.start,
    )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        sys.stdout.write(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))) + "\n")
