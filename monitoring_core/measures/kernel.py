"""Maximum mean discrepancy: whether two sets of vectors come from one distribution."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.distance import PValue

Vectors = NDArray[np.float64]
Weights = NDArray[np.float64]


def maximum_mean_discrepancy(
    reference: Vectors,
    current: Vectors,
    *,
    permutations: int = 500,
    reference_weights: Weights | None = None,
    current_weights: Weights | None = None,
) -> tuple[float, PValue]:
    r"""Squared maximum mean discrepancy of two samples of vectors, and its permutation p-value.

    .. math:: \mathrm{MMD}^2 = \mathrm{E}\,k(x, x') + \mathrm{E}\,k(y, y') - 2\,\mathrm{E}\,k(x, y), \quad
              k(a, b) = e^{-\|a - b\|^2 / 2 h^2}

    without the terms of a vector with itself, so that its mean is 0 when nothing drifted [1]_. The bandwidth h
    is the median distance of all pairs. Neither mergeable nor linear in the rows: it is meant for two
    bounded samples (see `Reservoir`), of which the weights are the numbers of equal rows.

    Parameters
    ----------
    reference, current : ndarray, shapes (m, d) and (n, d)
        Vectors without ``nan``.
    permutations : int
        Random relabellings behind the p-value, always the same ones; its smallest value is
        ``1 / (permutations + 1)``.
    reference_weights, current_weights : ndarray, shapes (m,) and (n,), optional
        Positive.

    Returns
    -------
    discrepancy : float
        About 0 without drift (it can be negative), at most 2; ``nan`` if a side has fewer than two vectors.
    p_value : PValue
        In (0, 1]; ``nan`` likewise.

    References
    ----------
    .. [1] Gretton et al. (2012), A kernel two-sample test, Journal of Machine Learning Research 13.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> same, other = random.normal(size=(100, 3)), random.normal(1.0, size=(100, 3))
    >>> discrepancy, p_value = maximum_mean_discrepancy(same[:50], same[50:])
    >>> abs(discrepancy) < 0.02, p_value > 0.05
    (True, True)
    >>> discrepancy, p_value = maximum_mean_discrepancy(same, other)
    >>> round(discrepancy, 1), p_value < 0.01
    (0.3, True)
    >>> maximum_mean_discrepancy(same[:1], other)
    (nan, nan)
    """
    m, n = len(reference), len(current)
    if min(m, n) < 2:  # noqa: PLR2004
        return math.nan, PValue(math.nan)
    vectors = np.concatenate([reference, current])
    weights = np.concatenate(
        [
            np.ones(m) if reference_weights is None else reference_weights,
            np.ones(n) if current_weights is None else current_weights,
        ]
    )
    squares = _squared_distances(vectors)
    typical = float(np.median(squares[np.triu_indices(m + n, k=1)]))
    kernel = np.exp(-squares / (2 * typical)) if typical > 0 else (squares == 0).astype(np.float64)
    np.fill_diagonal(kernel, 0.0)
    is_current = np.zeros((permutations + 1, m + n), dtype=bool)
    is_current[0, m:] = True
    random = np.random.default_rng(0)
    for row in is_current[1:]:
        row[random.permutation(m + n)[:n]] = True
    found = _discrepancies(kernel, weights, is_current)
    at_least = int(np.count_nonzero(found[1:] >= found[0] - 1e-12))
    return float(found[0]), PValue((at_least + 1) / (permutations + 1))


def _squared_distances(vectors: Vectors) -> NDArray[np.float64]:
    centred = vectors - vectors.mean(axis=0)
    norms = np.square(centred).sum(axis=1)
    squares: Vectors = np.maximum(norms[:, None] + norms[None, :] - 2 * centred @ centred.T, 0.0)
    return squares


def _discrepancies(kernel: NDArray[np.float64], weights: Weights, is_current: NDArray[np.bool_]) -> Vectors:
    """Return the statistic for every labelling, one per row of `is_current`."""

    def within(chosen: NDArray[np.float64]) -> Vectors:
        pairs = np.square(chosen.sum(axis=1)) - np.square(chosen).sum(axis=1)
        inside: Vectors = np.einsum("ij,ij->i", chosen @ kernel, chosen) / np.where(pairs > 0, pairs, np.nan)
        return inside

    current = is_current * weights
    reference = ~is_current * weights
    across = np.einsum("ij,ij->i", reference @ kernel, current)
    between: Vectors = across / (reference.sum(axis=1) * current.sum(axis=1))
    return within(reference) + within(current) - 2 * between
