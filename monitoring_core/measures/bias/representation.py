"""How well a group is represented, and how often its rows are positive."""

from __future__ import annotations

import math

from monitoring_core.measures.bias.ratios import UndefinedBiasError, ratio, require_both


def class_imbalance(advantaged: float, disadvantaged: float) -> float:
    r"""Class imbalance (CI).

    .. math:: \mathrm{CI} = \frac{n_a - n_d}{n_a + n_d}

    Parameters
    ----------
    advantaged, disadvantaged : float
        Rows of each group.

    Returns
    -------
    float
        In (-1, 1); above 0 the disadvantaged group is the smaller one.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    References
    ----------
    .. [1] Amazon SageMaker Developer Guide, Measure pre-training bias.

    Examples
    --------
    >>> class_imbalance(30, 10)
    0.5
    >>> class_imbalance(30, 0)    # doctest: +ELLIPSIS
    Traceback (most recent call last):
    monitoring_core.measures.bias.ratios.UndefinedBiasError: CI: facet set is empty...
    """
    if not advantaged:
        raise UndefinedBiasError("CI: negated facet set is empty. Check that x[~facet] has non-zero length.")
    if not disadvantaged:
        raise UndefinedBiasError("CI: facet set is empty. Check that x[facet] has non-zero length.")
    return float((advantaged - disadvantaged) / (advantaged + disadvantaged))


def difference_in_positive_proportions(
    positives_advantaged: float, advantaged: float, positives_disadvantaged: float, disadvantaged: float
) -> float:
    r"""Difference in positive proportions, of labels (DPL) or of predicted labels (DPPL).

    .. math:: \mathrm{DPL} = q_a - q_d, \quad q = n^{(1)} / n

    Of predictions it is also known as demographic (or statistical) parity difference.

    Returns
    -------
    float
        In [-1, 1]; above 0 the advantaged group is positive more often.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    Examples
    --------
    >>> difference_in_positive_proportions(3, 4, 1, 4)
    0.5
    """
    if not advantaged:
        raise UndefinedBiasError("Negative facet set is empty.")
    if not disadvantaged:
        raise UndefinedBiasError("Facet set is empty.")
    return positives_advantaged / advantaged - positives_disadvantaged / disadvantaged


def disparate_impact(
    positives_advantaged: float,
    advantaged: float,
    positives_disadvantaged: float,
    disadvantaged: float,
    *,
    empty: float = math.nan,
) -> float:
    r"""Disparate impact (DI): the ratio of the shares that are predicted positive.

    .. math:: \mathrm{DI} = \hat q_d / \hat q_a

    Parameters
    ----------
    positives_advantaged, positives_disadvantaged : float
        Rows predicted positive.
    advantaged, disadvantaged : float
        Rows of each group.
    empty : float, default nan
        Value when neither group has a positive prediction; 0 for Clarify.

    Returns
    -------
    float
        In [0, inf]; 1 is parity, below 0.8 fails the four-fifths rule; ``inf`` when only the disadvantaged group
        has positive predictions.

    Raises
    ------
    UndefinedBiasError
        If a group has no rows.

    References
    ----------
    .. [1] Feldman et al. (2015), Certifying and removing disparate impact, KDD.

    Examples
    --------
    >>> disparate_impact(5, 10, 4, 10)
    0.8
    >>> disparate_impact(0, 10, 4, 10), disparate_impact(0, 10, 0, 10)
    (inf, nan)
    """
    require_both(advantaged, disadvantaged, negated="Negated facet")
    return ratio(positives_disadvantaged / disadvantaged, positives_advantaged / advantaged, empty=empty)
