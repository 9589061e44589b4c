"""Distances between the label distributions of two groups.

Only label values that occur in both groups are looked at, as Clarify does; their shares are of all rows of the group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.measures.bias.ratios import UndefinedBiasError

_Shares = tuple[NDArray[np.float64], NDArray[np.float64]]


def kullback_leibler(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""Kullback-Leibler divergence (KL) of two label distributions, in nats.

    .. math:: \mathrm{KL}(P_a \| P_d) = \sum_y P_a(y) \ln \frac{P_a(y)}{P_d(y)}

    Parameters
    ----------
    advantaged, disadvantaged : array-like of float, shape (n_labels,)
        Rows by label value, of each group, in the same order.

    Returns
    -------
    float
        0 means equal distributions; it may be negative where a label value of one group only was left out.

    Raises
    ------
    UndefinedBiasError
        If no label value occurs in both groups.
    IncompatibleStatesError
        If the two sides have different numbers of label values.

    References
    ----------
    .. [1] Kullback & Leibler (1951), On information and sufficiency.

    Examples
    --------
    >>> round(kullback_leibler([2, 2], [1, 3]), 4)
    0.1438
    >>> kullback_leibler([2, 0], [0, 3])
    Traceback (most recent call last):
    monitoring_core.measures.bias.ratios.UndefinedBiasError: No instance of common facet found, dataset may be too small
    """
    p, q = _common_shares(advantaged, disadvantaged)
    return float(np.sum(p * np.log(p / q)))


def jensen_shannon(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""Jensen-Shannon divergence (JS) of two label distributions, in nats.

    .. math:: \mathrm{JS} = \tfrac12 \mathrm{KL}(P_a \| M) + \tfrac12 \mathrm{KL}(P_d \| M), \quad M = (P_a + P_d)/2

    Parameters, errors and the choice of label values are those of `kullback_leibler`.

    Returns
    -------
    float
        In [0, ln 2]; 0 means equal distributions.

    References
    ----------
    .. [1] Lin (1991), Divergence measures based on the Shannon entropy.

    Examples
    --------
    >>> round(jensen_shannon([2, 2], [1, 3]), 4)
    0.0338
    """
    p, q = _common_shares(advantaged, disadvantaged)
    middle = (p + q) / 2
    return float(np.sum(p * np.log(p / middle)) + np.sum(q * np.log(q / middle))) / 2


def lp_norm(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""L2 norm of the difference of two label distributions (LP).

    .. math:: L_2 = \sqrt{\sum_y (P_a(y) - P_d(y))^2}

    Parameters, errors and the choice of label values are those of `kullback_leibler`.

    Returns
    -------
    float
        In [0, sqrt 2].

    Examples
    --------
    >>> round(lp_norm([2, 2], [1, 3]), 4)
    0.3536
    """
    p, q = _common_shares(advantaged, disadvantaged)
    return float(np.linalg.norm(p - q))


def total_variation(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""Total variation distance (TVD) of two label distributions.

    .. math:: \mathrm{TVD} = \tfrac12 \sum_y |P_a(y) - P_d(y)|

    Parameters, errors and the choice of label values are those of `kullback_leibler`.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> total_variation([2, 2], [1, 3])
    0.25
    """
    p, q = _common_shares(advantaged, disadvantaged)
    return float(np.abs(p - q).sum()) / 2


def kolmogorov_smirnov(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""Largest difference of the share of one label value (KS).

    .. math:: \mathrm{KS} = \max_y |P_a(y) - P_d(y)|

    Clarify calls this the Kolmogorov-Smirnov distance; for labels it is the L-infinity distance.
    Parameters, errors and the choice of label values are those of `kullback_leibler`.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> kolmogorov_smirnov([2, 2], [1, 3])
    0.25
    """
    p, q = _common_shares(advantaged, disadvantaged)
    return float(np.abs(p - q).max())


def _common_shares(advantaged: ArrayLike, disadvantaged: ArrayLike) -> _Shares:
    left, right = np.asarray(advantaged, dtype=np.float64), np.asarray(disadvantaged, dtype=np.float64)
    if left.shape != right.shape:
        raise IncompatibleStatesError("label counts differ in length", expected=left.shape, got=right.shape)
    common = (left > 0) & (right > 0)
    if not common.any():
        raise UndefinedBiasError("No instance of common facet found, dataset may be too small")
    return left[common] / left.sum(), right[common] / right.sum()
