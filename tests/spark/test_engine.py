from __future__ import annotations

from collections.abc import Iterable

import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from monitoring_core.engines.spark import FAN_IN, fold_on_spark


def _bracketed(bodies: Iterable[bytes]) -> bytes:
    return b"(" + b" ".join(bodies) + b")"


@pytest.mark.parametrize("tasks", [1, FAN_IN, FAN_IN + 1, FAN_IN**2 + 1])
def test_every_task_is_merged_once_and_in_order(spark: SparkSession, tasks: int) -> None:
    words = [str(number) for number in range(tasks)]
    merged = fold_on_spark(spark, [word.encode() for word in words], bytes.lower, _bracketed)
    assert merged.decode().replace("(", "").replace(")", "").split() == words


def test_no_merge_takes_more_than_the_fan_in(spark: SparkSession) -> None:
    def largest(sizes: Iterable[bytes]) -> bytes:
        found = [int(size) for size in sizes]
        return b"%d" % max(len(found), *found)

    assert fold_on_spark(spark, [b"0"] * (FAN_IN + 1), bytes, largest) == b"%d" % FAN_IN


def test_an_error_on_an_executor_is_raised_with_its_message(spark: SparkSession) -> None:
    def fail(task: bytes) -> bytes:
        raise ValueError(f"task {task.decode()} has a bad day")

    with pytest.raises(PythonException, match="task b has a bad day"):
        fold_on_spark(spark, [b"b"], fail, _bracketed)
