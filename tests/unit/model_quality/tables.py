"""Labelled rows for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.types import column_from_texts


def batch(**columns: Sequence[object]) -> Batch:
    """Columns of any values, as the texts that a file would hold."""
    texts: Mapping[str, list[str | None]] = {
        name: [None if value is None else str(value) for value in values] for name, values in columns.items()
    }
    return Batch({name: column_from_texts(values) for name, values in texts.items()})


def scored(rows: int, *, seed: int = 0, skill: float = 1.5, digits: int = 17) -> Batch:
    """Probabilities that carry some information about labels of 0 and 1."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.3).astype(int)
    scores = 1 / (1 + np.exp(1.5 - skill * labels - random.normal(size=rows)))
    return batch(probability=np.round(scores, digits).tolist(), label=labels.tolist())
