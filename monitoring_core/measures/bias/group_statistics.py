"""What is known of one group: how its labels are distributed, and how well the model serves it."""

from __future__ import annotations

import math

from monitoring_core.measures.bias.ratios import Outcomes, ratio


def label_shares(group: Outcomes, *, empty: float = math.nan) -> dict[str, float]:
    """Share of positive and negative observed labels.

    Parameters
    ----------
    group : Outcomes
        Of one group; the predicted labels play no part.
    empty : float, default nan
        What 0/0 counts as; 0 for Clarify.

    Returns
    -------
    dict of str to float
        Each in [0, 1].

    Examples
    --------
    >>> label_shares(Outcomes(1, 0, 0, 3))
    {'positive_labels': 0.25, 'negative_labels': 0.75}
    """
    positive = ratio(group.positives, group.rows, empty=empty)
    return {"positive_labels": positive, "negative_labels": 1 - positive}


def confusion_shares(group: Outcomes, *, empty: float = math.nan) -> tuple[float, float, float, float]:
    """Shares of true positives, false positives, false negatives and true negatives, in Clarify's order.

    Parameters are those of `label_shares`.

    Examples
    --------
    >>> confusion_shares(Outcomes(1, 0, 0, 3))
    (0.25, 0.0, 0.0, 0.75)
    """
    counts = (group.true_positives, group.false_positives, group.false_negatives, group.true_negatives)
    found = tuple(ratio(count, group.rows, empty=empty) for count in counts)
    return (found[0], found[1], found[2], found[3])


def performance(group: Outcomes, *, empty: float = math.nan) -> dict[str, float]:
    r"""Quality of the predictions for one group.

    Parameters are those of `label_shares`. With :math:`TP, FP, FN, TN` rows, accuracy is :math:`(TP + TN)/n`,
    recall :math:`TP/(TP + FN)`, specificity :math:`TN/(TN + FP)`, precision :math:`TP/(TP + FP)`, rejection rate
    :math:`TN/(TN + FN)`, conditional acceptance :math:`(TP + FN)/(TP + FP)`, conditional rejection
    :math:`(TN + FP)/(TN + FN)`, and F1 the harmonic mean of precision and recall.

    Returns
    -------
    dict of str to float
        Shares in [0, 1]; the conditional ratios in [0, inf].

    Examples
    --------
    >>> found = performance(Outcomes(3, 1, 1, 5))
    >>> found["accuracy"], found["recall"], found["f1"]
    (0.8, 0.75, 0.75)
    >>> performance(Outcomes(0, 0, 1, 5))["precision"]
    nan
    """
    recall = ratio(group.true_positives, group.positives, empty=empty)
    precision = ratio(group.true_positives, group.predicted_positives, empty=empty)
    return {
        "accuracy": ratio(group.true_positives + group.true_negatives, group.rows, empty=empty),
        "positive_predictions": ratio(group.predicted_positives, group.rows, empty=empty),
        "negative_predictions": ratio(group.predicted_negatives, group.rows, empty=empty),
        "recall": recall,
        "specificity": ratio(group.true_negatives, group.negatives, empty=empty),
        "precision": precision,
        "rejection_rate": ratio(group.true_negatives, group.predicted_negatives, empty=empty),
        "conditional_acceptance": ratio(group.positives, group.predicted_positives, empty=empty),
        "conditional_rejection": ratio(group.negatives, group.predicted_negatives, empty=empty),
        "f1": 2 * ratio(precision * recall, precision + recall, empty=empty),
    }
