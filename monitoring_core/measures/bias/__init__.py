"""Bias metrics: counts of two groups in, one number out.

The advantaged group is called a, the disadvantaged one d, as in Amazon's documentation.
"""

from monitoring_core.measures.bias.acceptance import (
    difference_in_acceptance_rates,
    difference_in_conditional_acceptance,
    difference_in_conditional_rejection,
    difference_in_rejection_rates,
)
from monitoring_core.measures.bias.catalogue import METRICS, BiasMetric, Stage
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
from monitoring_core.measures.bias.flip_test import Flips, PredictedRows, find_flips, flip_test
from monitoring_core.measures.bias.group_statistics import confusion_shares, label_shares, performance
from monitoring_core.measures.bias.intervals import interval
from monitoring_core.measures.bias.ratios import Outcomes, UndefinedBiasError
from monitoring_core.measures.bias.representation import (
    class_imbalance,
    difference_in_positive_proportions,
    disparate_impact,
)

__all__ = [
    "METRICS",
    "BiasMetric",
    "FacetTable",
    "Flips",
    "Outcomes",
    "PredictedRows",
    "Stage",
    "UndefinedBiasError",
    "accuracy_difference",
    "average_odds_difference",
    "class_imbalance",
    "conditional_demographic_disparity",
    "confusion_shares",
    "difference_in_acceptance_rates",
    "difference_in_conditional_acceptance",
    "difference_in_conditional_rejection",
    "difference_in_positive_proportions",
    "difference_in_rejection_rates",
    "disparate_impact",
    "equal_opportunity_difference",
    "equalized_odds_difference",
    "find_flips",
    "flip_test",
    "generalized_entropy",
    "interval",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "kullback_leibler",
    "label_shares",
    "lp_norm",
    "performance",
    "recall_difference",
    "specificity_difference",
    "total_variation",
    "treatment_equality",
]
