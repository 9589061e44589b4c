"""Binary classification: the state, and the metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self

import numpy as np

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import DataError
from monitoring_core.measures import classification as of
from monitoring_core.measures.bootstrap import spread
from monitoring_core.measures.classification import Floats, Outcomes
from monitoring_core.measures.ranking import area_resolution, area_under_roc, average_precision
from monitoring_core.monitors.model_quality.columns import label_column, normalise, usable_rows
from monitoring_core.monitors.model_quality.estimates import around, share
from monitoring_core.monitors.model_quality.probabilities import Probabilities
from monitoring_core.monitors.model_quality.quality import ModelQuality
from monitoring_core.spec.model_quality import ProblemType
from monitoring_core.stats.confusion import Confusion
from monitoring_core.stats.grid_counts import CAPACITY, GridCounts

POSITIVE: Final = "positive"
NEGATIVE: Final = "negative"

DEFAULT_POSITIVE: Final = "1"

_Measure = Callable[[Outcomes], Floats]

_RATES: Final[Mapping[str, tuple[_Measure, _Measure]]] = {
    "recall": (of.recall, lambda o: o.tp + o.fn),
    "precision": (of.precision, lambda o: o.tp + o.fp),
    "accuracy": (of.accuracy, lambda o: o.tp + o.fp + o.fn + o.tn),
    "true_positive_rate": (of.recall, lambda o: o.tp + o.fn),
    "true_negative_rate": (of.true_negative_rate, lambda o: o.fp + o.tn),
    "false_positive_rate": (of.false_positive_rate, lambda o: o.fp + o.tn),
    "false_negative_rate": (of.false_negative_rate, lambda o: o.tp + o.fn),
}
"""Each rate, and the rows it is a share of."""

_F_SCORES: Final = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}

_AREAS: Final = {"auc": area_under_roc, "average_precision": average_precision}


@dataclass(frozen=True, slots=True)
class BinaryState:
    """Rows by label and prediction, and by score; see `BinaryQuality.empty` for the empty one.

    Attributes
    ----------
    confusion : Confusion
        By label, and by whether the prediction was positive or negative.
    scores : GridCounts
        Negatives and positives by score; without rows where there are no scores.
    probabilities : Probabilities
        How the scores did as probabilities.
    unusable : int
        Rows that lack a label or a prediction.
    """

    confusion: Confusion = field(default_factory=Confusion)
    scores: GridCounts = field(default_factory=lambda: GridCounts.empty(2))
    probabilities: Probabilities = field(default_factory=Probabilities)
    unusable: int = 0

    @property
    def rows(self) -> int:
        """Rows that have label and prediction."""
        return self.confusion.total

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.confusion.merge(other.confusion),
            self.scores.merge(other.scores),
            self.probabilities.merge(other.probabilities),
            self.unusable + other.unusable,
        )

    def outcomes(self, positive: str) -> Outcomes:
        """Return true and false positives, false and true negatives, when `positive` is the positive label."""
        counts = np.zeros((2, 2))
        for (label, predicted), count in self.confusion.counts.items():
            counts[int(label == positive), int(predicted == POSITIVE)] += count
        return Outcomes(tp=counts[1, 1], fp=counts[0, 1], fn=counts[1, 0], tn=counts[0, 0])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "confusion": self.confusion.to_dict(),
            "scores": self.scores.to_dict(),
            "probabilities": self.probabilities.to_dict(),
            "unusable": self.unusable,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            Confusion.from_dict(data["confusion"]),
            GridCounts.from_dict(data["scores"]),
            Probabilities.from_dict(data["probabilities"]),
            data["unusable"],
        )


@dataclass(frozen=True, slots=True)
class BinaryQuality(ModelQuality[BinaryState]):
    """Metrics of two classes, one of them the positive."""

    problem: ClassVar[ProblemType] = ProblemType.BINARY

    @property
    def positive(self) -> str:
        """The positive label."""
        return DEFAULT_POSITIVE if self.spec.positive_label is None else normalise(self.spec.positive_label)

    def empty(self, reference: BinaryState | None = None, /) -> BinaryState:  # noqa: ARG002
        """Return the state of no rows; scores stay exact for parity, whatever their number."""
        return BinaryState(scores=GridCounts.empty(2, None if self.compat else CAPACITY))

    def observe(self, batch: Batch, reference: BinaryState | None = None, /) -> BinaryState:
        """Count one batch.

        Raises
        ------
        ColumnNotFoundError
            If an attribute has no column.
        DataError
            If labels are neither 0 nor 1 and no positive label is given, or predictions are no classes.
        """
        state = self.empty(reference)
        if not len(batch):
            return state
        labels, predictions, scores, unusable = usable_rows(self.spec, batch)
        self.check_classes(labels.names, label_column(self.spec))
        if predictions is not None:
            self.check_classes(predictions.names, str(self.spec.inference_attribute))
            predicted = predictions.is_class(self.positive)
        else:
            predicted = scores > self.spec.probability_threshold
        confusion = _confusion(labels.names, labels.index, predicted)
        state = replace(state, confusion=confusion, unusable=unusable)
        if self.spec.probability_attribute is None:
            return state
        positive = labels.is_class(self.positive)
        counted = GridCounts.of(scores, positive.astype(np.intp), 2, capacity=state.scores.capacity)
        return replace(state, scores=counted, probabilities=Probabilities.of(scores, positive))

    def estimate(self, state: BinaryState, /) -> Iterator[Measurement]:
        """Yield the metrics of ``statistics.json``, in its order, and then ours."""
        outcomes = state.outcomes(self.positive)
        samples = self.resample(np.array(outcomes, dtype=np.int64))
        resampled = None if samples is None else Outcomes(*samples.T.astype(np.float64))
        constant = best_constant(outcomes)
        constants = None if resampled is None else best_constant(resampled)
        for metric in ("recall", "precision", "accuracy"):
            yield self._rate(metric, outcomes, resampled)
        for metric in ("recall", "precision", "accuracy"):
            yield _constant(self._rate(metric, constant, constants))
        for metric in ("true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate"):
            yield self._rate(metric, outcomes, resampled)
        if state.scores.total:
            yield from self._areas(state)
        for metric in _F_SCORES:
            yield self._f_score(metric, outcomes, resampled)
        for metric in _F_SCORES:
            yield _constant(self._f_score(metric, constant, constants))
        if state.scores.total and not self.compat:
            yield from state.probabilities.measure()
            yield from state.probabilities.confidence(of_positive=True)

    def _rate(self, metric: str, outcomes: Outcomes, resampled: Outcomes | None) -> Measurement:
        measure, rows = _RATES[metric]
        deviation = self._spread(None if resampled is None else measure(resampled))
        return share(metric, measure(outcomes).item(), float(rows(outcomes)), deviation)

    def _f_score(self, metric: str, outcomes: Outcomes, resampled: Outcomes | None) -> Measurement:
        beta = _F_SCORES[metric]
        deviation = self._spread(None if resampled is None else of.f_score(resampled, beta))
        rows = float(outcomes.tp + outcomes.fp + outcomes.fn)
        return around(metric, of.f_score(outcomes, beta).item(), rows, deviation, within=(0.0, 1.0))

    def _areas(self, state: BinaryState) -> Iterator[Measurement]:
        """Estimate the areas under both curves; they rest on the rows of the rarer class.

        With scores by cell the first is off by no more than its resolution; the second, in practice, by less.
        """
        negatives, positives = state.scores.counts.T
        samples = self.resample(state.scores.counts)
        rarer = min(negatives.sum(), positives.sum())
        for metric, measure in _AREAS.items():
            deviation = self._spread(None if samples is None else measure(samples[..., 0], samples[..., 1]))
            value = measure(negatives, positives).item()
            if self.compat and not negatives.sum():
                value = 1.0  # no false positive at any threshold
            exact = state.scores.level is None
            slack = 0.0 if exact else area_resolution(negatives, positives).item()
            yield around(metric, value, rarer, deviation, within=(0.0, 1.0), slack=slack)

    def _spread(self, values: Floats | None) -> float:
        if values is None:
            return math.nan
        return spread(np.nan_to_num(values) if self.compat else values)

    def check_classes(self, names: Collection[str], attribute: str) -> None:
        """Make sure that a column holds 0 and 1 where no positive label is given.

        Raises
        ------
        DataError
            If it does not.
        """
        if self.spec.positive_label is not None or set(names) <= {"0", "1"}:
            return
        shown = ", ".join(list(names)[:5])
        raise DataError(
            f"column {attribute!r} holds {shown}; two classes are expected. If these are classes, say which is the "
            "positive one with positive_label; if they are probabilities, name the column as probability_attribute"
        )


def best_constant(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes of always predicting the more frequent class.

    Examples
    --------
    >>> best_constant(Outcomes(*map(np.float64, (16, 0, 12, 173)))).tn.item()
    173.0
    """
    positives, negatives = outcomes.tp + outcomes.fn, outcomes.fp + outcomes.tn
    positive = positives > negatives
    zero = np.zeros_like(positives)
    return Outcomes(
        np.where(positive, positives, zero),
        np.where(positive, negatives, zero),
        np.where(positive, zero, positives),
        np.where(positive, zero, negatives),
    )


def _constant(measurement: Measurement) -> Measurement:
    return replace(measurement, metric=f"{measurement.metric}_best_constant_classifier")


def _confusion(labels: tuple[str, ...], index: Any, predicted: Any) -> Confusion:
    names = (*labels, NEGATIVE, POSITIVE)
    return Confusion.of(names, index, len(labels) + predicted.astype(np.intp))
