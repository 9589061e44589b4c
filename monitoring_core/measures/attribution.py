"""How much an order of features by importance has changed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.attribution import Attributions

DRAWS: Final = 400
_TAILS: Final = (2.5, 97.5)


def ranking(attributions: ArrayLike) -> NDArray[np.intp]:
    """Return the features from the most to the least important; equal ones keep their order.

    Parameters
    ----------
    attributions : array-like, shape (n_features,)
        Their sizes count, not their signs.

    Examples
    --------
    >>> ranking([0.1, -0.5, 0.1, 0.3]).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(-np.abs(np.asarray(attributions, dtype=np.float64)), kind="stable")


def normalised_discounted_cumulative_gain(baseline: ArrayLike, current: ArrayLike) -> float:
    r"""Normalised discounted cumulative gain (NDCG) of the current order of features.

    .. math:: \mathrm{NDCG} = \frac{\sum_i a(f'_i) / \log_2(i + 1)}{\sum_i a(f_i) / \log_2(i + 1)}

    a is the baseline's attribution, f the baseline's order, f' the current one, i counts from 1. It falls when
    features that mattered lose their rank; Clarify calls a value below 0.9 feature attribution drift. Features that
    are equally important now share the discounts of their ranks.

    Parameters
    ----------
    baseline, current : array-like, shape (n_features,)
        Global attributions of the same features in the same order; their sizes count, not their signs.

    Returns
    -------
    float
        In (0, 1]; 1 means the same order; ``nan`` if there is no feature, a value is ``nan``, or all of a side are 0.

    Raises
    ------
    IncompatibleStatesError
        If the numbers of features differ.

    References
    ----------
    .. [1] Jarvelin & Kekalainen (2002), Cumulated gain-based evaluation of IR techniques, ACM TOIS 20(4).

    Examples
    --------
    >>> round(normalised_discounted_cumulative_gain([0.70, 0.50, 0.05], [0.05, 0.50, 0.70]), 2)
    0.69
    >>> normalised_discounted_cumulative_gain([0.7, 0.5], [7.0, 5.0])
    1.0
    >>> normalised_discounted_cumulative_gain([0.0, 0.0], [0.1, 0.2])
    nan
    """
    known, now = np.abs(np.asarray(baseline, dtype=np.float64)), np.abs(np.asarray(current, dtype=np.float64))
    if known.shape != now.shape:
        raise IncompatibleStatesError("attributions are of different features", expected=known.size, got=now.size)
    if not known.any() or not now.any() or np.isnan([known, now]).any():
        return math.nan
    discounts = 1 / np.log2(np.arange(known.size) + 2)
    _, ties = np.unique(-now, return_inverse=True)
    shared = np.bincount(ties, discounts[np.argsort(ranking(now))]) / np.bincount(ties)
    return float(known @ shared[ties]) / float(known[ranking(known)] @ discounts)


def rank_moves(baseline: ArrayLike, current: ArrayLike) -> NDArray[np.intp]:
    """Return by how many ranks each feature moved; positive is towards more important.

    Examples
    --------
    >>> rank_moves([0.7, 0.5, 0.1], [0.2, 0.5, 0.9]).tolist()
    [-2, 0, 2]
    """
    before, after = np.argsort(ranking(baseline)), np.argsort(ranking(current))
    return np.asarray(before - after)


def ndcg_interval(baseline: Attributions, current: Attributions, output: int) -> tuple[float, float]:
    """Return a 95 % interval of the NDCG of mean absolute attributions.

    Parametric bootstrap: both sides' means are drawn from the normal distribution that their rows suggest. The draws
    are the same every time.

    Returns
    -------
    tuple of float
        Lower and upper end; both ``nan`` without rows.
    """
    if not baseline.rows or not current.rows:
        return math.nan, math.nan
    random = np.random.default_rng(0)
    befores, afters = (_draw(side, output, random) for side in (baseline, current))
    scores = [normalised_discounted_cumulative_gain(*pair) for pair in zip(befores, afters, strict=True)]
    low, high = np.percentile(scores, _TAILS)
    return float(low), float(high)


def _draw(side: Attributions, output: int, random: np.random.Generator) -> NDArray[np.float64]:
    return random.multivariate_normal(side.mean()[output], side.covariance(output), DRAWS, check_valid="ignore")
