"""Wasserstein distance (earth mover's distance) in one dimension."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.moments import Moments


def wasserstein(
    reference: Histogram, current: Histogram, *, current_range: Moments | None = None, scale: float = 1.0
) -> float:
    r"""First Wasserstein distance between two distributions, from counts at the reference's edges.

    .. math:: W_1 = \frac{1}{s} \int |F_{cur}(x) - F_{ref}(x)|\,dx

    the mean way a value has to be moved, in units of `scale`. Between two edges :math:`F_{ref}` is constant and
    :math:`F_{cur}` is taken to rise evenly; values beyond the outer edges are taken to be spread evenly up
    to the current minimum and maximum. It is exact when current values are at edges.

    Parameters
    ----------
    reference, current : Histogram
        On the same edges, which come from the reference.
    current_range : Moments, optional
        Of the current values; without it, values beyond the outer edges count as being at the edge.
    scale : float
        Divides the result: the reference's standard deviation makes it free of units.

    Returns
    -------
    float
        In [0, inf]; ``nan`` if either side has no values, there is no edge, or `scale` is 0 or undefined.

    Raises
    ------
    IncompatibleStatesError
        If the edges differ.

    References
    ----------
    .. [1] Vallender (1974), Theory of Probability and its Applications 18(4).

    Examples
    --------
    >>> edges = np.array([0.0, 1.0, 2.0, 3.0])
    >>> wasserstein(Histogram.of(edges, edges), Histogram.of(np.array([1.0, 2.0, 3.0, 3.0]), edges))
    0.75
    >>> far = np.array([3.0, 3.0, 3.0, 13.0])
    >>> wasserstein(Histogram.of(np.full(4, 3.0), edges), Histogram.of(far, edges), current_range=Moments.of(far))
    1.25
    >>> wasserstein(Histogram.of(edges, edges), Histogram.of(np.empty(0), edges))
    nan
    """
    _check_edges(reference, current)
    if not reference.total or not current.total or not reference.edges.size or not scale > 0:
        return math.nan
    edges, gaps = current.edges, np.diff(current.edges)
    ref_between = (reference.through / reference.total)[:-1]
    left = current.through[:-1] / current.total - ref_between
    right = current.below[1:] / current.total - ref_between
    area = float((gaps * _mean_absolute(left, right)).sum())
    if current_range is not None and current_range.count:
        below, above = current.below[0] / current.total, 1 - current.through[-1] / current.total
        area += float(below) * max(0.0, float(edges[0]) - current_range.minimum) / 2
        area += float(above) * max(0.0, current_range.maximum - float(edges[-1])) / 2
    return area / scale


def _mean_absolute(left: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Mean of |x| where x goes evenly from `left` to `right`."""
    a, b = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    span = np.where(a == b, 1.0, b - a)
    crossing = (b * np.abs(b) - a * np.abs(a)) / (2 * span)
    return np.where(a == b, np.abs(a), crossing)


def wasserstein_samples(reference: ArrayLike, current: ArrayLike) -> float:
    r"""First Wasserstein distance between two samples, exactly.

    .. math:: W_1 = \int |F_{cur}(x) - F_{ref}(x)|\,dx

    Parameters
    ----------
    reference, current : array-like of float
        Values, in their own unit.

    Returns
    -------
    float
        In [0, inf), in the unit of the values; ``nan`` if either side is empty.

    Examples
    --------
    >>> wasserstein_samples([0, 1, 3], [5, 6, 8]), wasserstein_samples([], [1])
    (5.0, nan)
    """
    a, b = (np.sort(np.asarray(side, dtype=np.float64)) for side in (reference, current))
    if not a.size or not b.size:
        return math.nan
    points = np.union1d(a, b)
    difference = np.searchsorted(b, points[:-1], side="right") / b.size
    difference -= np.searchsorted(a, points[:-1], side="right") / a.size
    return float((np.abs(difference) * np.diff(points)).sum())


def chance_wasserstein(reference: Histogram, n: int, m: int, *, scale: float = 1.0) -> float:
    r"""First Wasserstein distance that two samples of the reference's distribution have on average.

    .. math:: \mathrm{E}[W_1] \approx \sqrt{\tfrac{2}{\pi} (1/n + 1/m)} \; \frac{1}{s} \int \sqrt{F (1 - F)}\,dx

    Parameters
    ----------
    reference : Histogram
        The distribution.
    n, m : int
        Rows on the two sides.
    scale : float
        As in `wasserstein`.

    Returns
    -------
    float
        In [0, inf); ``nan`` where `wasserstein` is.

    References
    ----------
    .. [1] del Barrio, Gine & Matran (1999), Annals of Probability 27(2).

    Examples
    --------
    >>> edges = np.array([0.0, 1.0])
    >>> round(chance_wasserstein(Histogram.of(edges, edges), 100, 100), 4)
    0.0564
    """
    if not n or not m or not reference.total or not reference.edges.size or not scale > 0:
        return math.nan
    share = (reference.through / reference.total)[:-1]
    spread = float((np.sqrt(share * (1 - share)) * np.diff(reference.edges)).sum())
    return math.sqrt(2 / math.pi * (1 / n + 1 / m)) * spread / scale


def _check_edges(reference: Histogram, current: Histogram) -> None:
    if not np.array_equal(reference.edges, current.edges):
        raise IncompatibleStatesError(
            "histograms have different edges",
            expected=f"{reference.edges.size} edges",
            got=f"{current.edges.size} edges",
        )
