"""Which label is the positive one, where nobody said so."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import DataError
from monitoring_core.monitors.model_quality.columns import classes_of, find_column, label_column
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from monitoring_core.stats.confusion import in_order

_ZERO_ONE = {"0", "1"}
_TWO = 2


def decide_positive_label(spec: ModelQualitySpec, batches: Iterable[Batch]) -> tuple[ModelQualitySpec, Iterable[Batch]]:
    """Return the specification with a positive label, and all the batches.

    Of labels other than 0 and 1 it is the one that sorts last, as scikit-learn's and XGBoost's encoders have it
    (``yes`` of no and yes, 2 of 1 and 2); batches are read until both have been seen.

    Raises
    ------
    DataError
        If there are more than two labels, or only one that is neither 0 nor 1.
    """
    if spec.problem_type is not ProblemType.BINARY or spec.positive_label is not None:
        return spec, batches
    attribute, rest = label_column(spec), iter(batches)
    held: list[Batch] = []
    seen: set[str] = set()
    for batch in rest:
        held.append(batch)
        if len(batch):
            seen |= set(classes_of(find_column(batch, attribute)).names)
        if seen & _ZERO_ONE or len(seen) >= _TWO:
            break
    if not seen <= _ZERO_ONE:
        if len(seen) != _TWO:
            raise DataError(
                f"the label {attribute!r} holds {', '.join(in_order(seen)[:5])}; BinaryClassification has two classes: "
                "say which one is positive with positive_label"
            )
        spec = spec.model_copy(update={"positive_label": in_order(seen)[-1]})
    return spec, chain(held, rest)
