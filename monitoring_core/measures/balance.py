"""How evenly rows are spread over categories, and how many peaks a distribution has."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def imbalance(counts: ArrayLike) -> float:
    r"""How far categories are from being equally frequent.

    .. math:: 1 - H / \ln k, \quad H = -\sum_i p_i \ln p_i

    Parameters
    ----------
    counts : array-like of int, shape (k,)
        Rows per category, empty categories included.

    Returns
    -------
    float
        In [0, 1]: 0 for equal shares, 1 where one category has all rows; ``nan`` without rows or with fewer
        than two categories.

    References
    ----------
    .. [1] Pielou (1966), Journal of Theoretical Biology 13 (its complement, evenness).

    Examples
    --------
    >>> imbalance([50, 50]), imbalance([10, 0]), round(imbalance([90, 10]), 3), imbalance([5])
    (0.0, 1.0, 0.531, nan)
    """
    values = np.asarray(counts, dtype=np.float64)
    if values.size < 2 or not values.sum():  # noqa: PLR2004
        return math.nan
    shares = values[values > 0] / values.sum()
    entropy = -float((shares * np.log(shares)).sum())
    return max(0.0, 1 - entropy / math.log(values.size))


def mode_share(counts: ArrayLike) -> float:
    r"""Share of the most frequent category.

    .. math:: \max_i p_i

    Returns
    -------
    float
        In (0, 1]; ``nan`` without rows.

    Examples
    --------
    >>> mode_share([1, 3]), mode_share([])
    (0.75, nan)
    """
    values = np.asarray(counts, dtype=np.float64)
    return float(values.max() / values.sum()) if values.sum() else math.nan


def count_modes(counts: ArrayLike, *, z: float = 3.0) -> int:
    r"""Count the peaks of a histogram that chance does not explain.

    Walking over the bins of equal width, a peak counts when the counts have fallen from it, and risen to
    it, by more than :math:`z \sqrt{a + b}` for counts a (peak) and b (valley): the standard deviation of
    the difference of two Poisson counts.

    Parameters
    ----------
    counts : array-like of int, shape (n_bins,)
        Rows per bin of equal width, in order.
    z : float
        Standard deviations that a valley must be deep.

    Returns
    -------
    int
        0 when there are no rows, else at least 1.

    Examples
    --------
    >>> count_modes([1, 90, 2, 80, 3]), count_modes([10, 12, 9, 11]), count_modes([0, 0])
    (2, 1, 0)
    """
    values = np.asarray(counts, dtype=np.float64)
    if not values.sum():
        return 0
    modes, peak, valley, rising = 1, float(values[0]), float(values[0]), True
    for count in values[1:].tolist():
        peak, valley = max(peak, count), min(valley, count)
        if rising and peak - count > z * math.sqrt(peak + count):
            rising, valley = False, count
        elif not rising and count - valley > z * math.sqrt(valley + count):
            modes, rising, peak = modes + 1, True, count
    return modes
