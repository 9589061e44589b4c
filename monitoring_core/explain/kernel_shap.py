"""KernelSHAP: Shapley values of any model, from the scores of coalitions."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring_core.explain.background import Background
from monitoring_core.explain.coalitions import coalitions
from monitoring_core.explain.explanation import Explanation
from monitoring_core.explain.games import game_of
from monitoring_core.explain.model import Floats, Model, logit

BLOCK: Final = 4_000_000
"""Scores held at once."""


def kernel_shap(
    model: Model,
    rows: Floats,
    background: Background,
    *,
    num_samples: int,
    use_logit: bool = False,
    seed: int = 0,
) -> Explanation:
    """Explain rows by asking the model about coalitions, the same ones for all rows and all background records.

    Exact when `num_samples` is at least ``2 ** n_features - 2``; else an estimate whose attributions still sum up to
    the row's score. Asks for at most ``n_rows * n_records * num_samples`` rows of features; equal ones are asked once.

    Parameters
    ----------
    model : Model
    rows : ndarray, shape (n_rows, n_features)
    background : Background
    num_samples : int
        Coalitions to ask about; at least ``2 * n_features`` are.
    use_logit : bool
        Explain the log-odds of the model's outputs, which are probabilities then.
    seed : int
        Chooses the coalitions where not all are asked about.

    Returns
    -------
    Explanation
        ``expected`` is the mean output of the background; with `use_logit` its log-odds, so that attributions add up
        (AWS: ``logit(p) = expected_value + sum``).

    Examples
    --------
    >>> from monitoring_core.explain.model import CallableModel
    >>> product = CallableModel(lambda rows: rows[:, 0] * rows[:, 1])
    >>> found = kernel_shap(product, np.array([[2.0, 3.0]]), Background.of(np.zeros((1, 2))), num_samples=100)
    >>> found.values.round(6).tolist(), found.expected.tolist()
    ([[[3.0, 3.0]]], [0.0])
    """
    chosen = coalitions(rows.shape[1], num_samples, seed)
    game, units = game_of(model), logit if use_logit else np.asarray
    expected = units(background.weights @ model.predict(background.rows))
    step = max(1, BLOCK // max(1, len(chosen) * expected.size))
    values = np.empty((len(rows), expected.size, rows.shape[1]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        mean = np.zeros((len(part), len(chosen), expected.size))
        for record, weight in zip(background.rows, background.weights, strict=True) if len(chosen) else ():
            mean += weight * game.scores(part, record, chosen.present)
        gains = np.moveaxis(units(mean) - expected, 2, 1)
        values[start : start + step] = chosen.solve(gains, units(model.predict(part)) - expected)
    return Explanation(values, expected)
