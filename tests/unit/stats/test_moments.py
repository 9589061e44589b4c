from __future__ import annotations

import math

import numpy as np
import pytest

from monitoring_core.stats.mergeable import merge_all
from monitoring_core.stats.moments import Moments


def test_agrees_with_numpy_in_parts_far_from_zero() -> None:
    values = np.random.default_rng(0).normal(1e8, 1.0, 10_000)

    merged = merge_all((Moments.of(part) for part in np.array_split(values, 13)), Moments())

    assert merged.mean == pytest.approx(values.mean(), rel=1e-14)
    assert merged.standard_deviation == pytest.approx(values.std(), rel=1e-7)
    assert (merged.minimum, merged.maximum) == (values.min(), values.max())


def test_infinities_make_mean_and_spread_undefined_but_not_the_count() -> None:
    moments = Moments.of(np.array([1.0, np.inf, -np.inf]))

    assert moments.count == 3
    assert math.isnan(moments.mean)
    assert math.isnan(moments.standard_deviation)
