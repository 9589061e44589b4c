"""Quality of scores: how well they put positives above negatives.

Arguments are counts of negatives and positives by score, in ascending order of the score, shape
(..., n_scores): further axes are resamples. Equal scores are one column, so ties count half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def receiver_operating_characteristic(negatives: ArrayLike, positives: ArrayLike) -> tuple[Floats, Floats]:
    """Return the rates of every threshold, from the highest score downwards.

    Returns
    -------
    tuple of ndarray, shape (..., n_scores + 2)
        False positive rates, true positive rates; from (0, 0) to (1, 1) as Spark's, which has the last
        point twice. ``nan`` without negatives or without positives.

    Examples
    --------
    >>> false_positives, true_positives = receiver_operating_characteristic([2, 1, 1], [0, 1, 1])
    >>> false_positives.tolist(), true_positives.tolist()
    ([0.0, 0.25, 0.5, 1.0, 1.0], [0.0, 0.5, 1.0, 1.0, 1.0])
    """
    return _rates(negatives), _rates(positives)


def area_under_roc(negatives: ArrayLike, positives: ArrayLike) -> Floats:
    r"""Area under the receiver operating characteristic (AUC).

    .. math:: P(s_+ > s_-) + \tfrac12 P(s_+ = s_-)

    for the score of a random positive and a random negative, computed as the trapezoid sum over the curve.

    Returns
    -------
    ndarray of float64
        In [0, 1], 0.5 for scores without information; ``nan`` without negatives or without positives.

    References
    ----------
    .. [1] Hanley & McNeil (1982), Radiology 143(1).

    Examples
    --------
    >>> area_under_roc([2, 1, 1], [0, 1, 1]).item(), area_under_roc([2, 1], [0, 0]).item()
    (0.75, nan)
    """
    x, y = receiver_operating_characteristic(negatives, positives)
    strips = np.diff(x) * (y[..., 1:] + y[..., :-1]) / 2
    return np.asarray(np.cumsum(strips, axis=-1)[..., -1])  # in order, as Amazon's analyzer adds


def area_resolution(negatives: ArrayLike, positives: ArrayLike) -> Floats:
    r"""Largest error of an area whose scores are known only by cell.

    .. math:: \frac{1}{2 P N} \sum_i p_i n_i

    since only pairs within one cell can be ordered otherwise.

    Returns
    -------
    ndarray of float64
        In [0, 0.5]; ``nan`` without negatives or without positives.

    Examples
    --------
    >>> area_resolution([2, 2], [0, 4]).item()
    0.25
    """
    n, p = _counts(negatives), _counts(positives)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((n * p).sum(axis=-1) / (2 * n.sum(axis=-1) * p.sum(axis=-1)))


def precision_recall_curve(negatives: ArrayLike, positives: ArrayLike) -> tuple[Floats, Floats]:
    """Return precision and recall of every threshold, from the highest score downwards.

    Returns
    -------
    tuple of ndarray, shape (..., n_scores + 1)
        Precisions, recalls; the first point has recall 0 and the precision of the highest score, as Spark's.
        ``nan`` without positives.

    Examples
    --------
    >>> precisions, recalls = precision_recall_curve([2, 1, 0], [0, 1, 1])
    >>> precisions.tolist(), recalls.tolist()
    ([1.0, 1.0, 0.6666666666666666, 0.4], [0.0, 0.5, 1.0, 1.0])
    """
    true, false = _cumulative(positives), _cumulative(negatives)
    with np.errstate(invalid="ignore", divide="ignore"):
        precisions, recalls = true / (true + false), true / true[..., -1:]
    first = np.zeros_like(recalls[..., :1])
    return np.concatenate([precisions[..., :1], precisions], -1), np.concatenate([first, recalls], -1)


def average_precision(negatives: ArrayLike, positives: ArrayLike) -> Floats:
    r"""Area under the precision-recall curve, without interpolation.

    .. math:: AP = \sum_k (R_k - R_{k-1}) P_k

    Returns
    -------
    ndarray of float64
        In (0, 1], about the share of positives for scores without information; ``nan`` without positives.

    Examples
    --------
    >>> round(average_precision([2, 1, 0], [0, 1, 1]).item(), 4)
    0.8333
    """
    precisions, recalls = precision_recall_curve(negatives, positives)
    gains = np.diff(recalls) * precisions[..., 1:]  # a resample may lack the highest scores: precision 0/0, gain 0
    area = np.where(np.diff(recalls) == 0, 0.0, gains).sum(axis=-1)
    return np.asarray(np.where(np.isnan(recalls[..., -1]), np.nan, area))


def merge_scores(negatives: ArrayLike, positives: ArrayLike, limit: int = 1000) -> tuple[Floats, Floats]:
    """Group neighbouring scores, from the highest down, so that a curve has at most about twice `limit` points.

    The groups are those of Spark's ``numBins``: all of one size, so few scores stay as they are.

    Examples
    --------
    >>> [counts.tolist() for counts in merge_scores([1, 2, 3, 4, 5], [0, 0, 0, 0, 1], limit=2)]
    [[1.0, 5.0, 9.0], [0.0, 0.0, 1.0]]
    """
    n, p = _counts(negatives), _counts(positives)
    size = n.shape[-1] // limit
    if size < 2:  # noqa: PLR2004 - a group of one is the score itself
        return n, p
    starts = np.unique([0, *range(n.shape[-1] % size, n.shape[-1], size)])  # what is left over is at the low end
    return np.add.reduceat(n, starts, axis=-1), np.add.reduceat(p, starts, axis=-1)


def _counts(counts: ArrayLike) -> Floats:
    return np.asarray(counts, dtype=np.float64)


def _cumulative(counts: ArrayLike) -> Floats:
    """Return counts at or above each score, from the highest down."""
    return np.cumsum(_counts(counts)[..., ::-1], axis=-1)


def _rates(counts: ArrayLike) -> Floats:
    through = _cumulative(counts)
    if not through.shape[-1]:
        return np.full((*through.shape[:-1], 2), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = through / through[..., -1:]
        last = rates[..., -1:]
    return np.concatenate([np.zeros_like(last), rates, last], -1)
