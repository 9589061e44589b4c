"""Distances between two distributions, and a test: pure functions on counts.

A distance grows with the difference, a p-value shrinks: they are different types, so that a
limit cannot be held against the wrong side of one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Final, NewType, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.measures.chi_square import chi_square_survival
from monitoring_core.stats.histogram import Histogram

Distance = NewType("Distance", float)
"""Violates when it is *above* its limit."""

PValue = NewType("PValue", float)
"""Violates when it is *below* its limit."""

C = TypeVar("C", bound=Hashable)

ROBUST_FACTOR: Final = 1.8
"""c(alpha) of the two-sample Kolmogorov-Smirnov test for alpha = 0.003, as Amazon's analyzer rounds it."""


def kolmogorov_smirnov(reference: Histogram, current: Histogram) -> Distance:
    r"""Kolmogorov-Smirnov distance: the largest difference of two distribution functions.

    .. math:: D = \sup_x |F_{cur}(x) - F_{ref}(x)|

    taken on both sides of every edge. It is exact when the reference jumps only at the edges, whatever
    the current values are: between two edges :math:`F_{ref}` is constant and :math:`F_{cur}` monotone.

    Parameters
    ----------
    reference, current : Histogram
        On the same edges, which come from the reference.

    Returns
    -------
    Distance
        In [0, 1]; ``nan`` if either side has no values or there is no edge.

    Raises
    ------
    IncompatibleStatesError
        If the edges differ.

    Examples
    --------
    >>> import numpy as np
    >>> edges = np.array([2.0, 3.0, 4.0, 5.0])
    >>> kolmogorov_smirnov(Histogram.of(edges, edges), Histogram.of(np.array([1.0, 2.0, 3.0, 4.0]), edges))
    0.25
    >>> kolmogorov_smirnov(Histogram.of(edges, edges), Histogram.of(np.empty(0), edges))
    nan
    """
    if not np.array_equal(reference.edges, current.edges):
        raise IncompatibleStatesError(
            "histograms have different edges",
            expected=f"{reference.edges.size} edges",
            got=f"{current.edges.size} edges",
        )
    if not reference.total or not current.total or not reference.edges.size:
        return Distance(math.nan)
    left = np.abs(current.below / current.total - reference.below / reference.total)
    right = np.abs(current.through / current.total - reference.through / reference.total)
    return Distance(float(max(left.max(), right.max())))


def robust(simple: Distance, n: int, m: int, *, alpha: float | None = None) -> Distance:
    r"""Subtract from a distance what samples of these sizes differ by on their own.

    .. math:: \max\left(0,\; D - c(\alpha) \sqrt{\frac{n + m}{n m}}\right), \quad
              c(\alpha) = \sqrt{-\tfrac{1}{2} \ln(\alpha / 2)}

    Parameters
    ----------
    simple : Distance
        Distance between the samples.
    n, m : int
        Values on the two sides.
    alpha : float, optional
        Chance that two samples of one distribution still differ; default 0.003, with c rounded to 1.8.

    Returns
    -------
    Distance
        In [0, 1]; ``nan`` if a side has no values.

    References
    ----------
    .. [1] Knuth (1998), The Art of Computer Programming 2, section 3.3.1, eq. 15.

    Examples
    --------
    >>> round(robust(Distance(0.5), 1000, 1000), 4)
    0.4195
    >>> robust(Distance(0.25), 4, 4)
    0.0
    >>> robust(Distance(0.25), 0, 4)
    nan
    """
    if not n or not m:
        return Distance(math.nan)
    factor = ROBUST_FACTOR if alpha is None else math.sqrt(-math.log(alpha / 2) / 2)
    corrected = simple - factor * math.sqrt((n + m) / (n * m))
    return Distance(corrected if math.isnan(corrected) else max(0.0, corrected))


def l_infinity(reference: Mapping[C, int], current: Mapping[C, int]) -> Distance:
    r"""Largest difference of the share of any category.

    .. math:: \max_c |q_c - p_c|

    Parameters
    ----------
    reference, current : mapping of category to int
        Counts; a category of one side only has share 0 on the other.

    Returns
    -------
    Distance
        In [0, 1]; ``nan`` if either side has no values.

    Examples
    --------
    >>> l_infinity({"a": 50, "b": 50}, {"a": 75, "b": 25})
    0.25
    >>> l_infinity({"a": 50}, {"b": 50})
    1.0
    >>> l_infinity({}, {"b": 50})
    nan
    """
    m, n = sum(reference.values()), sum(current.values())
    if not n or not m:
        return Distance(math.nan)
    return Distance(
        max(abs(current.get(c, 0) / n - reference.get(c, 0) / m) for c in reference.keys() | current.keys())
    )


