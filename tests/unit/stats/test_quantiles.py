from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitoring_core.stats.quantiles import CAPACITY, SIZE, Quantiles

Floats = NDArray[np.float64]


def merged(parts: list[Floats]) -> Quantiles:
    return reduce(lambda left, right: left.merge(right), (Quantiles.of(np.sort(part)) for part in parts))


def rank_error(sketch: Quantiles, values: Floats) -> float:
    """Return the largest error in the number of values up to any value, as a share of them."""
    order = np.argsort(sketch.items, kind="stable")
    items, through = sketch.items[order], np.cumsum(sketch.weights[order])
    ordered = np.sort(values)
    points = np.unique(values)
    said = np.concatenate([[0], through])[np.searchsorted(items, points, side="right")]
    return float(np.abs(said - np.searchsorted(ordered, points, side="right")).max() / values.size)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_counts_are_exact_and_space_is_bounded_however_the_rows_come(sizes: list[int]) -> None:
    random = np.random.default_rng(sum(sizes))
    sketch = merged([random.normal(size=size) for size in sizes])

    assert sketch.count == sum(sizes)
    assert sketch.values.size <= CAPACITY


@pytest.mark.parametrize("size", [1, SIZE - 1, SIZE, 122_880, 1_000_003])
def test_one_sorted_array_is_kept_to_half_a_block(size: int) -> None:
    values = np.random.default_rng(size).lognormal(size=size)

    assert rank_error(merged([values]), values) <= (0.0 if size < SIZE else 0.0005)


@pytest.mark.parametrize(("rows", "parts"), [(300_000, 3), (300_000, 40), (300_000, 700), (40_000, 40_000)])
@pytest.mark.parametrize("arrange", ["as they come", "rising", "falling"])
def test_ranks_stay_within_one_percent_after_many_merges(rows: int, parts: int, arrange: str) -> None:
    values = np.random.default_rng(5).gamma(2.0, size=rows)
    arranged = {"as they come": values, "rising": np.sort(values), "falling": np.sort(values)[::-1]}[arrange]

    assert rank_error(merged(np.array_split(arranged, parts)), values) < 0.01


def test_merging_in_a_tree_is_as_good_as_one_after_the_other() -> None:
    values = np.random.default_rng(6).normal(size=640_000)
    level = [Quantiles.of(np.sort(part)) for part in np.array_split(values, 64)]
    while len(level) > 1:
        level = [left.merge(right) for left, right in zip(level[::2], level[1::2], strict=True)]

    assert level[0].count == values.size
    assert rank_error(level[0], values) < 0.01
