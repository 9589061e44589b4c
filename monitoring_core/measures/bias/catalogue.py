"""All bias metrics by name, with Clarify's descriptions: 8 before and 13 after training, and ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitoring_core.measures.bias.acceptance import (
    difference_in_acceptance_rates,
    difference_in_conditional_acceptance,
    difference_in_conditional_rejection,
    difference_in_rejection_rates,
)
from monitoring_core.measures.bias.conditional import conditional_demographic_disparity
from monitoring_core.measures.bias.divergence import (
    jensen_shannon,
    kolmogorov_smirnov,
    kullback_leibler,
    lp_norm,
    total_variation,
)
from monitoring_core.measures.bias.entropy import generalized_entropy
from monitoring_core.measures.bias.error_rates import (
    accuracy_difference,
    average_odds_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
    recall_difference,
    specificity_difference,
    treatment_equality,
)
from monitoring_core.measures.bias.facet_table import FacetTable
from monitoring_core.measures.bias.representation import (
    class_imbalance,
    difference_in_positive_proportions,
    disparate_impact,
)


class Stage(StrEnum):
    """When a metric can be computed; the values are Clarify's."""

    PRE_TRAINING = "pre_training"
    POST_TRAINING = "post_training"


@dataclass(frozen=True, slots=True)
class BiasMetric:
    """One metric.

    Attributes
    ----------
    compute : callable
        Takes the table and what 0/0 counts as.
    """

    name: str
    description: str
    stage: Stage
    compute: Callable[[FacetTable, float], float]
    ours: bool = False
    """Whether Clarify does not have it."""


def _pre(name: str, description: str, compute: Callable[[FacetTable], float]) -> BiasMetric:
    return BiasMetric(name, f"{description} ({name})", Stage.PRE_TRAINING, lambda table, _: compute(table))


def _post(name: str, description: str, compute: Callable[[FacetTable, float], float]) -> BiasMetric:
    return BiasMetric(name, f"{description} ({name})", Stage.POST_TRAINING, compute)


def _ours(name: str, description: str, compute: Callable[[FacetTable], float]) -> BiasMetric:
    return BiasMetric(name, description, Stage.POST_TRAINING, lambda table, _: compute(table), ours=True)


METRICS: Final = (
    _pre(
        "CDDL",
        "Conditional Demographic Disparity in Labels",
        lambda t: conditional_demographic_disparity(*t.by_group("label")),
    ),
    _pre("CI", "Class Imbalance", lambda t: class_imbalance(t.advantaged.rows, t.disadvantaged.rows)),
    _pre(
        "DPL",
        "Difference in Positive Proportions in Labels",
        lambda t: difference_in_positive_proportions(
            t.advantaged.positives, t.advantaged.rows, t.disadvantaged.positives, t.disadvantaged.rows
        ),
    ),
    _pre("JS", "Jensen-Shannon Divergence", lambda t: jensen_shannon(*t.label_counts())),
    _pre("KL", "Kullback-Liebler Divergence", lambda t: kullback_leibler(*t.label_counts())),
    _pre("KS", "Kolmogorov-Smirnov Distance", lambda t: kolmogorov_smirnov(*t.label_counts())),
    _pre("LP", "L-p Norm", lambda t: lp_norm(*t.label_counts())),
    _pre("TVD", "Total Variation Distance", lambda t: total_variation(*t.label_counts())),
    _post("AD", "Accuracy Difference", lambda t, _: accuracy_difference(t.advantaged, t.disadvantaged)),
    _post(
        "CDDPL",
        "Conditional Demographic Disparity in Predicted Labels",
        lambda t, _: conditional_demographic_disparity(*t.by_group("predicted")),
    ),
    _post(
        "DAR",
        "Difference in Acceptance Rates",
        lambda t, empty: difference_in_acceptance_rates(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post(
        "DCA",
        "Difference in Conditional Acceptance",
        lambda t, empty: difference_in_conditional_acceptance(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post(
        "DCR",
        "Difference in Conditional Rejection",
        lambda t, empty: difference_in_conditional_rejection(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post(
        "DI",
        "Disparate Impact",
        lambda t, empty: disparate_impact(
            t.advantaged.predicted_positives,
            t.advantaged.rows,
            t.disadvantaged.predicted_positives,
            t.disadvantaged.rows,
            empty=empty,
        ),
    ),
    _post(
        "DPPL",
        "Difference in Positive Proportions in Predicted Labels",
        lambda t, _: difference_in_positive_proportions(
            t.advantaged.predicted_positives,
            t.advantaged.rows,
            t.disadvantaged.predicted_positives,
            t.disadvantaged.rows,
        ),
    ),
    _post(
        "DRR",
        "Difference in Rejection Rates",
        lambda t, empty: difference_in_rejection_rates(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post("FT", "Flip Test", lambda t, _: t.flip_share()),
    _post("GE", "Generalized Entropy", lambda t, _: generalized_entropy(t.everybody)),
    _post(
        "RD",
        "Recall Difference",
        lambda t, empty: recall_difference(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post(
        "SD",
        "Specificity Difference",
        lambda t, empty: specificity_difference(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _post(
        "TE",
        "Treatment Equality",
        lambda t, empty: treatment_equality(t.advantaged, t.disadvantaged, empty=empty),
    ),
    _ours(
        "average_odds_difference",
        "Average odds difference",
        lambda t: average_odds_difference(t.advantaged, t.disadvantaged),
    ),
    _ours(
        "equal_opportunity_difference",
        "Equal opportunity difference",
        lambda t: equal_opportunity_difference(t.advantaged, t.disadvantaged),
    ),
    _ours(
        "equalized_odds_difference",
        "Equalized odds difference",
        lambda t: equalized_odds_difference(t.advantaged, t.disadvantaged),
    ),
)
"""In the order of Amazon's files: by name within each stage, ours last."""
