"""The sentences that a person reads about a violated integrity check."""

from __future__ import annotations

from typing import Final

from monitoring_core.checks.evaluation import Check
from monitoring_core.monitors.stored import INCREASE

_SENTENCES: Final = {
    "missing_columns": "{value:.0f} columns of the baseline are missing",
    "unexpected_columns": "{value:.0f} columns are not in the baseline",
    "missing_share": "The share of missing values of {column} is {value:.2%} higher than in the baseline",
    "wrong_type_share": "Values of {column} that are no numbers are {value:.2%} more frequent than in the baseline",
    "out_of_range_share": "The share of values of {column} outside the baseline's range is {value:.2%} higher",
    "outlier_share": "The share of outliers of {column} is {value:.2%} higher than in the baseline",
    "broken_encoding_share": "The share of texts of {column} with a broken encoding is {value:.2%} higher",
    "unseen_category_share": "Categories of {column} that the baseline never had are {value:.2%} more frequent",
    "duplicate_share": "The share of rows that repeat another is {value:.2%} higher than allowed",
    "frozen": "{column} has one value only, and used to vary",
    "correlation_shift": "The correlation of {column} with another column has changed by {value:.2f}",
    "rule_broken_share": "Rule {column} is broken in {value:.2%} of the rows",
    "skew_share": "{column} as served differs from the training transformation in {value:.2%} of the rows",
    "imbalance": "The categories of {column} are unequal by {value:.2f} (0: equal, 1: only one)",
    "age_seconds": "The data is {value:.0f} seconds old",
    "rows": "The window has {value:.0f} rows",
    "checksum_matches": "The checksum of the rows is not the expected one",
}


def explain(violation: Check) -> str:
    """Return the sentence, with the limit."""
    constraint, measured = violation.constraint, violation.measurement
    sentence = _SENTENCES[constraint.metric.removesuffix(INCREASE)]
    text = sentence.format(column=constraint.subject.column, value=measured.value if measured else float("nan"))
    ends = {"at least": constraint.bound.lower, "at most": constraint.bound.upper}
    limits = " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)
    return f"{text}; allowed is {limits}"
