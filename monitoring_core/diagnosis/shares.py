"""Shares of rows that have grown, beyond chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from monitoring_core.measures.proportion import wilson_interval

NOTEWORTHY: Final = 0.05
"""Growth of a share that is worth a word."""


def tolerance(n: int, m: int) -> float:
    """Return the Kolmogorov-Smirnov distance that chance alone exceeds in one of about 1,000 pairs of samples.

    Examples
    --------
    >>> round(tolerance(1000, 1000), 4)
    0.0872
    """
    return 1.95 * math.sqrt((n + m) / (n * m))


def has_grown(before: tuple[int, int], now: tuple[int, int], *, by: float = NOTEWORTHY) -> bool:
    """Tell whether a share, as (part, whole), has grown by so much, and beyond chance.

    Examples
    --------
    >>> has_grown((0, 1000), (100, 1000)), has_grown((100, 1000), (2, 10))
    (True, False)
    """
    if not before[1] or not now[1]:
        return False
    low, _ = wilson_interval(*now, confidence=0.999)
    return now[0] / now[1] - before[0] / before[1] >= by and low > before[0] / before[1]


def total_variation(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """Return the total variation distance of two sets of counts, 0 to 1; ``nan`` if either is empty.

    Examples
    --------
    >>> total_variation({"a": 1, "b": 1}, {"a": 2})
    0.5
    """
    n, m = sum(before.values()), sum(now.values())
    if not n or not m:
        return math.nan
    return sum(abs(before.get(key, 0) / n - now.get(key, 0) / m) for key in {*before, *now}) / 2