def chi_square(reference: Mapping[str, int], current: Mapping[str, int]) -> tuple[float, PValue]:
    r"""Pearson's test that current categories follow the reference's shares.

    .. math:: X^2 = \sum_c \frac{(O_c - E_c)^2}{E_c}, \quad p = P(\chi^2_{k-1} \ge X^2)

    Expected counts are the reference scaled to the current count over its categories; current values of
    other categories are left out. While too many expected counts are small, the smallest category joins
    the second smallest: with two categories both must reach 10 (Cochran), with more at most a fifth may
    be below 5 (Yates).

    Parameters
    ----------
    reference, current : mapping of str to int
        Counts by category.

    Returns
    -------
    statistic : float
        In [0, inf); ``nan`` when fewer than two categories are left.
    p_value : PValue
        In [0, 1]; ``nan`` likewise. Small means different.

    Examples
    --------
    >>> statistic, p_value = chi_square({"a": 20, "b": 20}, {"a": 30})
    >>> statistic, float(f"{p_value:.4g}")
    (30.0, 4.32e-08)
    >>> chi_square({"b": 20}, {"a": 10, "b": 20})
    (nan, nan)
    """
    observed = {category: float(current.get(category, 0)) for category, count in reference.items() if count}
    scale = sum(observed.values()) / (sum(reference.values()) or 1)
    expected = {category: reference[category] * scale for category in observed}
    while len(expected) > 1 and _too_many_small(expected):
        smallest, second = sorted(expected, key=lambda category: (expected[category], category))[:2]
        expected[second] += expected.pop(smallest)
        observed[second] += observed.pop(smallest)
    if len(expected) < 2:  # noqa: PLR2004
        return math.nan, PValue(math.nan)
    statistic = sum((observed[c] - expected[c]) ** 2 / expected[c] for c in expected)
    return statistic, PValue(chi_square_survival(statistic, len(expected) - 1))


def _too_many_small(expected: Mapping[str, float]) -> bool:
    two = len(expected) == 2  # noqa: PLR2004
    least, allowed = (10, 0) if two else (5, int(0.2 * len(expected)))
    return sum(count < least for count in expected.values()) > allowed


def population_stability_index(reference: ArrayLike, current: ArrayLike, *, smoothing: float = 0.5) -> float:
    r"""Return the population stability index (PSI) between two sets of bin counts.

    .. math:: \mathrm{PSI} = \sum_i (q_i - p_i)\,\ln(q_i / p_i)

    the Jeffreys divergence of the binned shares, in nats. Without drift it is about
    :math:`(B - 1)(1/n + 1/m)` for B bins, not 0.

    Parameters
    ----------
    reference, current : array-like of int, shape (n_bins,)
        Row counts over the *same* bins. Edges come from the baseline, never from `current`.
    smoothing : float, default 0.5
        Rows added to every bin. With 0 the result is ``inf`` when a bin is empty on one side only.

    Returns
    -------
    float
        In [0, inf]; 0 means identical shares; ``nan`` if either side has no rows.

    Raises
    ------
    IncompatibleStatesError
        If the two sides have different numbers of bins.

    References
    ----------
    .. [1] Jeffreys (1946), Proc. R. Soc. A 186.

    Examples
    --------
    >>> round(population_stability_index([10, 20, 30, 40], [40, 30, 20, 10], smoothing=0.0), 3)
    0.913
    >>> round(population_stability_index([10, 20], [30, 0]), 3)      # an emptied bin
    3.084
    >>> population_stability_index([10, 20], [0, 0])
    nan
    """
    pair = shares(reference, current, smoothing)
    if pair is None:
        return math.nan
    p, q = pair
    differ = p != q
    with np.errstate(divide="ignore"):
        return float(((q - p)[differ] * np.log(q[differ] / p[differ])).sum())


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> Distance:
    r"""Jensen-Shannon distance between two sets of bin counts.

    .. math:: \sqrt{\tfrac12 D_{KL}(p \,\|\, m) + \tfrac12 D_{KL}(q \,\|\, m)}, \quad m = \tfrac12 (p + q)

    with logarithms to base 2; a metric that stays finite when bins are empty.

    Parameters
    ----------
    reference, current : array-like of int, shape (n_bins,)
        Row counts over the same bins.

    Returns
    -------
    Distance
        In [0, 1]; ``nan`` if either side has no rows.

    Raises
    ------
    IncompatibleStatesError
        If the two sides have different numbers of bins.

    References
    ----------
    .. [1] Lin (1991), IEEE Trans. Information Theory 37(1).

    Examples
    --------
    >>> jensen_shannon([10, 0], [0, 10]), jensen_shannon([1, 3], [2, 6])
    (1.0, 0.0)
    >>> round(jensen_shannon([10, 20, 30], [30, 20, 10]), 4)
    0.3547
    """
    pair = shares(reference, current)
    if pair is None:
        return Distance(math.nan)
    middle = (pair[0] + pair[1]) / 2
    divergence = sum(float((s[s > 0] * np.log2(s[s > 0] / middle[s > 0])).sum()) for s in pair) / 2
    return Distance(math.sqrt(max(0.0, divergence)))


def shares(
    reference: ArrayLike, current: ArrayLike, smoothing: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the shares per bin of both sides; None if a side has no rows."""
    p, q = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if p.shape != q.shape:
        raise IncompatibleStatesError(
            "counts have different numbers of bins", expected=f"{p.size} bins", got=f"{q.size} bins"
        )
    if not p.sum() or not q.sum():
        return None
    p, q = p + smoothing, q + smoothing
    return p / p.sum(), q / q.sum()
