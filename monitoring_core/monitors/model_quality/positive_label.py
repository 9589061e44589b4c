"""Which label is the positive one, where nobody said so."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import DataError
from monitoring_core.monitors.model_quality.columns import classes_of, find_column, label_column
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from monitoring_core.stats.confusion import in_order

_ZERO_ONE = {"0", "1"}
_TWO = 2


def is_undecided(spec: ModelQualitySpec) -> bool:
    """Return whether the labels have to tell which of them is the positive one."""
    return spec.problem_type is ProblemType.BINARY and spec.positive_label is None


def with_positive_label(spec: ModelQualitySpec, labels: Collection[str]) -> ModelQualitySpec:
    """Return the specification with the positive one of some labels.

    Of labels other than 0 and 1 it is the one that sorts last, as scikit-learn's and XGBoost's encoders have it
    (``yes`` of no and yes, 2 of 1 and 2).

    Raises
    ------
    DataError
        If there are more than two labels, or only one that is neither 0 nor 1.
    """
    if set(labels) <= _ZERO_ONE:
        return spec
    if len(labels) != _TWO:
        raise DataError(
            f"the label {label_column(spec)!r} holds {', '.join(in_order(set(labels))[:5])}; BinaryClassification has "
            "two classes: say which one is positive with positive_label"
        )
    return spec.model_copy(update={"positive_label": in_order(set(labels))[-1]})


def decide_positive_label(spec: ModelQualitySpec, batches: Iterable[Batch]) -> ModelQualitySpec:
    """Return the specification with a positive label; batches are read until they tell it.

    Raises
    ------
    DataError
        If there are more than two labels, or only one that is neither 0 nor 1.
    """
    if not is_undecided(spec):
        return spec
    seen: set[str] = set()
    for batch in batches:
        if len(batch):
            seen |= set(classes_of(find_column(batch, label_column(spec))).names)
        if seen & _ZERO_ONE or len(seen) >= _TWO:
            break
    return with_positive_label(spec, seen)
