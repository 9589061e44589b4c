from __future__ import annotations

import numpy as np
import pytest

from monitoring_core.stats.distinct import SIZE, Distinct


@pytest.mark.parametrize("size", [0, 1, SIZE - 1])
def test_exact_while_small(size: int) -> None:
    assert Distinct.of_numbers(np.arange(size, dtype=float)).estimate == size


@pytest.mark.parametrize("size", [5_000, 200_000])
def test_close_when_large(size: int) -> None:
    values = np.repeat(np.random.default_rng(size).normal(size=size), 2)

    assert Distinct.of_numbers(values).estimate == pytest.approx(size, rel=0.15)


def test_large_parts_merge_to_exactly_the_whole() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    left, right = Distinct.of_numbers(values[:30_000]), Distinct.of_numbers(values[20_000:])

    assert left.merge(right) == right.merge(left) == Distinct.of_numbers(values)


def test_minus_zero_is_zero() -> None:
    assert Distinct.of_numbers(np.array([0.0, -0.0])).estimate == 1
