"""Shares of rows: intervals, and tests of two of them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from monitoring_core.measures.distance import PValue

_EXACT_EVENTS: Final = 10_000
_NEGLIGIBLE: Final = 1e-17


def wilson_interval(part: int, whole: int, *, confidence: float = 0.95) -> tuple[float, float]:
    r"""Wilson's score interval of a share.

    .. math:: \frac{\hat p + z^2/2n \pm z \sqrt{\hat p (1 - \hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    part, whole : int
        Rows that have the property, of all rows.
    confidence : float
        Chance that the interval covers the true share.

    Returns
    -------
    tuple of float
        Within [0, 1]; ``(nan, nan)`` if there are no rows.

    References
    ----------
    .. [1] Wilson (1927), Journal of the American Statistical Association 22.

    Examples
    --------
    >>> tuple(round(end, 4) for end in wilson_interval(0, 20))
    (0.0, 0.1611)
    >>> wilson_interval(0, 0)
    (nan, nan)
    """
    if not whole:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, square = part / whole, z * z / whole
    centre = share + square / 2
    half = z * math.sqrt(share * (1 - share) / whole + square / (4 * whole))
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))


def increase_p_value(reference_part: int, reference_whole: int, part: int, whole: int) -> PValue:
    r"""P-value that a share did not rise: small where the current share is larger than the reference's.

    Fisher's exact test, one-sided: given all K events among N rows, the chance that a window of n rows gets
    at least its x events,

    .. math:: p = \sum_{k \ge x} \binom{K}{k} \binom{N - K}{n - k} \Big/ \binom{N}{n}

    With more than 10,000 events it is the pooled z-test, which is then the same to three digits.

    Parameters
    ----------
    reference_part, reference_whole : int
        Rows with the property, and all rows, of the reference.
    part, whole : int
        The same of the window.

    Returns
    -------
    PValue
        In [0, 1]; ``nan`` if a side has no rows.

    References
    ----------
    .. [1] Fisher (1935), Journal of the Royal Statistical Society 98(1).

    Examples
    --------
    >>> round(increase_p_value(1, 10, 5, 10), 4)
    0.0704
    >>> increase_p_value(0, 100, 0, 50), increase_p_value(0, 0, 1, 2)
    (1.0, nan)
    """
    if not reference_whole or not whole:
        return PValue(math.nan)
    events, rows = reference_part + part, reference_whole + whole
    if events > _EXACT_EVENTS and rows - events > _EXACT_EVENTS:
        return _z_test(reference_part, reference_whole, part, whole)
    if events > rows - events:  # count the rarer side: at least x of the events is at most n - x of the others
        return _lower_tail(rows - events, rows, whole - part, whole)
    return _upper_tail(events, rows, part, whole)


def _z_test(reference_part: int, reference_whole: int, part: int, whole: int) -> PValue:
    pooled = (reference_part + part) / (reference_whole + whole)
    error = math.sqrt(pooled * (1 - pooled) * (1 / reference_whole + 1 / whole))
    z = (part / whole - reference_part / reference_whole) / error
    return PValue(math.erfc(z / math.sqrt(2)) / 2)


def _upper_tail(events: int, rows: int, part: int, whole: int) -> PValue:
    highest = min(events, whole)
    lowest = max(0, events + whole - rows)
    if part <= lowest:
        return PValue(1.0)
    term = total = math.exp(_log_chance(events, rows, part, whole))
    for k in range(part, highest):
        term *= (events - k) * (whole - k) / ((k + 1) * (rows - events - whole + k + 1))
        total += term
        if term < total * _NEGLIGIBLE and k > events * whole / rows:
            break
    return PValue(min(1.0, total))


def _lower_tail(events: int, rows: int, part: int, whole: int) -> PValue:
    """At most `part` events in `whole` rows is at least the rest of the events in the rest of the rows."""
    return _upper_tail(events, rows, events - part, rows - whole)


def _log_chance(events: int, rows: int, part: int, whole: int) -> float:
    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    return log_choose(events, part) + log_choose(rows - events, whole - part) - log_choose(rows, whole)
