"""What tasks do: one reads some of the objects of a pass, another merges what those have found.

All monitors of the pass are folded by the code that folds them in a function or in a processing job. What tasks
share (baselines, labels) is read, or made, once in each of Spark's Python processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import msgspec
from pyspark.sql import SparkSession

from functions.common.contract import Pass
from functions.common.folding import Held, fold_shard, hold_runs
from functions.common.rows import Sources
from functions.spark_job.objects import TASK_BYTES, Objects, Task, open_object
from monitoring_core.baseline_files import BaselineFiles
from monitoring_core.dataset import GroundTruth, Quarantine, read_ground_truth
from monitoring_core.engines.partial import Partial, merge_partials
from monitoring_core.engines.spark import fold_on_spark


@dataclass(frozen=True, slots=True)
class Work:
    """What all tasks of a pass need to know; works of the same `id` are the same.

    Attributes
    ----------
    planned : Pass
        All runs.
    baselines : mapping of str to BaselineFiles
        By the name of the monitor, of those that have one; the others are not folded.
    labels : tuple of str
        URIs of labels, in the order of their collection.
    """

    id: str
    planned: Pass = field(compare=False)
    baselines: Mapping[str, BaselineFiles] = field(compare=False)
    labels: tuple[str, ...] = field(compare=False)


def fold_pass(session: SparkSession, work: Work, objects: Objects, *, task_bytes: int = TASK_BYTES) -> Partial:
    """Fold all objects of a pass into one partial.

    Raises
    ------
    pyspark.errors.PythonException
        If an object cannot be read.
    """
    tasks = [msgspec.msgpack.encode(task) for task in objects.tasks(task_bytes)]
    return Partial.load(fold_on_spark(session, tasks, partial(_observe, work), partial(_merge, work)))


def _observe(work: Work, body: bytes) -> bytes:
    """Fold what one task reads, an object at a time."""
    task = msgspec.msgpack.decode(body, type=Task)
    labels, bad_labels = _labels(work)
    sources = Sources(own=map(open_object, task.own), near=map(open_object, task.near), truth=labels)
    shard = fold_shard(_held(work), work.planned.runs[0], sources)
    counted = bad_labels if task.is_first else Quarantine()
    return replace(shard, label_quarantine=counted).partial(_held(work), {}).dump()


def _merge(work: Work, bodies: Iterable[bytes]) -> bytes:
    folds = {name: one.fold for name, one in _held(work).items()}
    merged = merge_partials(folds, map(Partial.load, bodies))
    states = {name: folds[name].dump(state) for name, state in merged.states.items()}
    return Partial(
        states, merged.quarantine, merged.labels, failures=merged.failures, repetitions=merged.repetitions
    ).dump()


@lru_cache(maxsize=1)
def _held(work: Work) -> dict[str, Held]:
    runs = tuple(planned for planned in work.planned.runs if planned.run.monitor in work.baselines)
    held, _ = hold_runs(work.planned.model_copy(update={"runs": runs}), lambda one: work.baselines[one.run.monitor])
    return held


@lru_cache(maxsize=1)
def _labels(work: Work) -> tuple[GroundTruth, Quarantine]:
    quarantine = Quarantine()
    return read_ground_truth(map(open_object, work.labels), quarantine), quarantine
