"""How predictions err for two groups, seen from the observed labels."""

from __future__ import annotations

import math

from monitoring_core.measures.bias.ratios import Outcomes, difference, ratio, require_both


def accuracy_difference(a: Outcomes, d: Outcomes) -> float:
    r"""Accuracy difference (AD).

    .. math:: \mathrm{AD} = \mathrm{ACC}_a - \mathrm{ACC}_d, \quad \mathrm{ACC} = (TP + TN) / n

    Parameters
    ----------
    a, d : Outcomes
        The advantaged and the disadvantaged group.

    Returns
    -------
    float
        In [-1, 1]; above 0 the model serves the advantaged group better.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    Examples
    --------
    >>> accuracy_difference(Outcomes(4, 1, 2, 3), Outcomes(2, 2, 0, 6))
    -0.10000000000000009
    """
    require_both(a.rows, d.rows)
    return (a.true_positives + a.true_negatives) / a.rows - (d.true_positives + d.true_negatives) / d.rows


def recall_difference(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Recall difference (RD): the difference of true positive rates.

    .. math:: \mathrm{RD} = \frac{TP_a}{n_a^{(1)}} - \frac{TP_d}{n_d^{(1)}}

    Parameters
    ----------
    a, d : Outcomes
        The advantaged and the disadvantaged group.
    empty : float, default nan
        What 0/0 counts as; 0 for Clarify.

    Returns
    -------
    float
        In [-1, 1]; ``nan`` if a group has no positive label.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    Examples
    --------
    >>> recall_difference(Outcomes(4, 1, 1, 4), Outcomes(2, 2, 2, 4))
    0.30000000000000004
    >>> recall_difference(Outcomes(4, 1, 1, 4), Outcomes(0, 2, 0, 4))
    nan
    """
    require_both(a.rows, d.rows, family="DLA: ")
    return _true_positive_rate(a, empty) - _true_positive_rate(d, empty)


def specificity_difference(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Specificity difference (SD): the difference of true negative rates.

    .. math:: \mathrm{SD} = \frac{TN_d}{n_d^{(0)}} - \frac{TN_a}{n_a^{(0)}}

    Parameters and errors are those of `recall_difference`.

    Returns
    -------
    float
        In [-1, 1]; ``nan`` if a group has no negative label.

    Examples
    --------
    >>> specificity_difference(Outcomes(4, 1, 1, 4), Outcomes(2, 3, 2, 3))
    -0.30000000000000004
    """
    require_both(a.rows, d.rows, family="DLA: ")
    return ratio(d.true_negatives, d.negatives, empty=empty) - ratio(a.true_negatives, a.negatives, empty=empty)


def treatment_equality(a: Outcomes, d: Outcomes, *, empty: float = math.nan) -> float:
    r"""Treatment equality (TE): the difference in the ratio of false negatives to false positives.

    .. math:: \mathrm{TE} = \frac{FN_d}{FP_d} - \frac{FN_a}{FP_a}

    Parameters and errors are those of `recall_difference`; a difference of two infinities is `empty`, too.

    Returns
    -------
    float
        In [-inf, inf].

    References
    ----------
    .. [1] Berk et al. (2018), Fairness in criminal justice risk assessments, Sociological Methods & Research 50.

    Examples
    --------
    >>> treatment_equality(Outcomes(4, 1, 1, 4), Outcomes(2, 2, 3, 3))
    0.5
    >>> treatment_equality(Outcomes(4, 0, 1, 4), Outcomes(2, 0, 3, 3), empty=0.0)
    0.0
    """
    require_both(a.rows, d.rows)
    return difference(
        ratio(d.false_negatives, d.false_positives, empty=empty),
        ratio(a.false_negatives, a.false_positives, empty=empty),
        empty=empty,
    )


def equal_opportunity_difference(a: Outcomes, d: Outcomes) -> float:
    r"""Equal opportunity difference.

    .. math:: \mathrm{EOD} = TPR_d - TPR_a

    Parameters and errors are those of `recall_difference`, whose negative it is: the name and sign of most of the
    literature.

    Returns
    -------
    float
        In [-1, 1]; below 0 deserving rows of the disadvantaged group are accepted less often; ``nan`` if a group has
        no positive label.

    References
    ----------
    .. [1] Hardt, Price & Srebro (2016), Equality of opportunity in supervised learning, NeurIPS.

    Examples
    --------
    >>> equal_opportunity_difference(Outcomes(4, 1, 1, 4), Outcomes(2, 2, 2, 4))
    -0.30000000000000004
    """
    require_both(a.rows, d.rows)
    return _true_positive_rate(d) - _true_positive_rate(a)


def average_odds_difference(a: Outcomes, d: Outcomes) -> float:
    r"""Average odds difference.

    .. math:: \mathrm{AOD} = \tfrac12 \left[(FPR_d - FPR_a) + (TPR_d - TPR_a)\right]

    Parameters and errors are those of `recall_difference`.

    Returns
    -------
    float
        In [-1, 1]; below 0 the disadvantaged group is accepted less often; ``nan`` if a rate is undefined.

    References
    ----------
    .. [1] Bellamy et al. (2018), AI Fairness 360, arXiv:1810.01943.

    Examples
    --------
    >>> round(average_odds_difference(Outcomes(4, 1, 1, 4), Outcomes(2, 2, 2, 6)), 3)
    -0.125
    """
    require_both(a.rows, d.rows)
    opportunity = _true_positive_rate(d) - _true_positive_rate(a)
    return (opportunity + _false_positive_rate(d) - _false_positive_rate(a)) / 2


def equalized_odds_difference(a: Outcomes, d: Outcomes) -> float:
    r"""Equalized odds difference: the larger difference of the two error rates.

    .. math:: \max(|TPR_d - TPR_a|, |FPR_d - FPR_a|)

    Parameters and errors are those of `recall_difference`.

    Returns
    -------
    float
        In [0, 1]; 0 is parity; ``nan`` if a rate is undefined.

    References
    ----------
    .. [1] Hardt, Price & Srebro (2016), Equality of opportunity in supervised learning, NeurIPS.

    Examples
    --------
    >>> round(equalized_odds_difference(Outcomes(4, 1, 1, 4), Outcomes(2, 2, 2, 6)), 3)
    0.3
    """
    require_both(a.rows, d.rows)
    rates = (
        abs(_true_positive_rate(d) - _true_positive_rate(a)),
        abs(_false_positive_rate(d) - _false_positive_rate(a)),
    )
    return math.nan if any(map(math.isnan, rates)) else max(rates)


def _true_positive_rate(group: Outcomes, empty: float = math.nan) -> float:
    return ratio(group.true_positives, group.positives, empty=empty)


def _false_positive_rate(group: Outcomes) -> float:
    return ratio(group.false_positives, group.negatives)
