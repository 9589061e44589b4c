"""What is compared of predictions: outputs, confidence, interval width, label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.monitors.segments import labels
from monitoring_core.spec.prediction_drift import PredictionDriftSpec

CONFIDENCE = "confidence"
INTERVAL_WIDTH = "interval_width"


@dataclass(frozen=True, slots=True)
class Predictions:
    """The columns that a specification names, and those derived from them."""

    spec: PredictionDriftSpec

    def __call__(self, batch: Batch) -> Batch:
        """Return the columns to compare.

        Raises
        ------
        ColumnNotFoundError
            If an output is not in the batch; a label may be missing.
        """
        return Batch(dict(self._columns(batch)))

    def _columns(self, batch: Batch) -> Iterator[tuple[str, Column]]:
        spec = self.spec
        named = (spec.interval.lower, spec.interval.upper) if spec.interval else ()
        watched = dict.fromkeys((*spec.columns.outputs, *spec.classes, *spec.scores, *named))
        label = spec.columns.label
        if not watched:
            watched = dict.fromkeys(name for name in batch.columns if name != label)
        for name in watched:
            if name != label:
                yield name, as_classes(batch[name]) if name in spec.classes else batch[name]
        if spec.scores:
            yield CONFIDENCE, _numbers(confidence(np.column_stack([batch[name].numbers for name in spec.scores])))
        if spec.interval:
            yield INTERVAL_WIDTH, _numbers(batch[spec.interval.upper].numbers - batch[spec.interval.lower].numbers)
        if label is not None and label in batch.columns:
            yield label, as_classes(batch[label]) if label in spec.classes else batch[label]


def confidence(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how sure the model is of each row.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Probabilities: of one class of two (k = 1), or of every class.

    Returns
    -------
    ndarray, shape (n,)
        The larger of p and 1 - p, or the largest; ``nan`` where a score is missing or outside [0, 1].

    Examples
    --------
    >>> confidence(np.array([[0.2], [0.9], [7.0]])).tolist(), confidence(np.array([[0.2, 0.5, 0.3]])).tolist()
    ([0.8, 0.9, nan], [0.5])
    """
    every = np.column_stack([scores, 1 - scores]) if scores.shape[1] == 1 else scores
    with np.errstate(invalid="ignore"):
        valid = ((every >= 0) & (every <= 1)).all(axis=1)
    return np.where(valid, every.max(axis=1), np.nan)


def as_classes(column: Column) -> Column:
    """Return the column with every value as a name: 1 and 1.0 are one class.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> as_classes(column_from_texts(["1", "1.0", None])).texts.tolist()
    ['1', '1', None]
    """
    texts = labels(column).astype(np.object_)
    missing = column.codes == TypeCode.MISSING
    texts[missing] = None
    codes = np.where(missing, TypeCode.MISSING, TypeCode.STRING).astype(np.uint8)
    return Column(codes, np.full(len(column), np.nan), texts)


def _numbers(values: NDArray[np.float64]) -> Column:
    codes = np.where(np.isnan(values), TypeCode.MISSING, TypeCode.FRACTIONAL).astype(np.uint8)
    return Column(codes, values)
