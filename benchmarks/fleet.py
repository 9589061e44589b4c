"""Synthesise a fleet in one go: ``python -m benchmarks.fleet [--endpoints 100]`` writes ``results/fleet.json``.

Every endpoint watches data quality by the hour and prediction drift by the day. Nothing is bundled: the zips are built
once for all stacks, and the hash of a zip does not depend on it.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from benchmarks.report import RESULTS, conditions
from infra.app import build

ROOT = Path(__file__).resolve().parents[1]
RESULT = RESULTS / "fleet.json"
FLEET = "fleet: benchmark\n"
ENDPOINT = """
endpoint: {{ name: endpoint-{number:03}, existing: true }}
fleet: benchmark
capture: {{ destination: s3://captured/data/ }}
schema: {{ outputs: [score], features: [amount, age, distance] }}
baseline: {{ dataset: s3://models/train.csv }}
monitors:
  - {{ kind: data-quality, schedule: hourly }}
  - {{ kind: prediction-drift, schedule: daily }}
"""


def files(folder: Path, endpoints: int) -> list[Path]:
    """Write the files of a fleet; return their paths."""
    texts = {"fleet": FLEET} | {f"endpoint-{n:03}": ENDPOINT.format(number=n) for n in range(endpoints)}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return [folder / f"{name}.yaml" for name in texts]


def synthesise(paths: list[Path], outdir: Path) -> CloudAssembly:
    """Run the app as ``cdk synth`` does, cdk-nag included."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(context={**flags, "aws:cdk:bundling-stacks": []}, outdir=str(outdir))
    build(app, paths)
    return app.synth()


def measure(endpoints: int) -> dict[str, Any]:
    """Synthesise a fleet; return what it took and what came out."""
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), endpoints)
        begin = time.perf_counter()
        stacks = synthesise(paths, Path(folder) / "cdk.out").stacks
        seconds, peak = time.perf_counter() - begin, _peak_memory_mib()
        sizes = {stack.stack_name: len(json.dumps(stack.template)) for stack in stacks}
        counts = {stack.stack_name: len(stack.template["Resources"]) for stack in stacks}
    shared = "WatchkeeperFleet-benchmark"
    return {
        "endpoints": endpoints,
        "seconds": round(seconds, 1),
        "seconds_per_endpoint": round(seconds / endpoints, 2),
        "peak_memory_mib": peak,
        "resources": {"shared": counts.pop(shared), "endpoint": max(counts.values())},
        "template_bytes": {"shared": sizes.pop(shared), "endpoint": max(sizes.values())},
    }


def _peak_memory_mib() -> dict[str, int]:
    """Peaks of Python, and of the Node process in which CDK runs."""
    me = str(os.getpid())
    return {"python": _peak_mib(me), "node": max(map(_peak_mib, _below(me)))}


def _below(process: str) -> list[str]:
    """Return the processes that a process has started, and those that they have."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [*children, *(inner for child in children for inner in _below(child))]


def _peak_mib(process: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=100)
    parser.add_argument("--profile", action="store_true", help="print where the time goes; write nothing")
    options = parser.parse_args()
    if options.profile:
        with cProfile.Profile() as profile:
            measure(options.endpoints)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        return
    measured = measure(options.endpoints)
    found = conditions("aws-cdk-lib", "cdk-nag", "pydantic") | measured
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(RESULT.read_text())


if __name__ == "__main__":
    main()
