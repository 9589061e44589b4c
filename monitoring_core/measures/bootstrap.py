"""Resampling of counts: how much a number would vary from one sample to the next."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

REPEATS: Final = 200

SUBSAMPLES: Final = 5
SUBSAMPLE_SHARE: Final = 0.8

SUBSAMPLE_FACTOR: Final = math.sqrt((1 - SUBSAMPLE_SHARE) / SUBSAMPLE_SHARE)
"""Expected spread of a mean over samples of 80 % of the rows, in standard errors of all rows: 0.5."""

_SEED: Final = 20_260_730

Counts = NDArray[np.integer[Any]]


def poisson_resamples(counts: Counts, repeats: int = REPEATS) -> NDArray[np.int64]:
    """Draw Poisson bootstrap samples of rows that are known by their counts.

    Every row comes into a sample a Poisson(1) number of times [1]_; so a cell with c rows comes Poisson(c)
    times, and the work depends on the number of cells, not of rows. The same counts give the same samples.

    Parameters
    ----------
    counts : ndarray of int, any shape
        Rows per cell.
    repeats : int
        Number of samples.

    Returns
    -------
    ndarray of int64, shape (repeats, *counts.shape)

    References
    ----------
    .. [1] Chamandy, Muralidharan, Najmi & Naidu (2012), Estimating uncertainty for massive data streams.

    Examples
    --------
    >>> samples = poisson_resamples(np.array([100, 0]), repeats=1000)
    >>> samples.shape, abs(samples[:, 0].mean() - 100).item() < 1, samples[:, 1].max().item()
    ((1000, 2), True, 0)
    """
    return np.random.default_rng(_SEED).poisson(counts, (repeats, *counts.shape))


def subsamples(counts: Counts) -> NDArray[np.int64]:
    """Draw Amazon's five random samples of about 80 % of the rows each (contract 5.2).

    Examples
    --------
    >>> subsamples(np.array([1000, 0])).shape
    (5, 2)
    """
    return np.random.default_rng(_SEED).binomial(counts, SUBSAMPLE_SHARE, (SUBSAMPLES, *counts.shape))


def spread(values: NDArray[np.float64]) -> float:
    """Return the standard deviation (ddof 1) of a number over samples, leaving out those where it is undefined.

    Returns
    -------
    float
        Not negative; ``nan`` where it is defined in less than half of the samples.

    Examples
    --------
    >>> spread(np.array([1.0, 2.0, 3.0, math.nan])), spread(np.array([1.0, math.nan, math.nan]))
    (1.0, nan)
    """
    defined = values[~np.isnan(values)]
    return float(defined.std(ddof=1)) if defined.size > 1 and 2 * defined.size >= values.size else math.nan
