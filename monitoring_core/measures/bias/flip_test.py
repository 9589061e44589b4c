"""The flip test: rows of one group against their nearest neighbours in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.measures.bias.neighbours import positive_votes
from monitoring_core.measures.bias.ratios import UndefinedBiasError, require_both

NEIGHBOURS: Final = 5
FEW_ROWS: Final = 9
"""Up to so many advantaged rows, one neighbour decides."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedRows:
    """Rows with their features and predictions; equal rows may stand once, with their number.

    Attributes
    ----------
    features : ndarray of float, shape (n_rows, n_features)
    positive : ndarray of bool, shape (n_rows,)
        Whether the model predicts the positive label.
    counts : ndarray of int, shape (n_rows,)
        How often each row occurs.
    """

    features: NDArray[np.float64]
    positive: NDArray[np.bool_]
    counts: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """All occurrences."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class Flips:
    """Disadvantaged rows whose prediction differs from that of their advantaged neighbours."""

    favoured: int
    """Predicted positive, while the neighbours are negative."""
    harmed: int
    """Predicted negative, while the neighbours are positive."""
    rows: int


def find_flips(advantaged: PredictedRows, disadvantaged: PredictedRows) -> Flips:
    """Compare every disadvantaged row with its nearest advantaged rows.

    The neighbours (Euclidean distance, 5, or 1 where there are at most 9 advantaged rows) vote; those at the same
    distance as the last share the votes that are left, so the order of the rows plays no part.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows, or there are no features.
    """
    require_both(advantaged.rows, disadvantaged.rows)
    if not advantaged.features.shape[1]:
        raise UndefinedBiasError("FlipTest needs at least one feature beside facet, label and predicted label")
    k = NEIGHBOURS if advantaged.rows > FEW_ROWS else 1
    votes = positive_votes(advantaged.features, advantaged.positive, advantaged.counts, disadvantaged.features, k)
    expected = votes > k / 2
    favoured = disadvantaged.counts[disadvantaged.positive & ~expected].sum()
    harmed = disadvantaged.counts[~disadvantaged.positive & expected].sum()
    return Flips(int(favoured), int(harmed), disadvantaged.rows)


def flip_test(advantaged: PredictedRows, disadvantaged: PredictedRows) -> float:
    r"""Flip test (FT) by nearest neighbours.

    .. math:: \mathrm{FT} = (F^+ - F^-) / n_d

    with :math:`F^+` the disadvantaged rows predicted positive whose neighbours in the advantaged group are predicted
    negative, and :math:`F^-` the reverse (see `find_flips`). Amazon's documentation has the opposite sign; its
    recorded values have this one.

    Parameters
    ----------
    advantaged, disadvantaged : PredictedRows
        With the same features, in the same order, none missing; features are not scaled.

    Returns
    -------
    float
        In [-1, 1]; below 0 the disadvantaged group is harmed.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows, or there are no features.

    References
    ----------
    .. [1] Black, Yeom & Fredrikson (2020), FlipTest: fairness testing via optimal transport, FAT*.

    Examples
    --------
    >>> def rows(values, positive):
    ...     return PredictedRows(np.array(values)[:, None], np.array(positive), np.ones(len(values), dtype=np.int64))
    >>> flip_test(rows([0.0, 1.0], [False, True]), rows([0.1, 0.9, 1.2], [False, False, True]))
    -0.3333333333333333
    """
    flips = find_flips(advantaged, disadvantaged)
    return (flips.favoured - flips.harmed) / flips.rows
