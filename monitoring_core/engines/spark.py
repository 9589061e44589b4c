"""Fold on Spark: `mapInArrow` turns every task into one state, and a tree of merges leaves one of them.

Spark sees bytes only. States are merged in the order of their tasks, so the same tasks always give the same bytes,
however many machines there are and in whatever order they finish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FAN_IN: Final = 8
"""States that are merged into one at each level of the tree."""

SETTINGS: Final = {"spark.sql.execution.arrow.maxRecordsPerBatch": "1"}
"""What the session must be opened with: a record holds a whole state, so a process gets one at a time."""

_SCHEMA: Final = "part long, body binary"

Merge = Callable[[Iterable[bytes]], bytes]


def fold_on_spark(
    session: SparkSession, tasks: Sequence[bytes], observe: Callable[[bytes], bytes], merge: Merge
) -> bytes:
    """Return the one state of all tasks.

    Parameters
    ----------
    session : SparkSession
        Opened with `SETTINGS`.
    tasks : sequence of bytes
        What each task is to read; at least one.
    observe : callable
        From a task to its state; runs on the executors, as `merge` does.
    merge : callable
        From states, in the order of their tasks, to one state.

    Raises
    ------
    pyspark.errors.PythonException
        If a task fails as often as Spark tries it; the message ends with the error's.
    """
    parts = len(tasks)
    rows = session.sparkContext.parallelize(list(enumerate(tasks)), numSlices=parts)
    states = session.createDataFrame(rows, _SCHEMA).mapInArrow(partial(_observed, observe), _SCHEMA)
    while parts > 1:
        parts = -(-parts // FAN_IN)
        grouped = states.selectExpr(f"part div {FAN_IN} AS node", "part", "body")
        ordered = grouped.repartition(parts, "node").sortWithinPartitions("part")
        states = ordered.mapInArrow(partial(_merged, merge), _SCHEMA)
    (row,) = states.collect()
    return bytes(row.body)


def _observed(observe: Callable[[bytes], bytes], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (_record(part, observe(task)) for part, task in _rows(batches))


def _merged(merge: Merge, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for node, rows in groupby(_rows(batches), key=itemgetter(0)):
        yield _record(node, merge(body for *_, body in rows))


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _record(part: int, body: bytes) -> pa.RecordBatch:
    return pa.record_batch([pa.array([part], pa.int64()), pa.array([body], pa.binary())], names=["part", "body"])
