"""Disparity that remains within the groups of a third variable."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from monitoring_core.measures.bias.ratios import UndefinedBiasError


def conditional_demographic_disparity(advantaged: ArrayLike, disadvantaged: ArrayLike) -> float:
    r"""Conditional demographic disparity, in labels (CDDL) or in predicted labels (CDDPL).

    .. math:: \mathrm{CDD} = \frac1n \sum_g n_g \mathrm{DD}_g, \quad
        \mathrm{DD}_g = \frac{n_{d,g}^{(0)}}{n_g^{(0)}} - \frac{n_{d,g}^{(1)}}{n_g^{(1)}}

    the share of the disadvantaged group among the rejected less that among the accepted, averaged over the groups
    of a variable that may explain the difference (Simpson's paradox). An empty side of a group counts as 0.

    Parameters
    ----------
    advantaged, disadvantaged : array-like of float, shape (n_groups, 2)
        Rows by group and outcome: rejected (negative), accepted (positive).

    Returns
    -------
    float
        In [-1, 1]; above 0 the disadvantaged group is rejected more than accepted.

    Raises
    ------
    UndefinedBiasError
        If nobody is accepted, or nobody rejected.

    References
    ----------
    .. [1] Wachter, Mittelstadt & Russell (2021), Why fairness cannot be automated, Computer Law & Security Review 41.

    Examples
    --------
    >>> conditional_demographic_disparity([[2, 8], [8, 2]], [[1, 4], [16, 4]])    # within each group nobody is favoured
    0.0
    >>> conditional_demographic_disparity([[2, 8]], [[5, 5]])
    0.32967032967032966
    """
    ours = np.asarray(disadvantaged, dtype=np.float64)
    everybody = ours + np.asarray(advantaged, dtype=np.float64)
    if not everybody[:, 1].any():
        raise UndefinedBiasError("No positive labels in set")
    if not everybody[:, 0].any():
        raise UndefinedBiasError("No negative labels in set")
    shares = np.divide(ours, everybody, out=np.zeros_like(ours), where=everybody > 0)
    sizes = everybody.sum(axis=1)
    return float(np.sum(sizes * (shares[:, 0] - shares[:, 1])) / np.sum(sizes))
