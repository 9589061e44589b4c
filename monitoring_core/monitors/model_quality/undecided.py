"""Two classes of which it is not known yet which one is the positive: that shows when all labels have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors.model_quality.binary import (
    NEGATIVE,
    POSITIVE,
    BinaryQuality,
    BinaryState,
)
from monitoring_core.monitors.model_quality.columns import Classes, usable_rows
from monitoring_core.monitors.model_quality.positive_label import with_positive_label
from monitoring_core.monitors.model_quality.probabilities import Probabilities
from monitoring_core.stats.confusion import Confusion
from monitoring_core.stats.grid_counts import GridCounts
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.mergeable import merge_all


@dataclass(frozen=True, slots=True)
class UndecidedState:
    """Rows of each label, counted for either answer; ``UndecidedState()`` is empty.

    Attributes
    ----------
    confusion : Confusion
        By label and predicted class; where scores decide, by label and whether the prediction was positive.
    scores : Keyed of GridCounts
        By label.
    hits, misses : Keyed of Probabilities
        By label: how its scores did if it is the positive one, and if it is the negative one.
    unusable : int
        Rows that lack a label or a prediction.
    """

    confusion: Confusion = field(default_factory=Confusion)
    scores: Keyed[str, GridCounts] = field(default_factory=Keyed)
    hits: Keyed[str, Probabilities] = field(default_factory=Keyed)
    misses: Keyed[str, Probabilities] = field(default_factory=Keyed)
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
            self.hits.merge(other.hits),
            self.misses.merge(other.misses),
            self.unusable + other.unusable,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "confusion": self.confusion.to_dict(),
            "scores": self.scores.to_dict(GridCounts.to_dict),
            "hits": self.hits.to_dict(Probabilities.to_dict),
            "misses": self.misses.to_dict(Probabilities.to_dict),
            "unusable": self.unusable,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            Confusion.from_dict(data["confusion"]),
            Keyed.from_dict(data["scores"], GridCounts.from_dict),
            Keyed.from_dict(data["hits"], Probabilities.from_dict),
            Keyed.from_dict(data["misses"], Probabilities.from_dict),
            data["unusable"],
        )


@dataclass(frozen=True, slots=True)
class UndecidedQuality:
    """Observes for a `BinaryQuality` whose specification has no positive label."""

    quality: BinaryQuality

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.quality.name

    def empty(self, reference: UndecidedState | None = None, /) -> UndecidedState:  # noqa: ARG002
        """Return the state of no rows."""
        return UndecidedState()

    def observe(self, batch: Batch, reference: UndecidedState | None = None, /) -> UndecidedState:  # noqa: ARG002
        """Count one batch.

        Raises
        ------
        ColumnNotFoundError
            If an attribute has no column.
        DataError
            If labels are neither 0 nor 1, and more than two.
        """
        if not len(batch):
            return UndecidedState()
        spec = self.quality.spec
        labels, predictions, scores, unusable = usable_rows(spec, batch)
        seen = [labels.names[place] for place in np.unique(labels.index).tolist()]
        if len(seen) > 1:
            with_positive_label(spec, seen)
        if predictions is None:
            above = scores > spec.probability_threshold
            predictions = Classes((NEGATIVE, POSITIVE), above.astype(np.intp))
        names = (*labels.names, *predictions.names)
        confusion = Confusion.of(names, labels.index, len(labels.names) + predictions.index)
        if spec.probability_attribute is None:
            return UndecidedState(confusion, unusable=unusable)
        by_label = {name: scores[labels.is_class(name)] for name in seen}
        return UndecidedState(
            confusion,
            Keyed({name: self._counted(own) for name, own in by_label.items()}),
            Keyed({name: Probabilities.of(own, np.ones(own.size, bool)) for name, own in by_label.items()}),
            Keyed({name: Probabilities.of(own, np.zeros(own.size, bool)) for name, own in by_label.items()}),
            unusable,
        )

    def decide(self, state: UndecidedState) -> tuple[BinaryQuality, BinaryState]:
        """Return the monitor that knows the positive label, and its state of the same rows.

        Raises
        ------
        DataError
            If labels or predictions are no two classes.
        """
        spec = with_positive_label(self.quality.spec, state.confusion.actual)
        quality, classes = replace(self.quality, spec=spec), spec.inference_attribute
        if classes is not None:
            quality.check_classes({predicted for _, predicted in state.confusion.counts}, classes)
        positive, empty = quality.positive, quality.empty()
        predicted_positive = POSITIVE if classes is None else positive
        outcomes = (
            Confusion({(label, POSITIVE if predicted == predicted_positive else NEGATIVE): count})
            for (label, predicted), count in state.confusion.counts.items()
        )
        scores = (_of_two(state.scores[label], int(label == positive)) for label in state.scores)
        chances = (state.hits[label] if label == positive else state.misses[label] for label in state.hits)
        return quality, BinaryState(
            merge_all(outcomes, empty.confusion),
            merge_all(scores, empty.scores),
            merge_all(chances, empty.probabilities),
            state.unusable,
        )

    def _counted(self, scores: np.ndarray[Any, np.dtype[np.float64]]) -> GridCounts:
        capacity = self.quality.empty().scores.capacity
        return GridCounts.of(scores, np.zeros(scores.size, dtype=np.intp), 1, capacity=capacity)


def _of_two(scores: GridCounts, place: int) -> GridCounts:
    """Return the counts of one class as those of two, of which the other has none."""
    counts = np.zeros((len(scores.values), 2), dtype=np.int64)
    counts[:, place] = scores.counts[:, 0]
    return replace(scores, counts=counts)
