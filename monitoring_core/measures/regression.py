"""Quality of predicted numbers, with standard errors."""

from __future__ import annotations

import math

import numpy as np

from monitoring_core.stats.error_moments import ErrorMoments
from monitoring_core.stats.grid_counts import GridCounts
from monitoring_core.stats.moments import Moments


def standard_error(moments: Moments) -> float:
    r"""Return the standard error of a mean.

    .. math:: s / \sqrt n

    Returns
    -------
    float
        ``nan`` for fewer than two values.

    Examples
    --------
    >>> round(standard_error(Moments.of(np.array([1.0, 2.0, 3.0]))), 4), standard_error(Moments(1, 2.0))
    (0.5774, nan)
    """
    n = moments.count
    return math.sqrt(moments.m2 / (n - 1) / n) if n > 1 else math.nan


def root_mean_squared_error(squared: Moments) -> float:
    r"""Square root of the mean squared error.

    .. math:: \sqrt{\frac1n \sum_i (y_i - \hat y_i)^2}

    Returns
    -------
    float
        In [0, inf), in units of the label; ``nan`` without rows.

    Examples
    --------
    >>> root_mean_squared_error(Moments.of(np.array([9.0, 16.0, 2.0])))
    3.0
    """
    return math.sqrt(squared.mean) if squared.count else math.nan


def root_mean_squared_error_se(squared: Moments) -> float:
    r"""Return the standard error of the root mean squared error, by the delta method.

    .. math:: \frac{\mathrm{SE}(\mathrm{MSE})}{2\,\mathrm{RMSE}}

    Returns
    -------
    float
        0 where every prediction is exact; ``nan`` for fewer than two rows.

    Examples
    --------
    >>> round(root_mean_squared_error_se(Moments.of(np.array([9.0, 16.0, 2.0]))), 4)
    0.6736
    """
    error = standard_error(squared)
    return error / (2 * root_mean_squared_error(squared)) if error else error


def r2_score(moments: ErrorMoments) -> float:
    r"""Share of the label's variance that the predictions explain: the coefficient of determination.

    .. math:: R^2 = 1 - \frac{\sum_i (y_i - \hat y_i)^2}{\sum_i (y_i - \bar y)^2}

    Returns
    -------
    float
        In (-inf, 1]; 0 for always predicting the mean; ``nan`` for a constant label or no rows.

    Examples
    --------
    >>> r2_score(ErrorMoments.of(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0])))
    0.5
    >>> r2_score(ErrorMoments.of(np.array([1.0, 1.0]), np.array([1.0, 2.0])))
    nan
    """
    return 1 - moments.count * moments.squared_mean / moments.yy if moments.yy > 0 else math.nan


def r2_score_se(moments: ErrorMoments) -> float:
    r"""Return the standard error of R2, by the delta method.

    .. math:: \mathrm{Var}(R^2) \approx \frac{1}{n V^2} \mathrm{Var}\left(u - \frac{m}{V} (y - \bar y)^2\right)

    with :math:`u = (y - \hat y)^2`, m the mean of u and V the variance of y.

    Returns
    -------
    float
        ``nan`` for fewer than two rows or a constant label.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> y = random.normal(size=4000)
    >>> round(r2_score_se(ErrorMoments.of(y, y + random.normal(size=4000))), 3)
    0.032
    """
    n = moments.count
    if n < 2 or not moments.yy > 0:  # noqa: PLR2004 - a spread needs two
        return math.nan
    variance = moments.yy / n
    slope = moments.squared_mean / variance
    spread = (moments.uu - 2 * slope * moments.uyy + slope**2 * (moments.yyyy - n * variance**2)) / (n - 1)
    return math.sqrt(max(0.0, spread) / n) / variance


def error_quantile(sizes: GridCounts, share: float, *, z: float = 0.0) -> tuple[float, float, float]:
    r"""Quantile of the absolute errors, with an interval.

    .. math:: \min \{ e : F(e) \ge \mathrm{share} \}

    The interval is that of the order statistics, at :math:`q \pm z \sqrt{q (1 - q)/n}` for the share q.

    Parameters
    ----------
    sizes : GridCounts
        Absolute errors, in one class.
    share : float
        In (0, 1); 0.5 gives the median.
    z : float
        Half width of the interval in standard errors.

    Returns
    -------
    tuple of float
        Value, lower and upper end; within half a cell of the grid. ``nan`` without rows.

    Examples
    --------
    >>> sizes = GridCounts.of(np.arange(1.0, 101.0), np.zeros(100, dtype=np.intp), 1)
    >>> error_quantile(sizes, 0.5, z=2)
    (50.0, 40.0, 60.0)
    >>> error_quantile(GridCounts.empty(1), 0.5)
    (nan, nan, nan)
    """
    n = sizes.total
    if not n:
        return math.nan, math.nan, math.nan
    half = z * math.sqrt(share * (1 - share) / n)
    through = np.cumsum(sizes.counts[:, 0])
    ranks = np.array([share, share - half, share + half]) * n * (1 - 1e-12)
    at = np.minimum(np.searchsorted(through, ranks), sizes.values.size - 1)
    value, low, high = (sizes.values[at] + sizes.width / 2).tolist()
    return value, low, high
