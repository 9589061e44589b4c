"""Quality of predicted classes: from counts of right and wrong predictions.

Counts may be arrays: then so is the result, one value per element (per resample, for instance).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Outcomes(NamedTuple):
    """Counts of binary predictions: true and false positives, false and true negatives."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole, dtype=np.float64)


def accuracy(counts: Outcomes) -> Floats:
    r"""Share of right predictions.

    .. math:: (TP + TN) / n

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> accuracy(Outcomes(*map(np.float64, (16, 0, 12, 173)))).item()
    0.9402985074626866
    """
    return _share(counts.tp + counts.tn, counts.tp + counts.fp + counts.fn + counts.tn)


def precision(counts: Outcomes) -> Floats:
    r"""Share of predicted positives that are positive.

    .. math:: TP / (TP + FP)

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` when nothing was predicted positive.

    Examples
    --------
    >>> precision(Outcomes(*map(np.float64, (3, 1, 0, 0)))).item()
    0.75
    >>> precision(Outcomes(*map(np.float64, (0, 0, 5, 5)))).item()
    nan
    """
    return _share(counts.tp, counts.tp + counts.fp)


def recall(counts: Outcomes) -> Floats:
    r"""Share of positives that were predicted positive: the true positive rate.

    .. math:: TP / (TP + FN)

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without positives.

    Examples
    --------
    >>> recall(Outcomes(*map(np.float64, (16, 0, 12, 173)))).item()
    0.5714285714285714
    """
    return _share(counts.tp, counts.tp + counts.fn)


def false_positive_rate(counts: Outcomes) -> Floats:
    r"""Share of negatives that were predicted positive.

    .. math:: FP / (FP + TN)

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without negatives.

    Examples
    --------
    >>> false_positive_rate(Outcomes(*map(np.float64, (0, 1, 0, 3)))).item()
    0.25
    """
    return _share(counts.fp, counts.fp + counts.tn)


def true_negative_rate(counts: Outcomes) -> Floats:
    r"""Share of negatives that were predicted negative: the specificity.

    .. math:: 1 - FP / (FP + TN)

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without negatives.

    Examples
    --------
    >>> true_negative_rate(Outcomes(*map(np.float64, (0, 1, 0, 3)))).item()
    0.75
    """
    return np.asarray(1 - false_positive_rate(counts))


def false_negative_rate(counts: Outcomes) -> Floats:
    r"""Share of positives that were predicted negative.

    .. math:: 1 - TP / (TP + FN)

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without positives.

    Examples
    --------
    >>> false_negative_rate(Outcomes(*map(np.float64, (16, 0, 12, 173)))).item()
    0.4285714285714286
    """
    return np.asarray(1 - recall(counts))


def f_score(counts: Outcomes, beta: float) -> Floats:
    r"""F score: the harmonic mean of precision P and recall R, recall weighing `beta` times as much.

    .. math:: F_\beta = \frac{(1 + \beta^2) P R}{\beta^2 P + R}
        = \frac{(1 + \beta^2) TP}{(1 + \beta^2) TP + \beta^2 FN + FP}

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` where nothing is positive, nor was predicted to be.

    References
    ----------
    .. [1] van Rijsbergen (1979), Information Retrieval, 2nd ed.

    Examples
    --------
    >>> f_score(Outcomes(*map(np.float64, (16, 0, 12, 173))), 2).item()
    0.625
    >>> [f_score(Outcomes(*map(np.float64, counts)), 1).item() for counts in ((0, 0, 5, 5), (0, 0, 0, 9))]
    [0.0, nan]
    """
    p, r, square = precision(counts), recall(counts), beta * beta
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (1 + square) * p * r / (square * p + r)
    missed = (counts.tp == 0) & (counts.fp + counts.fn > 0)
    return np.where(missed, 0.0, score)


class ClassCounts(NamedTuple):
    """Counts by class, shape (..., n_classes): rows predicted rightly, rows that are, rows predicted to be of it."""

    right: Floats
    actual: Floats
    predicted: Floats


def class_accuracy(counts: ClassCounts) -> Floats:
    r"""Share of right predictions among those of any number of classes; ``nan`` without rows.

    .. math:: \frac{1}{n} \sum_c TP_c

    Examples
    --------
    >>> class_accuracy(ClassCounts(np.array([2.0, 1]), np.array([3.0, 1]), np.array([2.0, 2]))).item()
    0.75
    """
    return _share(counts.right.sum(axis=-1), counts.actual.sum(axis=-1))


def weighted_precision(counts: ClassCounts) -> Floats:
    r"""Precision of each class, weighted by the class's share of the rows.

    .. math:: \sum_c \frac{n_c}{n} \, \frac{TP_c}{\mathrm{predicted}_c}

    A class that was never predicted adds 0, as in scikit-learn and Spark.

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> weighted_precision(ClassCounts(np.array([2.0, 1]), np.array([3.0, 1]), np.array([2.0, 2]))).item()
    0.875
    """
    return _weighted(counts, np.nan_to_num(_share(counts.right, counts.predicted)))


def weighted_recall(counts: ClassCounts) -> Floats:
    r"""Recall of each class, weighted by the class's share of the rows; equal to the accuracy.

    .. math:: \sum_c \frac{n_c}{n} \, \frac{TP_c}{n_c}

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> weighted_recall(ClassCounts(np.array([2.0, 1]), np.array([3.0, 1]), np.array([2.0, 2]))).item()
    0.75
    """
    return _weighted(counts, np.nan_to_num(_share(counts.right, counts.actual)))


def weighted_f_score(counts: ClassCounts, beta: float) -> Floats:
    r"""F score of each class, weighted by the class's share of the rows.

    .. math:: \sum_c \frac{n_c}{n} F_{\beta, c}

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> round(weighted_f_score(ClassCounts(np.array([2.0, 1]), np.array([3.0, 1]), np.array([2.0, 2])), 1).item(), 4)
    0.7667
    """
    return _weighted(counts, np.nan_to_num(_f_scores(counts, beta)))


def macro_f_score(counts: ClassCounts, beta: float) -> Floats:
    r"""Mean of the F scores of the classes, each weighing the same however rare it is.

    .. math:: \frac{1}{|C|} \sum_{c \in C} F_{\beta, c}

    over the classes that are there or were predicted.

    Returns
    -------
    ndarray of float64
        In [0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> counts = ClassCounts(np.array([2.0, 1, 0]), np.array([3.0, 1, 0]), np.array([2.0, 2, 0]))
    >>> round(macro_f_score(counts, 1).item(), 4)
    0.7333
    """
    scores = _f_scores(counts, beta)
    occurs = ~np.isnan(scores)
    return _share(np.where(occurs, scores, 0.0).sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def _weighted(counts: ClassCounts, values: Floats) -> Floats:
    return _share((counts.actual * values).sum(axis=-1), counts.actual.sum(axis=-1))


def _f_scores(counts: ClassCounts, beta: float) -> Floats:
    """Return the F score of each class against all others; ``nan`` where it neither is nor was predicted."""
    missed = counts.actual - counts.right
    return f_score(Outcomes(counts.right, counts.predicted - counts.right, missed, np.zeros_like(missed)), beta)
