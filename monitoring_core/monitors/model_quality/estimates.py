"""Estimates: a number with its standard deviation and the interval that chance explains."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Final

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.measures.proportion import wilson_interval

STANDARD_ERRORS: Final = 3.0
"""Half width of every interval: chance leaves it in about 1 of 370 windows."""

CONFIDENCE: Final = 2 * NormalDist().cdf(STANDARD_ERRORS) - 1

_ROUNDING: Final = 1e-12
"""What the order of adding may change of a sum."""


def share(metric: str, value: float, n: float, deviation: float = math.nan) -> Measurement:
    """Return the estimate of a share of `n` rows, with Wilson's interval, which does not collapse at 0 and 1.

    Examples
    --------
    >>> share("accuracy", 1.0, 50).interval[0] < 0.9
    True
    """
    defined = not math.isnan(value)
    interval = wilson_interval(round(value * n), round(n), confidence=CONFIDENCE) if defined else None
    return Measurement(metric, value, int(n), interval=interval, standard_deviation=_known(deviation))


def around(
    metric: str,
    value: float,
    n: float,
    deviation: float,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
    slack: float = 0.0,
) -> Measurement:
    """Return an estimate with the interval of a normal distribution, cut to its possible values.

    Parameters
    ----------
    within : tuple of float
        Possible values of the metric.
    slack : float
        What the value may be off for other reasons than chance.

    Examples
    --------
    >>> around("auc", 0.9, 500, 0.05, within=(0.0, 1.0)).interval
    (0.75, 1.0)
    """
    half = STANDARD_ERRORS * deviation + slack
    interval = (max(within[0], value - half), min(within[1], value + half)) if not math.isnan(value + half) else None
    return Measurement(metric, value, int(n), interval=interval, standard_deviation=_known(deviation))


def as_amazon(measurement: Measurement) -> Measurement:
    """Return an estimate as Amazon's analyzer takes it: undefined is 0, and only rounding is no difference.

    Examples
    --------
    >>> as_amazon(share("precision", math.nan, 0)).value
    0.0
    """
    value = 0.0 if math.isnan(measurement.value) else measurement.value
    room = abs(value) * _ROUNDING
    return replace(measurement, value=value, interval=(value - room, value + room))


def _known(deviation: float) -> float | None:
    return None if math.isnan(deviation) else deviation
