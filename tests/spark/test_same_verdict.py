"""Spark finds in a month of flights what the Lambda function finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession

from functions.common.baselines import BaselineStore, Pointer
from functions.common.clients import client
from functions.common.contract import Pass, PlanInput, RunSpec
from functions.common.folding import Held, fold_shard, hold_runs
from functions.evaluate.reading import planned_baseline, stored_sources
from functions.plan.planning import plan_passes
from functions.spark_job.folding import Work, fold_pass
from functions.spark_job.objects import Objects
from infra.config import load_config
from monitoring_core.artifacts import conclude_window, make_baseline
from monitoring_core.dataset import Source, read_dataset
from monitoring_core.engines.partial import merge_partials
from monitoring_core.spec import MonitorSpec
from tests.engines.month import month, training_set
from tests.engines.same import differences

BUCKET = "month-bucket"
DAY = datetime(2013, 4, 1, tzinfo=UTC)
CONFIG = "tests/local/deploy/every-runtime.yaml"
MONITORS = ("quality-function", "model-function")
TASK_BYTES = 100_000
"""The month takes 1.7 MB: some twenty tasks."""


def _run(name: str, spec: MonitorSpec, *, labelled: bool) -> RunSpec:
    labels = {"ground_truth_prefixes": (f"s3://{BUCKET}/labels/",)} if labelled else {}
    return RunSpec.model_validate(
        {
            "endpoint": "ep",
            "monitor": name,
            "schedule": f"ep-{name}",
            "bucket": BUCKET,
            "capture_prefix": f"s3://{BUCKET}/capture/ep/",
            "period_seconds": 86_400,
            "spec": spec,
            **labels,
        }
    )


def _put_baseline(run: RunSpec) -> None:
    made = make_baseline(
        run.spec,
        read_dataset(Source("train.csv", training_set())),
        model="m",
        dataset="train.csv",
        dataset_sha256="0",
        created_at=DAY,
    )
    store = BaselineStore(run.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="m", moved_at=DAY))


@pytest.fixture(scope="module")
def passes(account: None) -> dict[str, Pass]:  # noqa: ARG001
    """Plan the day into which the month was put, for each monitor of the configuration that every runtime is shown."""
    s3, traffic, config = client("s3"), month(DAY), load_config(CONFIG)
    s3.create_bucket(Bucket=BUCKET)
    for prefix, objects in (("capture/ep/", traffic.captured), ("labels/", traffic.labels)):
        for key, body in objects.items():
            s3.put_object(Bucket=BUCKET, Key=f"{prefix}{key}", Body=body)
    runs = {
        monitor.name: _run(monitor.name, monitor.spec(config.data_schema), labelled=monitor.needs_labels)
        for monitor in config.monitors
        if monitor.name in MONITORS
    }
    for run in runs.values():
        _put_baseline(run)
    window = f"{DAY:%Y-%m-%dT%H:%M:%SZ}/{DAY + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    asked = {"runs": runs, "request": {"window": window}, "engines": ("function",)}
    planned = plan_passes(PlanInput.model_validate(asked))
    return {one.runs[0].run.monitor: one for one in planned}


@pytest.mark.parametrize("monitor", MONITORS)
def test_spark_finds_what_the_function_finds(spark: SparkSession, passes: dict[str, Pass], monitor: str) -> None:
    planned = passes[monitor]
    held = _held(planned)
    folds = {name: one.fold for name, one in held.items()}
    expected = fold_shard(held, planned.runs[0], stored_sources(planned.runs[0])).whole()
    objects = Objects.of(planned.runs[0])
    work = Work(planned.id, planned, {name: one.baseline for name, one in held.items()}, objects.labels)
    found = merge_partials(folds, [fold_pass(spark, work, objects, task_bytes=TASK_BYTES)])
    ours, theirs = (conclude_window(folds[monitor], it.states[monitor]).evaluation for it in (found, expected))
    assert ours.n > 20_000
    assert ours.violations
    assert differences(ours, theirs) == []
    assert (found.labels, found.quarantine.count) == (expected.labels, expected.quarantine.count)


def _held(planned: Pass) -> dict[str, Held]:
    held, failures = hold_runs(planned, planned_baseline)
    assert not failures
    return held
