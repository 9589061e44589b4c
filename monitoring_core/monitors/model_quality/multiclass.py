"""Multiclass classification: the state, and the metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures import classification as of
from monitoring_core.measures.bootstrap import spread
from monitoring_core.measures.classification import ClassCounts, Floats
from monitoring_core.monitors.model_quality.columns import (
    MISSING,
    classes_of,
    find_column,
    label_column,
    numbers_of,
)
from monitoring_core.monitors.model_quality.estimates import around, share
from monitoring_core.monitors.model_quality.probabilities import Probabilities
from monitoring_core.monitors.model_quality.quality import Counts, ModelQuality
from monitoring_core.spec.model_quality import ProblemType
from monitoring_core.stats.confusion import Confusion

_WEIGHTED: Final[Mapping[str, Callable[[ClassCounts], Floats]]] = {
    "weighted_precision": of.weighted_precision,
    "weighted_f0_5": partial(of.weighted_f_score, beta=0.5),
    "weighted_f1": partial(of.weighted_f_score, beta=1.0),
    "weighted_f2": partial(of.weighted_f_score, beta=2.0),
}

_SHARES: Final[Mapping[str, Callable[[ClassCounts], Floats]]] = {
    "accuracy": of.class_accuracy,
    "weighted_recall": of.weighted_recall,
}


@dataclass(frozen=True, slots=True)
class MulticlassState:
    """Rows by label and prediction; ``MulticlassState()`` is empty.

    Attributes
    ----------
    confusion : Confusion
        By label and predicted label.
    confidence : Probabilities
        Probabilities of the predicted classes, against whether these were right.
    unusable : int
        Rows that lack a label or a prediction.
    """

    confusion: Confusion = field(default_factory=Confusion)
    confidence: Probabilities = field(default_factory=Probabilities)
    unusable: int = 0

    @property
    def rows(self) -> int:
        """Rows that have label and prediction."""
        return self.confusion.total

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.confusion.merge(other.confusion),
            self.confidence.merge(other.confidence),
            self.unusable + other.unusable,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "confusion": self.confusion.to_dict(),
            "confidence": self.confidence.to_dict(),
            "unusable": self.unusable,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            Confusion.from_dict(data["confusion"]), Probabilities.from_dict(data["confidence"]), data["unusable"]
        )


@dataclass(frozen=True, slots=True)
class MulticlassQuality(ModelQuality[MulticlassState]):
    """Metrics of any number of classes, weighted by their shares."""

    problem: ClassVar[ProblemType] = ProblemType.MULTICLASS

    def empty(self, reference: MulticlassState | None = None, /) -> MulticlassState:  # noqa: ARG002
        """Return the state of no rows."""
        return MulticlassState()

    def observe(self, batch: Batch, reference: MulticlassState | None = None, /) -> MulticlassState:
        """Count one batch.

        Raises
        ------
        ColumnNotFoundError
            If an attribute has no column.
        DataError
            If there are too many labels to be classes.
        """
        if not len(batch):
            return self.empty(reference)
        labels = classes_of(find_column(batch, label_column(self.spec)))
        predictions = classes_of(find_column(batch, str(self.spec.inference_attribute)))
        usable = (labels.index != MISSING) & (predictions.index != MISSING)
        scores = None
        if self.spec.probability_attribute is not None:
            scores = numbers_of(find_column(batch, self.spec.probability_attribute))
            usable &= ~np.isnan(scores)
        kept = slice(None) if usable.all() else np.flatnonzero(usable)
        names = tuple(dict.fromkeys((*labels.names, *predictions.names)))
        places = {name: index for index, name in enumerate(names)}
        place = np.array([places[name] for name in predictions.names], dtype=np.intp)
        actual, predicted = labels.index[kept], place[predictions.index[kept]]
        confusion = Confusion.of(names, actual, predicted)
        confidence = Probabilities() if scores is None else Probabilities.of(scores[kept], actual == predicted)
        return MulticlassState(confusion, confidence, len(batch) - confusion.total)

    def estimate(self, state: MulticlassState, /) -> Iterator[Measurement]:
        """Yield the metrics of ``statistics.json``, and then ours."""
        counts, resampled = self._class_counts(state.confusion)
        constants = None if resampled is None else most_frequent(resampled)
        yield from self._metrics(counts, resampled, state.rows)
        for measurement in self._metrics(most_frequent(counts), constants, state.rows):
            yield replace(measurement, metric=f"{measurement.metric}_best_constant_classifier")
        if not self.compat:
            yield from state.confidence.measure()
            yield from state.confidence.confidence(of_positive=False)

    def _metrics(self, counts: ClassCounts, resampled: ClassCounts | None, rows: int) -> Iterator[Measurement]:
        for metric, measure in _SHARES.items():
            yield share(metric, measure(counts).item(), rows, _spread(measure, resampled))
        for metric, measure in _WEIGHTED.items():
            yield around(metric, measure(counts).item(), rows, _spread(measure, resampled), within=(0.0, 1.0))

    def _class_counts(self, confusion: Confusion) -> tuple[ClassCounts, ClassCounts | None]:
        """Return the counts by class, and those of random samples."""
        pairs = sorted(confusion.counts)
        place = {label: index for index, label in enumerate(confusion.classes)}
        index = np.array([[place[actual], place[predicted]] for actual, predicted in pairs], dtype=np.intp)
        cells = np.array([confusion.counts[pair] for pair in pairs], dtype=np.int64)
        samples = self.resample(cells)
        whole = ClassCounts(*(totals[0] for totals in _by_class(cells[None], index, len(place))))
        return whole, None if samples is None else _by_class(samples, index, len(place))


def _by_class(samples: Counts, index: NDArray[np.intp], classes: int) -> ClassCounts:
    """Add up counts of pairs, shape (n_samples, n_pairs), whose classes are in `index`, shape (n_pairs, 2)."""

    def totals(of_class: NDArray[np.intp], parts: Counts) -> Floats:
        return np.stack([np.bincount(of_class, weights=part, minlength=classes) for part in parts])

    actual, predicted = index.T
    right = np.where(actual == predicted, samples, 0)
    return ClassCounts(totals(actual, right), totals(actual, samples), totals(predicted, samples))


def most_frequent(counts: ClassCounts) -> ClassCounts:
    """Return the counts of always predicting the most frequent class.

    Examples
    --------
    >>> most_frequent(ClassCounts(*np.array([[2.0, 1], [3, 1], [2, 2]]))).right.tolist()
    [3.0, 0.0]
    """
    chosen = np.arange(counts.actual.shape[-1]) == counts.actual.argmax(axis=-1)[..., None]
    right = np.where(chosen, counts.actual, 0.0)
    return ClassCounts(right, counts.actual, np.where(chosen, counts.actual.sum(axis=-1)[..., None], 0.0))


def _spread(measure: Callable[[ClassCounts], Floats], resampled: ClassCounts | None) -> float:
    return math.nan if resampled is None else spread(measure(resampled))
