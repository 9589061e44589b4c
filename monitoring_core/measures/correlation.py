"""Correlations, and how they shift."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.measures.distance import PValue
from monitoring_core.measures.two_samples import normal_two_sided
from monitoring_core.stats.co_moments import CoMoments

MIN_PAIRS = 4
"""Fisher's transformation has the variance 1 / (n - 3)."""


def correlations(state: CoMoments) -> NDArray[np.float64]:
    r"""Pearson correlation of every pair of columns, on the rows where both are present.

    .. math:: r_{ij} = C_{ij} / \sqrt{M_{ij} M_{ji}}

    Parameters
    ----------
    state : CoMoments
        Of d columns.

    Returns
    -------
    ndarray, shape (d, d)
        In [-1, 1]; ``nan`` where a column is constant or a pair has no rows.

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 1.0]])
    >>> correlations(CoMoments.of(("a", "b"), rows)).round(3).tolist()
    [[1.0, -0.058], [-0.058, 1.0]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(state.squares * state.squares.T)
        raw = np.where(spread > 0, state.products / spread, np.nan)
    return np.clip(raw, -1.0, 1.0)


def correlation_shift(reference: CoMoments, current: CoMoments) -> NDArray[np.float64]:
    r"""Difference of every pair's correlation.

    .. math:: \Delta_{ij} = r^{cur}_{ij} - r^{ref}_{ij}

    Returns
    -------
    ndarray, shape (d, d)
        In [-2, 2]; ``nan`` where a side's correlation is.

    Raises
    ------
    IncompatibleStatesError
        If the columns differ.

    Examples
    --------
    >>> up, down = np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[1.0, 2.0], [2.0, 1.0]])
    >>> correlation_shift(CoMoments.of(("a", "b"), up), CoMoments.of(("a", "b"), down))[0, 1].item()
    -2.0
    """
    _check(reference, current)
    return correlations(current) - correlations(reference)


def correlation_shift_p_values(reference: CoMoments, current: CoMoments) -> NDArray[np.float64]:
    r"""Two-sided p-value of every pair that its correlation is unchanged, by Fisher's transformation.

    .. math:: z = \frac{\mathrm{artanh}\, r_{cur} - \mathrm{artanh}\, r_{ref}}{\sqrt{1/(n - 3) + 1/(m - 3)}}

    exact for normal values, approximate for others.

    Returns
    -------
    ndarray, shape (d, d)
        In [0, 1]; ``nan`` on the diagonal, with fewer than four rows, and where a correlation is undefined.

    Raises
    ------
    IncompatibleStatesError
        If the columns differ.

    References
    ----------
    .. [1] Fisher (1921), Metron 1.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 2))
    >>> state = CoMoments.of(("a", "b"), rows)
    >>> correlation_shift_p_values(state, state)[0].tolist()
    [nan, 1.0]
    """
    _check(reference, current)
    n, m = current.counts, reference.counts
    enough = (n >= MIN_PAIRS) & (m >= MIN_PAIRS)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.arctanh(correlations(current)) - np.arctanh(correlations(reference))
        z = np.where(enough, difference / np.sqrt(1 / (n - 3.0) + 1 / (m - 3.0)), np.nan)
    p = np.array([[normal_two_sided(value) for value in row] for row in z.tolist()]).reshape(z.shape)
    np.fill_diagonal(p, np.nan)
    return p


def largest_correlation_shift(reference: CoMoments, current: CoMoments) -> tuple[float, PValue, tuple[str, str]]:
    """Return the pair whose correlation changed with the strongest evidence.

    Returns
    -------
    shift : float
        In [-2, 2]; ``nan`` if no pair can be compared.
    p_value : PValue
        Of that pair, times the number of pairs compared (Bonferroni).
    pair : tuple of str
        Its columns; empty names if there is none.

    Raises
    ------
    IncompatibleStatesError
        If the columns differ.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> reference = CoMoments.of(("a", "b"), x)
    >>> current = CoMoments.of(("a", "b"), np.column_stack([x[:, 0], x[:, 0] + 0.1 * x[:, 1]]))
    >>> shift, p_value, pair = largest_correlation_shift(reference, current)
    >>> shift > 0.9, p_value < 1e-9, pair
    (True, True, ('a', 'b'))
    """
    p = correlation_shift_p_values(reference, current)
    rows, columns = np.triu_indices(p.shape[0], k=1)
    candidates = p[rows, columns]
    if not candidates.size or np.isnan(candidates).all():
        return math.nan, PValue(math.nan), ("", "")
    shifts = correlation_shift(reference, current)[rows, columns]
    best = int(np.lexsort((-np.abs(shifts), candidates))[0])
    pair = (reference.names[int(rows[best])], reference.names[int(columns[best])])
    tested = int(np.count_nonzero(~np.isnan(candidates)))
    return float(shifts[best]), PValue(min(1.0, float(candidates[best]) * tested)), pair


def _check(reference: CoMoments, current: CoMoments) -> None:
    if reference.names != current.names:
        raise IncompatibleStatesError(
            "correlations are of different columns", expected=reference.names, got=current.names
        )
