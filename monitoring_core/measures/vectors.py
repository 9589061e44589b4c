"""Distances between the centroids of two sets of vectors."""

from __future__ import annotations

import math

import numpy as np

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.measures.distance import Distance
from monitoring_core.stats.vector_moments import VectorMoments


def cosine_centroid_shift(reference: VectorMoments, current: VectorMoments) -> Distance:
    r"""Cosine distance between two centroids.

    .. math:: 1 - \frac{c_{ref} \cdot c_{cur}}{\|c_{ref}\|\,\|c_{cur}\|}

    Parameters
    ----------
    reference, current : VectorMoments
        Of the vectors.

    Returns
    -------
    Distance
        In [0, 2]; ``nan`` if a side is empty or a centroid is zero.

    Raises
    ------
    IncompatibleStatesError
        If the vectors have different lengths.

    Examples
    --------
    >>> east, north = VectorMoments.of(np.array([[2.0, 0.0]])), VectorMoments.of(np.array([[0.0, 1.0]]))
    >>> cosine_centroid_shift(east, north), cosine_centroid_shift(east, east)
    (1.0, 0.0)
    >>> cosine_centroid_shift(east, VectorMoments.empty(2))
    nan
    """
    _check(reference, current)
    lengths = float(np.linalg.norm(reference.mean)) * float(np.linalg.norm(current.mean))
    if not reference.count or not current.count or not lengths:
        return Distance(math.nan)
    return Distance(max(0.0, 1 - float(reference.mean @ current.mean) / lengths))


def chance_cosine_shift(reference: VectorMoments, n: int) -> float:
    r"""Cosine distance between centroids that sampling alone causes on average.

    .. math:: \frac{1}{2 \|c\|^2} \Big(\sum_j \sigma_j^2 - \sum_j u_j^2 \sigma_j^2\Big) (1/n + 1/m), \quad u = c / \|c\|

    to first order, for uncorrelated dimensions.

    Parameters
    ----------
    reference : VectorMoments
        Centroid c, variances and the count m.
    n : int
        Current vectors.

    Returns
    -------
    float
        In [0, inf); ``nan`` if a side is empty or the centroid is zero.

    Examples
    --------
    >>> moments = VectorMoments.of(np.array([[1.0, 1.0], [1.0, -1.0]] * 50))
    >>> chance_cosine_shift(moments, 100)
    0.01
    """
    length = float(np.linalg.norm(reference.mean))
    if not reference.count or not n or not length:
        return math.nan
    across = float((reference.variance * (1 - np.square(reference.mean / length))).sum())
    return across * (1 / n + 1 / reference.count) / (2 * length**2)


def centroid_shift(reference: VectorMoments, current: VectorMoments) -> float:
    r"""Root mean square of the dimensions' mean shifts, in standard deviations, without what chance explains.

    .. math:: \sqrt{\max\Big(0, \frac1d \sum_j \frac{(\bar x^{cur}_j - \bar x^{ref}_j)^2}{s_{ref,j}^2}
              - \frac1n - \frac1m\Big)}

    Constant dimensions of the reference are left out.

    Returns
    -------
    float
        In [0, inf); ``nan`` if a side is empty or no dimension varies.

    Raises
    ------
    IncompatibleStatesError
        If the vectors have different lengths.

    Examples
    --------
    >>> moments = VectorMoments.of(np.array([[1.0, 1.0], [3.0, -1.0]] * 5000))
    >>> moved = VectorMoments.of(np.array([[2.0, 2.0], [4.0, 0.0]] * 5000))
    >>> round(centroid_shift(moments, moved), 2), centroid_shift(moments, moments)
    (1.0, 0.0)
    """
    _check(reference, current)
    varies = reference.variance > 0
    if not reference.count or not current.count or not varies.any():
        return math.nan
    squares = np.square(current.mean - reference.mean)[varies] / reference.variance[varies]
    return math.sqrt(max(0.0, float(squares.mean()) - 1 / current.count - 1 / reference.count))


def _check(reference: VectorMoments, current: VectorMoments) -> None:
    if reference.mean.size != current.mean.size:
        raise IncompatibleStatesError(
            "vectors have different lengths", expected=reference.mean.size, got=current.mean.size
        )
