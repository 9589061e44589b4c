"""How predictions treat two groups, seen from the predictions: acceptance and rejection."""

from __future__ import annotations

import math

from monitoring_core.measures.bias.ratios import Outcomes, difference, ratio, require_both


def difference_in_conditional_acceptance(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Difference in conditional acceptance (DCA).

    .. math:: \mathrm{DCA} = \frac{n_a^{(1)}}{\hat n_a^{(1)}} - \frac{n_d^{(1)}}{\hat n_d^{(1)}}

    Parameters
    ----------
    a, d : Outcomes
        The advantaged and the disadvantaged group.
    empty : float, default nan
        What 0/0, and a difference of two infinities, counts as; 0 for Clarify.

    Returns
    -------
    float
        In [-inf, inf]; above 0 the advantaged group is accepted less often than it deserves, compared with the other.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    Examples
    --------
    >>> difference_in_conditional_acceptance(Outcomes(4, 1, 2, 3), Outcomes(2, 2, 0, 6))
    0.7
    >>> difference_in_conditional_acceptance(Outcomes(4, 1, 2, 3), Outcomes(0, 0, 2, 6))
    -inf
    """
    require_both(a.rows, d.rows, family="DCO: ")
    return difference(
        ratio(a.positives, a.predicted_positives, empty=empty),
        ratio(d.positives, d.predicted_positives, empty=empty),
        empty=empty,
    )


def difference_in_conditional_rejection(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Difference in conditional rejection (DCR).

    .. math:: \mathrm{DCR} = \frac{n_d^{(0)}}{\hat n_d^{(0)}} - \frac{n_a^{(0)}}{\hat n_a^{(0)}}

    Parameters and errors are those of `difference_in_conditional_acceptance`.

    Returns
    -------
    float
        In [-inf, inf].

    Examples
    --------
    >>> difference_in_conditional_rejection(Outcomes(4, 1, 2, 3), Outcomes(2, 2, 0, 6))
    0.5333333333333332
    """
    require_both(a.rows, d.rows, family="DCO: ")
    return difference(
        ratio(d.negatives, d.predicted_negatives, empty=empty),
        ratio(a.negatives, a.predicted_negatives, empty=empty),
        empty=empty,
    )


def difference_in_acceptance_rates(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Difference in acceptance rates (DAR): the difference of precision.

    .. math:: \mathrm{DAR} = \frac{TP_a}{\hat n_a^{(1)}} - \frac{TP_d}{\hat n_d^{(1)}}

    Parameters and errors are those of `difference_in_conditional_acceptance`. It is also known as predictive parity
    difference.

    Returns
    -------
    float
        In [-1, 1].

    Examples
    --------
    >>> difference_in_acceptance_rates(Outcomes(4, 1, 2, 3), Outcomes(2, 2, 0, 6))
    0.30000000000000004
    """
    require_both(a.rows, d.rows, family="DLR: ")
    return ratio(a.true_positives, a.predicted_positives, empty=empty) - ratio(
        d.true_positives, d.predicted_positives, empty=empty
    )


def difference_in_rejection_rates(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Difference in rejection rates (DRR): the difference of the negative predictive value.

    .. math:: \mathrm{DRR} = \frac{TN_d}{\hat n_d^{(0)}} - \frac{TN_a}{\hat n_a^{(0)}}

    Parameters and errors are those of `difference_in_conditional_acceptance`.

    Returns
    -------
    float
        In [-1, 1].

    Examples
    --------
    >>> difference_in_rejection_rates(Outcomes(4, 1, 2, 3), Outcomes(2, 2, 0, 6))
    0.4
    """
    require_both(a.rows, d.rows, family="DLR: ")
    return ratio(d.true_negatives, d.predicted_negatives, empty=empty) - ratio(
        a.true_negatives, a.predicted_negatives, empty=empty
    )
