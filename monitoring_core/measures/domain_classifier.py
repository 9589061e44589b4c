"""Domain classifier: whether a model can tell current rows from the reference's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FOLDS: Final = 5
_STEPS: Final = 25
_RIDGE: Final = 1.0
_FOLDS_FACTOR: Final = 1.3
"""Folds share training rows, so their mean varies more than one Mann-Whitney statistic; measured on equal samples."""


def domain_classifier_auc(reference: NDArray[np.float64], current: NDArray[np.float64]) -> tuple[float, float]:
    r"""Area under the ROC curve with which a logistic regression tells two samples of vectors apart.

    Features are the standardised dimensions and their squares (a change of spread shows, too); the penalty
    is ridge. Each row is scored by a model that has not seen it (5 folds, dealt round-robin). 0.5 means that
    the samples cannot be told apart. Meant for two bounded samples (see `Reservoir`).

    .. math:: \mathrm{AUC} = P(s_{cur} > s_{ref}) + \tfrac12 P(s_{cur} = s_{ref})

    Parameters
    ----------
    reference, current : ndarray, shapes (m, d) and (n, d)
        Vectors without ``nan``, in random order.

    Returns
    -------
    auc : float
        In [0, 1]; ``nan`` if a side has fewer than 10 vectors.
    standard_error : float
        Under no drift: :math:`1.3 \sqrt{(n + m + 1) / 12 n m}`.

    References
    ----------
    .. [1] Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR.
    .. [2] Mann & Whitney (1947), Annals of Mathematical Statistics 18(1).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> same, other = random.normal(size=(400, 3)), random.normal([1.0, 0, 0], size=(200, 3))
    >>> auc, error = domain_classifier_auc(same[:200], same[200:])
    >>> abs(auc - 0.5) < 3 * error
    True
    >>> domain_classifier_auc(same, other)[0] > 0.7
    True
    >>> domain_classifier_auc(same[:3], other)
    (nan, nan)
    """
    m, n = len(reference), len(current)
    if min(m, n) < 2 * FOLDS:
        return math.nan, math.nan
    vectors = np.concatenate([reference, current])
    labels = np.concatenate([np.zeros(m), np.ones(n)])
    folds = np.concatenate([np.arange(m) % FOLDS, np.arange(n) % FOLDS])
    scores = np.empty(m + n)
    aucs = []
    for fold in range(FOLDS):
        held = folds == fold
        features = _features(vectors, ~held)
        scores[held] = features[held] @ _fit(features[~held], labels[~held])
        aucs.append(rank_auc(scores[held & (labels == 0)], scores[held & (labels == 1)]))
    return float(np.mean(aucs)), _FOLDS_FACTOR * math.sqrt((n + m + 1) / (12 * n * m))


def rank_auc(negatives: NDArray[np.float64], positives: NDArray[np.float64]) -> float:
    r"""Chance that a positive scores higher than a negative, ties counting half.

    .. math:: \frac{U}{n_+ n_-}

    with the Mann-Whitney statistic U.

    Returns
    -------
    float
        In [0, 1]; ``nan`` if a side is empty.

    Examples
    --------
    >>> rank_auc(np.array([0.1, 0.4]), np.array([0.4, 0.8])), rank_auc(np.array([]), np.array([1.0]))
    (0.875, nan)
    """
    if not negatives.size or not positives.size:
        return math.nan
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    through = np.searchsorted(ordered, positives, side="right")
    return float((below + through).sum()) / (2 * negatives.size * positives.size)


def _features(vectors: NDArray[np.float64], training: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return intercept, standardised dimensions and their centred squares, scaled on the training rows."""
    centre, spread = vectors[training].mean(axis=0), vectors[training].std(axis=0)
    scaled = np.clip((vectors - centre) / np.where(spread > 0, spread, 1.0), -10, 10)
    return np.column_stack([np.ones(len(vectors)), scaled, np.square(scaled) - 1])


def _fit(features: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method; rows of both samples weigh the same in total."""
    share = labels.mean()
    weights = np.where(labels == 1, 0.5 / share, 0.5 / (1 - share))
    penalty = np.full(features.shape[1], _RIDGE * math.sqrt(features.shape[1]))
    penalty[0] = 1e-9
    coefficients = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(features @ coefficients, -30, 30)))
        gradient = features.T @ (weights * (chance - labels)) + penalty * coefficients
        curvature = (features * (weights * chance * (1 - chance))[:, None]).T @ features + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        coefficients -= step
        if float(np.abs(step).max()) < 1e-6:  # noqa: PLR2004
            break
    return coefficients
