"""The same data in one process and in tasks of Spark, of any size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from functions.common.contract import Pass, Runtime
from functions.common.folding import Held, fold_shard, hold_runs
from functions.common.storage import StoredObject
from functions.evaluate.reading import planned_baseline, stored_sources
from functions.spark_job.folding import Work, fold_pass
from functions.spark_job.objects import Objects
from monitoring_core.artifacts import conclude_window
from monitoring_core.engines.partial import Merged, Partial, merge_partials
from tests.spark import traffic

QUALITY, LABELLED = 0, 1
"""The passes of a day."""


@pytest.fixture(scope="module")
def passes(account: None) -> tuple[Pass, ...]:  # noqa: ARG001
    traffic.put_everything()
    return traffic.plan(Runtime.SPARK)


def _held(planned: Pass) -> dict[str, Held]:
    held, failures = hold_runs(planned, planned_baseline)
    assert not failures
    return held


def _locally(planned: Pass) -> Merged:
    return fold_shard(_held(planned), planned.runs[0], stored_sources(planned.runs[0])).whole()


def _on_spark(spark: SparkSession, planned: Pass, objects: Objects, task_bytes: int) -> Partial:
    baselines = {name: one.baseline for name, one in _held(planned).items()}
    work = Work(f"{planned.id}-{len(objects.own)}", planned, baselines, objects.labels)
    return fold_pass(spark, work, objects, task_bytes=task_bytes)


def _close(one: Any, other: Any) -> bool:
    """Whether two decoded states are equal: integers exactly, floats up to the order of their additions.

    Keys may come in another order, and so may what is listed by key and the sample in a sketch of quantiles.
    """
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
        case list(), list() if one and isinstance(one[0], list | float):
            return len(one) == len(other) and all(map(_close, sorted(one, key=repr), sorted(other, key=repr)))
        case list(), list():
            return len(one) == len(other) and all(map(_close, one, other))
        case float(), float():
            return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
        case _:
            return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize(("index", "task_bytes"), [(QUALITY, 60_000), (LABELLED, 60_000), (LABELLED, 1)])
def test_states_are_those_of_one_process(
    spark: SparkSession, passes: tuple[Pass, ...], index: int, task_bytes: int
) -> None:
    planned, held = passes[index], _held(passes[index])
    objects, expected = Objects.of(planned.runs[0]), _locally(planned)
    found = _on_spark(spark, planned, objects, task_bytes)
    assert found.states.keys() == held.keys()
    for name, body in found.states.items():
        whole = held[name].fold.dump(expected.states[name])
        same = _close(msgspec.msgpack.decode(body), msgspec.msgpack.decode(whole))
        assert same, name
    merged = merge_partials({name: one.fold for name, one in held.items()}, [found])
    assert merged.labels == expected.labels
    assert merged.quarantine.by_reason == expected.quarantine.by_reason
    assert merged.quarantine.out_of_window == expected.quarantine.out_of_window
    assert merged.quarantine.examples == expected.quarantine.examples
    assert merged.repetitions == expected.repetitions
    for name, one in held.items():
        ours, theirs = (conclude_window(one.fold, it.states[name]).evaluation for it in (merged, expected))
        assert ours.n == theirs.n > 0
        assert [check.constraint for check in ours.violations] == [check.constraint for check in theirs.violations]


def test_the_day_has_what_the_comparison_is_about(passes: tuple[Pass, ...]) -> None:
    quality, labelled = (_locally(planned) for planned in passes)
    assert quality.quarantine.count == 3
    assert labelled.quarantine.count == 4
    assert labelled.labels is not None
    counts = labelled.labels.matched, labelled.labels.labels_without_event, labelled.labels.duplicates
    assert counts == (547, 1, 18)


def test_a_task_without_objects_counts_nothing(spark: SparkSession, passes: tuple[Pass, ...]) -> None:
    planned = passes[QUALITY]
    found = _on_spark(spark, planned, Objects((), ()), 1)
    states = merge_partials({name: one.fold for name, one in _held(planned).items()}, [found]).states
    assert {state.rows for state in states.values()} == {0}
    assert found.quarantine.count == 0


def test_an_object_that_is_gone_fails_the_fold_with_its_uri(spark: SparkSession, passes: tuple[Pass, ...]) -> None:
    planned = passes[QUALITY]
    gone = StoredObject(f"s3://{traffic.BUCKET}/capture/ep/AllTraffic/2013/04/01/05/gone.jsonl", 10)
    objects = Objects.of(planned.runs[0])
    with pytest.raises(PythonException, match=r"gone\.jsonl: there is no such object"):
        _on_spark(spark, planned, replace(objects, own=(*objects.own, gone)), 60_000)
