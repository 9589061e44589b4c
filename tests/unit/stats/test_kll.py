from __future__ import annotations

import math

import numpy as np
import pytest

from monitoring_core.report.sagemaker.statistics import buckets_of
from monitoring_core.stats.kll import KllSketch


class OneByOne:
    """The sketch as the contract describes it (4.1), one value at a time."""

    def __init__(self) -> None:
        self.levels: list[list[float]] = [[]]
        self.compacted, self.offsets = [0], [0]

    @staticmethod
    def capacity(level: int) -> int:
        return 2 * (math.ceil(2048 * math.pow(0.64, level) / 2) + 1)

    def add(self, value: float) -> None:
        self.levels[0].append(value)
        if sum(map(len, self.levels)) > sum(self.capacity(h) for h in range(len(self.levels))):
            height = next(h for h, items in enumerate(self.levels) if len(items) >= self.capacity(h))
            if height + 1 == len(self.levels):
                self.levels.append([])
                self.compacted.append(0)
                self.offsets.append(0)
            items = self.levels[height]
            even = len(items) - len(items) % 2
            if self.compacted[height] % 2 == 1:
                self.offsets[height] = 1 - self.offsets[height]
            self.levels[height + 1] += sorted(items[:even])[self.offsets[height] :: 2]
            self.levels[height] = items[even:]
            self.compacted[height] += 1


@pytest.mark.parametrize("size", [0, 1, 2050, 2051, 3000, 5000, 20_001])
def test_bulk_insertion_is_item_for_item_the_one_by_one_algorithm(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size).round(2)
    slow = OneByOne()
    for value in values.tolist():
        slow.add(value)

    assert [level.tolist() for level in KllSketch.of(values).levels] == slow.levels


def test_parts_that_were_never_compacted_merge_as_if_inserted_in_order() -> None:
    values = np.random.default_rng(1).normal(size=9000)
    whole = KllSketch.of(values)

    merged = KllSketch.of([])
    for start in range(0, 9000, 1500):
        merged = merged.merge(KllSketch.of(values[start : start + 1500]))

    assert merged == whole


@pytest.mark.parametrize("parts", [2, 7])
def test_merged_sketches_keep_the_count_and_the_ranks(parts: int) -> None:
    values = np.random.default_rng(2).gamma(2.0, size=100_000)
    merged = KllSketch.of([])
    for part in np.array_split(values, parts):
        merged = merged.merge(KllSketch.of(part))

    order = np.argsort(merged.items)
    estimated = np.cumsum(merged.weights[order])
    true = np.searchsorted(np.sort(values), merged.items[order], side="right")
    assert merged.count == values.size
    assert np.abs(estimated - true).max() < 0.01 * values.size


def test_infinities_are_values_like_others() -> None:
    sketch = KllSketch.of([1.0, np.inf, -np.inf])

    assert sketch.count == 3
    assert sum(count for _, _, count in buckets_of(sketch, -np.inf, np.inf)) <= 3
