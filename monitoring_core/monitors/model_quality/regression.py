"""Regression: the state, and the metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.bootstrap import SUBSAMPLE_FACTOR
from monitoring_core.measures.regression import (
    error_quantile,
    r2_score,
    r2_score_se,
    root_mean_squared_error,
    root_mean_squared_error_se,
    standard_error,
)
from monitoring_core.monitors.model_quality.columns import find_column, label_column, numbers_of
from monitoring_core.monitors.model_quality.estimates import STANDARD_ERRORS, around
from monitoring_core.monitors.model_quality.quality import SMALLEST_SAMPLE, ModelQuality
from monitoring_core.spec.model_quality import ProblemType
from monitoring_core.stats.error_moments import ErrorMoments
from monitoring_core.stats.grid_counts import GridCounts
from monitoring_core.stats.moments import Moments

_QUANTILES: Final = {"median_absolute_error": 0.5, "absolute_error_p90": 0.9, "absolute_error_p99": 0.99}
_POSSIBLE: Final = (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class RegressionState:
    """Errors of the predictions; ``RegressionState()`` is empty.

    Attributes
    ----------
    errors, absolute, squared : Moments
        Of prediction minus label, its size and its square.
    relative : Moments
        Of the size of the error divided by that of the label, where the label is not 0.
    joint : ErrorMoments
        Labels beside squared errors.
    sizes : GridCounts
        Rows by size of the error.
    unusable : int
        Rows that lack a label or a prediction.
    """

    errors: Moments = field(default_factory=Moments)
    absolute: Moments = field(default_factory=Moments)
    squared: Moments = field(default_factory=Moments)
    relative: Moments = field(default_factory=Moments)
    joint: ErrorMoments = field(default_factory=ErrorMoments)
    sizes: GridCounts = field(default_factory=lambda: GridCounts.empty(1))
    unusable: int = 0

    @property
    def rows(self) -> int:
        """Rows that have label and prediction."""
        return self.errors.count

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.errors.merge(other.errors),
            self.absolute.merge(other.absolute),
            self.squared.merge(other.squared),
            self.relative.merge(other.relative),
            self.joint.merge(other.joint),
            self.sizes.merge(other.sizes),
            self.unusable + other.unusable,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "errors": self.errors.to_dict(),
            "absolute": self.absolute.to_dict(),
            "squared": self.squared.to_dict(),
            "relative": self.relative.to_dict(),
            "joint": self.joint.to_dict(),
            "sizes": self.sizes.to_dict(),
            "unusable": self.unusable,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            Moments.from_dict(data["errors"]),
            Moments.from_dict(data["absolute"]),
            Moments.from_dict(data["squared"]),
            Moments.from_dict(data["relative"]),
            ErrorMoments.from_dict(data["joint"]),
            GridCounts.from_dict(data["sizes"]),
            data["unusable"],
        )


@dataclass(frozen=True, slots=True)
class RegressionQuality(ModelQuality[RegressionState]):
    """Metrics of predicted numbers."""

    problem: ClassVar[ProblemType] = ProblemType.REGRESSION

    def empty(self, reference: RegressionState | None = None, /) -> RegressionState:  # noqa: ARG002
        """Return the state of no rows."""
        return RegressionState()

    def observe(self, batch: Batch, reference: RegressionState | None = None, /) -> RegressionState:
        """Count one batch.

        Raises
        ------
        ColumnNotFoundError
            If an attribute has no column.
        """
        if not len(batch):
            return self.empty(reference)
        labels = numbers_of(find_column(batch, label_column(self.spec)))
        predictions = numbers_of(find_column(batch, str(self.spec.inference_attribute)))
        usable = ~(np.isnan(labels) | np.isnan(predictions))
        labels, predictions = labels[usable], predictions[usable]
        errors = predictions - labels
        sizes, nonzero = np.abs(errors), labels != 0
        return RegressionState(
            Moments.of(errors),
            Moments.of(sizes),
            Moments.of(np.square(errors)),
            Moments.of(sizes[nonzero] / np.abs(labels[nonzero])),
            ErrorMoments.of(labels, predictions),
            GridCounts.of(sizes, np.zeros(sizes.size, dtype=np.intp), 1),
            int(usable.size - labels.size),
        )

    def estimate(self, state: RegressionState, /) -> Iterator[Measurement]:
        """Yield the metrics of ``statistics.json``, in its order, and then ours."""
        n, squared = state.rows, state.squared
        yield self._around("mae", state.absolute.mean, n, standard_error(state.absolute))
        yield self._around("mse", squared.mean, n, standard_error(squared))
        yield self._around("rmse", root_mean_squared_error(squared), n, root_mean_squared_error_se(squared))
        yield self._around("r2", r2_score(state.joint), n, r2_score_se(state.joint), within=(-math.inf, 1.0))
        if self.compat:
            return
        yield around("mean_error", state.errors.mean, n, standard_error(state.errors))
        relative = state.relative
        yield around("mape", relative.mean, relative.count, standard_error(relative), within=_POSSIBLE)
        for metric, part in _QUANTILES.items():
            value, low, high = error_quantile(state.sizes, part, z=STANDARD_ERRORS)
            yield Measurement(metric, value, n, interval=(low, high))

    def _around(
        self, metric: str, value: float, n: int, error: float, *, within: tuple[float, float] = _POSSIBLE
    ) -> Measurement:
        """Return an estimate; for parity with the spread that samples of 80 % have."""
        if self.compat:
            error = error * SUBSAMPLE_FACTOR if n >= SMALLEST_SAMPLE else math.nan
        return around(metric, value, n, error, within=within)
