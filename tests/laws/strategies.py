"""Data for the laws: columns of every type, split anywhere."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.dataset.types import column_from_texts
from monitoring_core.stats.kll import KllSketch
from monitoring_core.stats.quantiles import Quantiles

NUMBERS = st.one_of(
    st.integers(-5, 5).map(float),
    st.floats(-1e6, 1e6).map(lambda value: round(value, 3)),
)
TEXTS = st.one_of(
    st.none(), st.sampled_from(["1", "2.5", "-3", "7.0", "true", "a", "b", ""]), st.text("xyz", min_size=1, max_size=3)
)
CUTS = st.lists(st.integers(0, 200), max_size=4)


def batches_of(texts_by_column: dict[str, list[str | None]], cuts: list[int]) -> list[Batch]:
    """The same rows in parts; parts may be empty."""
    whole = Batch({name: column_from_texts(texts) for name, texts in texts_by_column.items()})
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    return [rows(whole, start, stop) for start, stop in pairwise(places)]


def rows(batch: Batch, start: int, stop: int) -> Batch:
    def part(column: Column) -> Column:
        texts = None if column.texts is None else column.texts[start:stop]
        return Column(column.codes[start:stop], column.numbers[start:stop], texts)

    return Batch({name: part(column) for name, column in batch.columns.items()})


def close(left: object, right: object) -> bool:  # noqa: PLR0911
    """Equal, with floats to rounding; sketches of so few values hold them all, and are close when those are the same.

    How far sketches that had to drop values may be apart is a law of its own: nothing is decided on them.
    """
    if isinstance(left, KllSketch | Quantiles) and isinstance(right, KllSketch | Quantiles):
        return np.array_equal(np.sort(left.items), np.sort(right.items)) and left.count == right.count
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-6) or (math.isnan(left) and math.isnan(right))
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        if left.dtype.kind == "f":
            return left.shape == right.shape and np.allclose(left, right, rtol=1e-9, atol=1e-6, equal_nan=True)
        return np.array_equal(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(close(left[key], right[key]) for key in left)
    if is_dataclass(left):
        return all(close(getattr(left, f.name), getattr(right, f.name)) for f in fields(left))
    return left == right
