"""Divergences of two sets of counts beyond those in `distance`, and what chance alone makes of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from monitoring_core.measures.distance import Distance, shares


def kullback_leibler(reference: ArrayLike, current: ArrayLike, *, smoothing: float = 0.5) -> float:
    r"""Kullback-Leibler divergence of the current shares from the reference's.

    .. math:: D_{KL}(q \,\|\, p) = \sum_i q_i \ln(q_i / p_i)

    in nats: the surprise per row of someone who expects the reference. Not symmetric. Without drift it is
    about :math:`\tfrac12 (B - 1)(1/n + 1/m)` for B bins.

    Parameters
    ----------
    reference, current : array-like of int, shape (n_bins,)
        Row counts over the same bins.
    smoothing : float, default 0.5
        Rows added to every bin. With 0 the result is ``inf`` when only the reference has an empty bin.

    Returns
    -------
    float
        In [0, inf]; ``nan`` if either side has no rows.

    Raises
    ------
    IncompatibleStatesError
        If the two sides have different numbers of bins.

    References
    ----------
    .. [1] Kullback & Leibler (1951), Annals of Mathematical Statistics 22(1).

    Examples
    --------
    >>> round(kullback_leibler([50, 50], [75, 25], smoothing=0.0), 4)
    0.1308
    >>> kullback_leibler([10, 0], [5, 5], smoothing=0.0), kullback_leibler([1, 1], [0, 0])
    (inf, nan)
    """
    pair = shares(reference, current, smoothing)
    if pair is None:
        return math.nan
    p, q = pair
    held = q > 0
    with np.errstate(divide="ignore"):
        return max(0.0, float((q[held] * np.log(q[held] / p[held])).sum()))


def hellinger(reference: ArrayLike, current: ArrayLike) -> Distance:
    r"""Hellinger distance between two sets of bin counts.

    .. math:: H = \sqrt{1 - \sum_i \sqrt{p_i q_i}}

    a metric, finite when bins are empty; :math:`H^2 \le TV \le \sqrt 2 H`.

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
    .. [1] Hellinger (1909), Journal fuer die reine und angewandte Mathematik 136.

    Examples
    --------
    >>> hellinger([10, 0], [0, 10]), hellinger([1, 3], [2, 6])
    (1.0, 0.0)
    >>> round(hellinger([50, 50], [75, 25]), 4)
    0.1846
    """
    pair = shares(reference, current)
    if pair is None:
        return Distance(math.nan)
    return Distance(math.sqrt(float(np.square(np.sqrt(pair[0]) - np.sqrt(pair[1])).sum()) / 2))


def total_variation(reference: ArrayLike, current: ArrayLike) -> Distance:
    r"""Total variation: the share of rows that would have to change bins.

    .. math:: TV = \tfrac12 \sum_i |q_i - p_i|

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

    Examples
    --------
    >>> total_variation([50, 50], [75, 25]), total_variation([1, 0], [0, 0])
    (0.25, nan)
    """
    pair = shares(reference, current)
    return Distance(math.nan if pair is None else float(np.abs(pair[1] - pair[0]).sum()) / 2)


def chance_psi(bins: int, n: int, m: int) -> float:
    r"""Return the population stability index that two samples of one distribution have on average.

    .. math:: \mathrm{E}[\mathrm{PSI}] \approx (B - 1) (1/n + 1/m)

    because, divided by :math:`1/n + 1/m`, it is asymptotically chi-square with B - 1 degrees of freedom.

    Parameters
    ----------
    bins : int
        Bins that have rows on either side.
    n, m : int
        Rows on the two sides.

    Returns
    -------
    float
        In [0, inf); ``nan`` if a side has no rows.

    References
    ----------
    .. [1] Yurdakul & Naranjo (2020), Journal of Risk Model Validation 14(4).

    Examples
    --------
    >>> round(chance_psi(10, 1000, 1000), 3), chance_psi(10, 0, 5)
    (0.018, nan)
    """
    return max(0, bins - 1) * (1 / n + 1 / m) if n and m else math.nan


def chance_kullback_leibler(bins: int, n: int, m: int) -> float:
    r"""Kullback-Leibler divergence by chance: half of `chance_psi`, in nats.

    Examples
    --------
    >>> round(chance_kullback_leibler(10, 1000, 1000), 3)
    0.009
    """
    return chance_psi(bins, n, m) / 2


def chance_hellinger(bins: int, n: int, m: int) -> float:
    r"""Hellinger distance by chance, as root mean square.

    .. math:: \sqrt{\mathrm{E}[H^2]} \approx \sqrt{\tfrac18 (B - 1)(1/n + 1/m)}

    Examples
    --------
    >>> round(chance_hellinger(10, 1000, 1000), 4)
    0.0474
    """
    return math.sqrt(chance_psi(bins, n, m) / 8)


def chance_jensen_shannon(bins: int, n: int, m: int) -> float:
    r"""Jensen-Shannon distance (base 2) by chance, as root mean square.

    .. math:: \sqrt{\mathrm{E}[JS^2]} \approx \sqrt{\tfrac{1}{8 \ln 2} (B - 1)(1/n + 1/m)}

    Examples
    --------
    >>> round(chance_jensen_shannon(10, 1000, 1000), 4)
    0.057
    """
    return math.sqrt(chance_psi(bins, n, m) / (8 * math.log(2)))


def beyond_chance(divergence: float, chance: float) -> float:
    r"""Subtract from a divergence (PSI, KL, W1) what chance explains on average.

    .. math:: \max(0, d - \mathrm{E}_0[d])

    Examples
    --------
    >>> round(beyond_chance(0.05, 0.018), 3), beyond_chance(0.01, 0.018), beyond_chance(float("nan"), 0.0)
    (0.032, 0.0, nan)
    """
    rest = divergence - chance
    return rest if math.isnan(rest) else max(0.0, rest)


def root_beyond_chance(distance: float, chance: float) -> Distance:
    r"""Subtract chance from a distance whose square adds up (Jensen-Shannon, Hellinger).

    .. math:: \sqrt{\max(0, d^2 - \mathrm{E}_0[d^2])}

    Examples
    --------
    >>> root_beyond_chance(0.5, 0.3), root_beyond_chance(0.02, 0.03)
    (0.4, 0.0)
    """
    return Distance(math.sqrt(beyond_chance(distance**2, chance**2)))
