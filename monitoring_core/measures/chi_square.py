"""The chi-square distribution, so that the core needs no scientific library."""

from __future__ import annotations

import math
from typing import Final

_PRECISION: Final = 1e-16
_TINY: Final = 1e-300
_MAX_TERMS: Final = 100_000


def chi_square_survival(statistic: float, degrees_of_freedom: int) -> float:
    r"""Chance that a chi-square variable is at least `statistic`.

    .. math:: P(\chi^2_k \ge x) = Q(k/2, x/2)

    with the regularised upper incomplete gamma function: its power series below the mean, its continued
    fraction (modified Lentz) above [1]_. Relative error below 1e-12.

    Parameters
    ----------
    statistic : float
        Not negative.
    degrees_of_freedom : int
        At least 1.

    Returns
    -------
    float
        In [0, 1]; ``nan`` if `statistic` is.

    References
    ----------
    .. [1] Press et al. (2007), Numerical Recipes, 3rd ed., section 6.2.

    Examples
    --------
    >>> round(chi_square_survival(3.841458820694124, 1), 12)
    0.05
    >>> chi_square_survival(0.0, 3)
    1.0
    """
    a, x = degrees_of_freedom / 2, statistic / 2
    if math.isnan(x) or x <= 0:
        return x if math.isnan(x) else 1.0
    if math.isinf(x):
        return 0.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - scale * _series(a, x) if x < a + 1 else scale * _continued_fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, _MAX_TERMS):
        term *= x / (a + n)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _continued_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c = 1 / _TINY
    d = fraction = 1 / b
    for n in range(1, _MAX_TERMS):
        factor = -n * (n - a)
        b += 2
        d = 1 / ((factor * d + b) or _TINY)
        c = (b + factor / c) or _TINY
        fraction *= d * c
        if abs(d * c - 1) < _PRECISION * 10:
            break
    return fraction
