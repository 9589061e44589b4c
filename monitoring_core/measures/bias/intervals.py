"""How far a bias metric may be off because the sample is finite."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring_core.measures.bias.catalogue import BiasMetric
from monitoring_core.measures.bias.facet_table import FacetTable
from monitoring_core.measures.bias.flip_test import Flips
from monitoring_core.measures.bias.ratios import UndefinedBiasError

RATIOS: Final = frozenset({"DI"})
"""Metrics that are compared on a logarithmic scale: parity is 1."""

_PRIOR: Final = 0.5  # Jeffreys: keeps the error of an empty cell above zero
_STEP: Final = 1e-4


def interval(metric: BiasMetric, table: FacetTable, value: float, confidence: float) -> tuple[float, float]:
    r"""Confidence interval of one metric by the delta method.

    .. math:: \hat\sigma^2 = \sum_c n_c \left(\partial m / \partial n_c\right)^2

    over the cells of the table as independent Poisson counts, each with half a row added so that an empty cell
    is not taken for certain; then :math:`m \pm z \hat\sigma`, for ratios on the logarithmic scale. That of the flip
    test takes the neighbours as given.

    Parameters
    ----------
    metric : BiasMetric
        Which.
    table : FacetTable
        What it was computed from.
    value : float
        Its value; may be infinite, not nan.
    confidence : float
        Share of intervals that hold the true value, e.g. 0.95.

    Returns
    -------
    tuple of float
        Lower and upper end, `value` between them.

    References
    ----------
    .. [1] Agresti & Caffo (2000), Simple and effective confidence intervals for proportions, Am. Stat. 54.
    .. [2] Katz et al. (1978), Obtaining confidence intervals for the risk ratio, Biometrics 34.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    if metric.name in RATIOS:
        centre, error = _delta(metric, table, logarithm=True)
        low, high = math.exp(centre - z * error), math.exp(centre + z * error)
    elif metric.name in {"CDDL", "CDDPL"}:
        error = _disparity_error(*table.by_group("label" if metric.name == "CDDL" else "predicted"))
        low, high = value - z * error, value + z * error
    elif isinstance(table.flips, Flips) and metric.name == "FT":
        error = _flip_error(table.flips, value)
        low, high = value - z * error, value + z * error
    else:
        centre, error = _delta(metric, table, logarithm=False)
        middle = value if math.isfinite(value) else centre
        low, high = middle - z * error, middle + z * error
    return min(low, value), max(high, value)


def _delta(metric: BiasMetric, table: FacetTable, *, logarithm: bool) -> tuple[float, float]:
    """Return the value on the smoothed table, and its standard error."""
    counts = table.counts.sum(axis=1, keepdims=True) + _PRIOR

    def measure(cells: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        value = metric.compute(FacetTable(cells), math.nan)
        return math.log(value) if logarithm else value

    centre, variance = measure(counts), 0.0
    for cell in np.ndindex(counts.shape):
        moved = counts.copy()
        step = _STEP * counts[cell]
        moved[cell] += step
        variance += counts[cell] * ((measure(moved) - centre) / step) ** 2
    return centre, math.sqrt(variance)


def _disparity_error(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    """Return the standard error of conditional demographic disparity, whose derivatives are known."""
    a, d = np.asarray(advantaged, dtype=np.float64), np.asarray(disadvantaged, dtype=np.float64)
    sides = a + d
    shares = np.divide(d, sides, out=np.zeros_like(d), where=sides > 0)
    sizes, disparity = sides.sum(axis=1, keepdims=True), (shares[:, 0] - shares[:, 1])[:, None]
    value, rows = float((sizes * disparity).sum() / sizes.sum()), sizes.sum()
    sign = np.array([1.0, -1.0])  # more rejections of the group raise the disparity, more acceptances lower it
    gain = np.divide(sizes, sides, out=np.zeros_like(sides), where=sides > 0)
    by_d = (disparity + sign * gain * (1 - shares) - value) / rows
    by_a = (disparity - sign * gain * shares - value) / rows
    return math.sqrt(float((d * by_d**2).sum() + (a * by_a**2).sum()))


def _flip_error(flips: Flips, value: float) -> float:
    spread = (flips.favoured + flips.harmed + _PRIOR) / flips.rows - value**2
    return math.sqrt(max(spread, 0.0) / flips.rows)


def measure(metric: BiasMetric, table: FacetTable, *, empty: float = math.nan) -> tuple[float, str]:
    """Compute a metric; ``nan`` and the reason where it has no value.

    Examples
    --------
    >>> from monitoring_core.measures.bias.catalogue import METRICS
    >>> table = FacetTable(np.array([[[[3, 1], [2, 4]]], [[[0, 0], [0, 0]]]]))
    >>> measure(METRICS[2], table)
    (nan, 'Facet set is empty.')
    """
    try:
        value = metric.compute(table, empty)
    except UndefinedBiasError as error:
        return math.nan, str(error)
    return value, "undefined on these rows" if math.isnan(value) else ""
