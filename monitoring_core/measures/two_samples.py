"""Tests whether two samples come from one distribution: p-values, small where they do not."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.measures.chi_square import chi_square_survival
from monitoring_core.measures.distance import Distance, PValue

_SMALL_LAMBDA: Final = 0.2
_TERMS: Final = 101
_MIN_EXPECTED: Final = 5.0


def kolmogorov_smirnov_p_value(distance: Distance, n: int, m: int) -> PValue:
    r"""P-value of a two-sample Kolmogorov-Smirnov distance, from its limiting distribution.

    .. math:: p = 2 \sum_{j \ge 1} (-1)^{j-1} e^{-2 j^2 \lambda^2}, \quad \lambda = D \sqrt{\tfrac{n m}{n + m}}

    With ties it is too large rather than too small.

    Parameters
    ----------
    distance : Distance
        From `kolmogorov_smirnov`.
    n, m : int
        Values on the two sides.

    Returns
    -------
    PValue
        In [0, 1]; ``nan`` if a side has no values or the distance is undefined.

    References
    ----------
    .. [1] Smirnov (1948), Annals of Mathematical Statistics 19(2).

    Examples
    --------
    >>> round(kolmogorov_smirnov_p_value(Distance(0.1358), 200, 200), 3)
    0.05
    >>> kolmogorov_smirnov_p_value(Distance(0.0), 10, 10), kolmogorov_smirnov_p_value(Distance(0.1), 0, 10)
    (1.0, nan)
    """
    if not n or not m or math.isnan(distance):
        return PValue(math.nan)
    scaled = distance * math.sqrt(n * m / (n + m))
    if scaled < _SMALL_LAMBDA:  # the series needs many terms, and its value is 1 to 12 digits
        return PValue(1.0)
    terms = (2 * (-1) ** (j - 1) * math.exp(-2 * j * j * scaled * scaled) for j in range(1, _TERMS))
    return PValue(min(1.0, max(0.0, math.fsum(terms))))


def chi_square_homogeneity(reference: ArrayLike, current: ArrayLike) -> tuple[float, PValue]:
    r"""Pearson's test that two samples have the same shares; both count as samples.

    .. math:: X^2 = \sum_{s,i} \frac{(O_{si} - E_{si})^2}{E_{si}}, \quad
              E_{si} = \frac{n_s (O_{1i} + O_{2i})}{n_1 + n_2}, \quad p = P(\chi^2_{k-1} \ge X^2)

    Bins are pooled, smallest first, until every expected count is at least 5.

    Parameters
    ----------
    reference, current : array-like of int, shape (n_bins,)
        Row counts over the same bins.

    Returns
    -------
    statistic : float
        In [0, inf); ``nan`` when fewer than two bins are left.
    p_value : PValue
        In [0, 1]; ``nan`` likewise.

    References
    ----------
    .. [1] Cochran (1954), Biometrics 10(4).

    Examples
    --------
    >>> statistic, p_value = chi_square_homogeneity([50, 50], [70, 30])
    >>> round(statistic, 3), round(p_value, 5)
    (8.333, 0.00389)
    >>> chi_square_homogeneity([10, 0], [20, 0])
    (nan, nan)
    """
    counts = np.array([np.asarray(reference), np.asarray(current)], dtype=np.float64)
    totals = counts.sum(axis=1)
    if not totals.all():
        return math.nan, PValue(math.nan)
    pooled = _pool(counts, totals)
    if pooled.shape[1] < 2:  # noqa: PLR2004
        return math.nan, PValue(math.nan)
    expected = np.outer(totals, pooled.sum(axis=0)) / totals.sum()
    statistic = float((np.square(pooled - expected) / expected).sum())
    return statistic, PValue(chi_square_survival(statistic, pooled.shape[1] - 1))


def _pool(counts: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the smallest bins until each is expected to hold enough rows on the smaller side."""
    order = np.argsort(counts.sum(axis=0), kind="stable")
    ordered = counts[:, order]
    expected = ordered.sum(axis=0) * totals.min() / totals.sum()
    small = int(np.count_nonzero(expected < _MIN_EXPECTED))
    while 0 < small < expected.size and expected[:small].sum() < _MIN_EXPECTED:
        small += 1
    if small <= 1:
        kept: NDArray[np.float64] = ordered[:, ordered.sum(axis=0) > 0] if small else ordered
        return kept
    merged = ordered[:, :small].sum(axis=1, keepdims=True)
    return np.concatenate([merged, ordered[:, small:]], axis=1)


def normal_two_sided(z: float) -> PValue:
    r"""Two-sided p-value of a standard normal variable.

    .. math:: p = \mathrm{erfc}(|z| / \sqrt 2)

    Examples
    --------
    >>> round(normal_two_sided(1.959963985), 6), normal_two_sided(float("nan"))
    (0.05, nan)
    """
    return PValue(math.erfc(abs(z) / math.sqrt(2)))
