"""The job as the platform runs it: the same command on every host, a tree of files, S3 beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from functions.common.clients import client
from functions.common.contract import Manifest, Pass, Runtime
from functions.common.folding import fold_shard, hold_runs
from functions.common.storage import list_objects, read, split_uri, write
from functions.evaluate.partials import read_partials
from functions.evaluate.reading import planned_baseline, stored_sources
from functions.evaluate.reporting import report_run
from monitoring_core.engines.partial import Merged
from tests.spark import traffic

HOSTS = ("127.77.0.1", "127.77.0.2")
"""Two addresses of this machine."""
SECONDS = 240


@pytest.fixture(scope="module")
def day(account: None) -> None:  # noqa: ARG001
    traffic.put_everything()


def _tree(root: Path, planned: Pass, host: str, hosts: Sequence[str]) -> Path:
    """Put what the job's inputs name where the platform puts it."""
    assert planned.job is not None
    assert {item["InputName"] for item in planned.job.inputs} == {"baselines", "pass"}
    for item in planned.job.inputs:
        source = item["S3Input"]
        if source["S3DataType"] == "ManifestFile":
            head, *keys = json.loads(read(source["S3Uri"]))
            found = {key: head["prefix"] + key for key in keys}
        else:
            found = {one.uri.removeprefix(source["S3Uri"]): one.uri for one in list_objects(source["S3Uri"])}
        for key, uri in found.items():
            path = root / Path(source["LocalPath"]).relative_to("/opt/ml") / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(read(uri))
    config = root / "config" / "resourceconfig.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"current_host": host, "hosts": list(hosts)}))
    return root


def _run(planned: Pass, folder: Path, hosts: Sequence[str]) -> list[tuple[int, str]]:
    """Run the job on all its hosts at once; return exit code and exit message of each, and hand over its output."""
    roots = [_tree(folder / host, planned, host, hosts) for host in hosts]
    with ExitStack() as stack:
        jobs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "functions.spark_job"],
                    env={**os.environ, "output_message_file": str(root / "output" / "message")},
                    stderr=subprocess.DEVNULL,
                )
            )
            for root in roots
        ]
        codes = [job.wait(timeout=SECONDS) for job in jobs]
    assert planned.job is not None
    for path in sorted(folder.rglob("*.msgpack")):
        write(planned.job.output + path.name, path.read_bytes())
    messages = [root / "output" / "message" for root in roots]
    return [(code, path.read_text() if path.is_file() else "") for code, path in zip(codes, messages, strict=True)]


def _judged(planned: Pass, folded: Merged) -> dict[str, Manifest]:
    held, failures = hold_runs(planned, planned_baseline)
    assert not failures
    return {name: report_run(one, folded.states[name], folded)[0] for name, one in held.items()}


def test_two_hosts_come_to_the_verdict_of_the_function(day: None, tmp_path: Path) -> None:  # noqa: ARG001
    _, expected_pass = traffic.plan(Runtime.FUNCTION)
    held, _ = hold_runs(expected_pass, planned_baseline)
    first = expected_pass.runs[0]
    expected = _judged(expected_pass, fold_shard(held, first, stored_sources(first)).whole())

    _, planned = traffic.plan(Runtime.SPARK)
    outcomes = _run(planned, tmp_path, HOSTS)
    assert outcomes == [(0, f"Completed: 2 of 2 monitors folded into part-{HOSTS[0]}.msgpack"), (0, "")]
    assert planned.job is not None
    found = _judged(planned, read_partials(planned.job, held))
    assert found.keys() == expected.keys() == {"model-quality", "model-bias"}
    same = {"status", "rows", "quarantined", "labels", "violations", "worst", "baseline_id", "objects", "bytes"}
    for name, manifest in found.items():
        assert manifest.engine == "spark"
        assert manifest.model_dump(include=same) == expected[name].model_dump(include=same)
    assert {manifest.violations for manifest in found.values()} != {0}


def test_an_object_that_cannot_be_read_fails_the_job_with_its_name(day: None, tmp_path: Path) -> None:  # noqa: ARG001
    planned, _ = traffic.plan(Runtime.SPARK)
    archived = f"{planned.runs[0].run.capture_prefix}AllTraffic/2013/04/01/05/30-00-000-a.jsonl"
    bucket, key = split_uri(archived)
    client("s3").put_object(Bucket=bucket, Key=key, Body=b"x", StorageClass="GLACIER")
    try:
        [(code, message)] = _run(planned, tmp_path, ["algo-1"])
    finally:
        client("s3").delete_object(Bucket=bucket, Key=key)
    assert code == 255
    assert message.startswith("Failed: functions.common.storage.StorageError: " + archived)
    assert not list(tmp_path.rglob("*.msgpack"))
