"""Shifts of location, spread and shape between two samples."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from monitoring_core.measures.distance import PValue
from monitoring_core.measures.two_samples import normal_two_sided
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.moments import Moments


def mean_shift(reference: Moments, current: Moments) -> float:
    r"""Difference of means in standard deviations of the reference.

    .. math:: (\bar x_{cur} - \bar x_{ref}) / s_{ref}

    (Glass's delta.)

    Parameters
    ----------
    reference, current : Moments
        Of the values.

    Returns
    -------
    float
        In (-inf, inf); ``nan`` if a side is empty or the reference is constant.

    References
    ----------
    .. [1] Glass (1976), Educational Researcher 5(10).

    Examples
    --------
    >>> mean_shift(Moments.of(np.array([1.0, 3.0])), Moments.of(np.array([3.0, 5.0])))
    2.0
    >>> mean_shift(Moments.of(np.array([1.0])), Moments.of(np.array([3.0])))
    nan
    """
    spread = reference.standard_deviation
    return (current.mean - reference.mean) / spread if spread > 0 else math.nan


def mean_shift_interval(reference: Moments, current: Moments, *, confidence: float = 0.95) -> tuple[float, float]:
    r"""Interval of `mean_shift`, from the standard errors of both means.

    .. math:: \Delta \pm z \sqrt{s_{ref}^2 / m + s_{cur}^2 / n} \, / \, s_{ref}

    Parameters
    ----------
    reference, current : Moments
        Of the values.
    confidence : float
        Chance that the interval covers the true shift, for large samples.

    Returns
    -------
    tuple of float
        ``(nan, nan)`` where the shift is undefined.

    Examples
    --------
    >>> values = Moments.of(np.array([1.0, 3.0] * 50))
    >>> tuple(round(end, 3) for end in mean_shift_interval(values, values))
    (-0.277, 0.277)
    """
    shift = mean_shift(reference, current)
    if math.isnan(shift):
        return math.nan, math.nan
    half = NormalDist().inv_cdf((1 + confidence) / 2) * _standard_error(reference, current)
    return shift - half, shift + half


def mean_shift_p_value(reference: Moments, current: Moments) -> PValue:
    """Two-sided p-value that the means are equal: Welch's statistic against the normal distribution.

    Returns
    -------
    PValue
        In [0, 1]; ``nan`` where the shift is undefined.

    References
    ----------
    .. [1] Welch (1947), Biometrika 34.

    Examples
    --------
    >>> values = Moments.of(np.array([1.0, 3.0] * 50))
    >>> mean_shift_p_value(values, values)
    1.0
    """
    shift = mean_shift(reference, current)
    return normal_two_sided(shift / _standard_error(reference, current) if not math.isnan(shift) else math.nan)


def spread_ratio(reference: Moments, current: Moments) -> float:
    r"""Ratio of standard deviations.

    .. math:: s_{cur} / s_{ref}

    Returns
    -------
    float
        In [0, inf); 1 means equal, 0 a frozen window; ``nan`` if a side is empty or the reference is constant.

    Examples
    --------
    >>> spread_ratio(Moments.of(np.array([1.0, 3.0])), Moments.of(np.array([0.0, 6.0])))
    3.0
    """
    spread = reference.standard_deviation
    return current.standard_deviation / spread if spread > 0 else math.nan


def quantile(histogram: Histogram, share: float) -> float:
    r"""Quantile of a distribution known at its edges.

    .. math:: \min \{ e : F(e) \ge \mathrm{share} \}

    Parameters
    ----------
    histogram : Histogram
        The distribution.
    share : float
        In [0, 1]; 0.5 is the (lower) median.

    Returns
    -------
    float
        One of the edges; ``inf`` if so many values lie beyond the last edge; ``nan`` when empty.

    Examples
    --------
    >>> edges = np.array([1.0, 2.0, 3.0, 4.0])
    >>> quantile(Histogram.of(edges, edges), 0.5), quantile(Histogram.of(edges + 9, edges), 0.5)
    (2.0, inf)
    >>> quantile(Histogram.of(np.empty(0), edges), 0.5)
    nan
    """
    if not histogram.total or not histogram.edges.size:
        return math.nan
    position = int(np.searchsorted(histogram.through, share * histogram.total * (1 - 1e-12), side="left"))
    return float(histogram.edges[position]) if position < histogram.edges.size else math.inf


def _standard_error(reference: Moments, current: Moments) -> float:
    """Return the standard error of the difference of means, in the reference's standard deviations."""
    return math.sqrt(1 / reference.count + current.variance / reference.variance / current.count)
