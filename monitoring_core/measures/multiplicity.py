"""Multiplicity control: p-values of many tests, corrected for having made many tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.distance import PValue


def holm(p_values: Sequence[float]) -> tuple[PValue, ...]:
    r"""Holm's step-down correction: as safe as Bonferroni's and never weaker.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (k - j + 1) p_{(j)})

    Parameters
    ----------
    p_values : sequence of float
        ``nan`` where a test was not possible.

    Returns
    -------
    tuple of PValue
        In [0, 1], in the order given; below alpha: rejected at a family-wise error rate of alpha.

    References
    ----------
    .. [1] Holm (1979), Scandinavian Journal of Statistics 6(2).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    p, order = _ordered(p_values)
    factors = np.arange(order.size, 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return _typed(_put(p, order, adjusted))


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[PValue, ...]:
    r"""Benjamini and Hochberg's step-up correction: controls the expected share of false alarms among the alarms.

    .. math:: \tilde p_{(i)} = \min_{j \ge i} \min(1, \tfrac{k}{j} p_{(j)})

    for independent or positively dependent tests.

    Parameters
    ----------
    p_values : sequence of float
        ``nan`` where a test was not possible.

    Returns
    -------
    tuple of PValue
        In [0, 1], in the order given; below q: rejected at a false discovery rate of q.

    References
    ----------
    .. [1] Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1).

    Examples
    --------
    >>> benjamini_hochberg([0.125, 0.0625, 0.5, 1.0])
    (0.25, 0.25, 0.6666666666666666, 1.0)
    >>> benjamini_hochberg([float("nan"), 0.02])
    (nan, 0.02)
    """
    p, order = _ordered(p_values)
    factors = order.size / np.arange(1, order.size + 1)
    adjusted = np.minimum(1.0, np.minimum.accumulate((p[order] * factors)[::-1])[::-1])
    return _typed(_put(p, order, adjusted))


def _ordered(p_values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the p-values and the positions of the defined ones, smallest first."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    return p, order[~np.isnan(p[order])]


def _put(p: NDArray[np.float64], order: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    placed = np.full(p.shape, np.nan)
    placed[order] = values
    return placed


def _typed(p: NDArray[np.float64]) -> tuple[PValue, ...]:
    return tuple(map(PValue, p.tolist()))
