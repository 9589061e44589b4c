"""Intervals and p-values that stay valid however often they are looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitoring_core.measures.distance import PValue
from monitoring_core.stats.moments import Moments

TUNED_FOR = 10_000
"""Observations at which the sequence is tightest; elsewhere it is wider, but as valid."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of a treatment less that of the control.

    Attributes
    ----------
    estimate : float
        ``nan`` where an arm is empty.
    standard_error : float
        Of the estimate, with separate variances; ``nan`` where an arm has fewer than two observations.
    n : int
        Observations of both arms.
    """

    estimate: float
    standard_error: float
    n: int

    @classmethod
    def of(cls, treatment: Moments, control: Moments) -> Difference:
        """Compare two arms.

        Examples
        --------
        >>> difference = Difference.of(Moments(2, 4.0, 2.0, 1.0, 3.0), Moments(2, 2.0, 2.0, 0.0, 2.0))
        >>> difference.estimate, round(difference.standard_error, 4)
        (1.0, 1.4142)
        """
        n = treatment.count + control.count
        if min(treatment.count, control.count) < 2:  # noqa: PLR2004 - no spread of one value
            return cls(treatment.mean - control.mean, math.nan, n)
        parts = (arm.m2 / (arm.count - 1) / arm.count for arm in (treatment, control))
        return cls(treatment.mean - control.mean, math.sqrt(sum(parts)), n)


def interval(difference: Difference, *, alpha: float = 0.05, tuned_for: int = TUNED_FOR) -> tuple[float, float]:
    r"""Interval of a difference that covers the truth at every look at once, with probability ``1 - alpha``.

    The asymptotic confidence sequence of a normal mixture [1]_: with standard error s after n observations,

    .. math:: \hat\delta \pm s \sqrt{\frac{2 (m + 1)}{m} \log \frac{\sqrt{m + 1}}{\alpha}},
              \quad m = n \rho^2, \quad
              \rho^2 = \frac{-2 \log \alpha + \log(-2 \log \alpha) + 1}{n^*}

    Parameters
    ----------
    difference : Difference
    alpha : float
        Chance, over all looks together, that the truth is outside once.
    tuned_for : int
        The n* at which the interval is tightest.

    Returns
    -------
    tuple of float
        ``(nan, nan)`` where the standard error is undefined.

    Notes
    -----
    Valid in the limit of many observations; `compare` does not look before an arm has `min_n` of them.

    References
    ----------
    .. [1] Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2021), arXiv 2103.06476, theorem 2.2 and appendix B.2.

    Examples
    --------
    >>> low, high = interval(Difference(0.02, 0.005, 10_000))
    >>> round(low, 4), round(high, 4)
    (0.0048, 0.0352)
    """
    m = difference.n * _rho_squared(alpha, tuned_for)
    if not m or math.isnan(difference.standard_error):
        return math.nan, math.nan
    half = difference.standard_error * math.sqrt(2 * (m + 1) / m * math.log(math.sqrt(m + 1) / alpha))
    return difference.estimate - half, difference.estimate + half


def p_value(difference: Difference, *, alpha: float = 0.05, tuned_for: int = TUNED_FOR) -> PValue:
    r"""Smallest level at which the interval of this look leaves zero out; the smallest of all looks is valid, too.

    .. math:: p = \min\left(1, \sqrt{m + 1}\, e^{-z^2 m / (2 (m + 1))}\right), \quad z = \hat\delta / s

    Parameters
    ----------
    alpha : float
        Only tunes the sequence, as in `interval`; the p-value is valid for every level.

    Returns
    -------
    PValue
        ``nan`` where the standard error is undefined; 1 where nothing differs at all.

    Examples
    --------
    >>> round(p_value(Difference(0.02, 0.005, 10_000)), 4)
    0.0024
    """
    m = difference.n * _rho_squared(alpha, tuned_for)
    if not m or math.isnan(difference.standard_error):
        return PValue(math.nan)
    if not difference.standard_error:
        return PValue(0.0 if difference.estimate else 1.0)
    z = difference.estimate / difference.standard_error
    return PValue(min(1.0, math.exp(0.5 * math.log(m + 1) - z * z * m / (2 * (m + 1)))))


def _rho_squared(alpha: float, tuned_for: int) -> float:
    spread = -2 * math.log(alpha)
    return (spread + math.log(spread) + 1) / tuned_for
