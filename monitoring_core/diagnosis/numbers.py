"""Two columns of numbers, as sketches: how far apart they are, and whether one is the other in another unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.diagnosis.shares import tolerance
from monitoring_core.stats.quantiles import Sketch

Floats = NDArray[np.float64]

FAR: Final = 0.3
"""Distance from which a change of unit is looked for: it moves nearly all of a distribution."""
LARGE_FACTOR: Final = 5.0
"""A factor so large is a change of unit, whatever it is."""
FACTORS: Final = (1.609344, 2.54, 0.45359237, 0.3048, 7.0, 12.0, 24.0, 60.0, 3600.0, 1024.0)
"""Mile, inch, pound, foot; days a week, months a year, hours, minutes, seconds; bytes."""
NEAR: Final = 0.02
"""Relative distance at which two factors are the same."""
TEMPERATURES: Final = (
    ("degrees Celsius to Fahrenheit", 1.8, 32.0),
    ("degrees Fahrenheit to Celsius", 1 / 1.8, -32 / 1.8),
    ("degrees Celsius to kelvin", 1.0, 273.15),
    ("kelvin to degrees Celsius", 1.0, -273.15),
)


def distance(reference: Sketch, current: Sketch, change: Callable[[Floats], Floats] = np.asarray) -> float:
    """Return the Kolmogorov-Smirnov distance of two sketches, the reference's values changed before.

    Returns
    -------
    float
        In [0, 1]; ``nan`` if either has no values.

    Examples
    --------
    >>> from monitoring_core.stats.quantiles import Quantiles
    >>> metres = Quantiles.of(np.array([1.0, 2.0, 3.0]))
    >>> distance(metres, Quantiles.of(np.array([10.0, 20.0, 30.0])), lambda x: 10 * x)
    0.0
    """
    if not reference.count or not current.count:
        return math.nan
    values = np.concatenate([change(reference.items), current.items])
    parts = reference.weights / reference.weights.sum(), -current.weights / current.weights.sum()
    order = np.argsort(values, kind="stable")
    difference = np.cumsum(np.concatenate(parts)[order])
    last_of_value = np.append(np.diff(values[order]) != 0, True)
    return abs(float(np.abs(difference[last_of_value]).max()))


def unit_change(reference: Sketch, current: Sketch) -> str | None:
    """Say in which other unit the current values are, if they are the reference's in another unit.

    Examples
    --------
    >>> from monitoring_core.stats.quantiles import Quantiles
    >>> seconds = np.random.default_rng(1).lognormal(size=500)
    >>> unit_change(Quantiles.of(seconds), Quantiles.of(1000 * seconds))
    'multiplied by 1000'
    >>> unit_change(Quantiles.of(seconds), Quantiles.of(seconds + 0.1)) is None
    True
    """
    apart = distance(reference, current)
    if not apart >= FAR:
        return None
    allowed = min(tolerance(reference.count, current.count), apart / 2)
    for name, factor, offset in TEMPERATURES:
        if distance(reference, current, _affine(factor, offset)) <= allowed:
            return f"converted from {name}"
    if distance(reference, current, np.negative) <= allowed:
        return "with the opposite sign"
    found = _factor(reference, current)
    if found is None or not _is_unit(found) or distance(reference, current, _affine(found, 0.0)) > allowed:
        return None
    return f"multiplied by {found:.4g}"


def _affine(factor: float, offset: float) -> Callable[[Floats], Floats]:
    return lambda values: factor * values + offset


def _factor(reference: Sketch, current: Sketch) -> float | None:
    """Return the factor between the quartiles that are farthest from zero."""
    before, after = _quartiles(reference), _quartiles(current)
    i = int(np.argmax(np.abs(before)))
    factor = float(after[i] / before[i]) if before[i] else 0.0
    return _rounded(factor) if factor > 0 and math.isfinite(factor) else None


def _quartiles(sketch: Sketch) -> Floats:
    order = np.argsort(sketch.items)
    ranks = np.cumsum(sketch.weights[order]) / sketch.weights.sum()
    return sketch.items[order][np.searchsorted(ranks, [0.25, 0.5, 0.75])]


def _rounded(factor: float) -> float:
    """Return the power of ten that is near, else the factor itself: quartiles are known to some percent only."""
    power = 10.0 ** round(math.log10(factor))
    return power if power != 1 and abs(factor / power - 1) < 5 * NEAR else factor


def _is_unit(factor: float) -> bool:
    large = factor >= LARGE_FACTOR or factor <= 1 / LARGE_FACTOR
    return large or any(abs(factor / one - 1) < NEAR or abs(factor * one - 1) < NEAR for one in FACTORS)
