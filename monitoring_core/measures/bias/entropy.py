"""Inequality of the benefit that predictions give to single rows."""

from __future__ import annotations

from monitoring_core.measures.bias.ratios import Outcomes, UndefinedBiasError


def generalized_entropy(outcomes: Outcomes) -> float:
    r"""Generalised entropy index (GE) with alpha = 2: half the squared coefficient of variation of the benefit.

    .. math:: \mathrm{GE} = \frac{1}{2n} \sum_i \left[(b_i / \bar b)^2 - 1\right], \quad b_i = \hat y_i - y_i + 1

    A false positive benefits by 2, a right prediction by 1, a false negative by 0. Groups play no part.

    Parameters
    ----------
    outcomes : Outcomes
        Of all rows.

    Returns
    -------
    float
        0 or more; 0 means that everybody benefits alike.

    Raises
    ------
    UndefinedBiasError
        If there are no rows, or all predictions are false negatives.

    References
    ----------
    .. [1] Speicher et al. (2018), A unified approach to quantifying algorithmic unfairness, KDD.

    Examples
    --------
    >>> round(generalized_entropy(Outcomes(4, 1, 1, 4)), 6)
    0.1
    >>> generalized_entropy(Outcomes(4, 0, 0, 4))
    0.0
    """
    rows = outcomes.rows
    if not rows:
        raise UndefinedBiasError("dataset must be non-empty")
    mean = (rows + outcomes.false_positives - outcomes.false_negatives) / rows
    if not mean:
        raise UndefinedBiasError(
            "All predicted labels are false negatives. "
            "There should be at least one prediction that is not false negative."
        )
    benefits = (
        (0, outcomes.false_negatives),
        (1, outcomes.true_positives + outcomes.true_negatives),
        (2, outcomes.false_positives),
    )
    return float(sum(((benefit / mean) ** 2 - 1) * count for benefit, count in benefits) / (2 * rows))
