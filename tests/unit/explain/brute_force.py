"""Shapley values by their definition: every coalition of every row and background record."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from monitoring_core.explain import Background
from monitoring_core.explain.model import Predict

Floats = NDArray[np.float64]


def shapley_values(score: Predict, rows: Floats, background: Background) -> Floats:
    """Shape (n_rows, n_outputs, n_features)."""
    features = rows.shape[1]
    found = np.zeros((len(rows), score(rows).shape[1], features))
    everyone = range(features)
    worth = cache(lambda members: value(score, rows, background, members))
    for feature in everyone:
        others = [other for other in everyone if other != feature]
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for members in combinations(others, size):
                gain = worth(frozenset({*members, feature})) - worth(frozenset(members))
                found[:, :, feature] += weight * gain
    return found


def value(score: Predict, rows: Floats, background: Background, members: frozenset[int]) -> Floats:
    total = np.zeros(score(rows).shape)
    for record, weight in zip(background.rows, background.weights, strict=True):
        mixed = np.tile(record, (len(rows), 1))
        mixed[:, list(members)] = rows[:, list(members)]
        total += weight * score(mixed)
    return total
