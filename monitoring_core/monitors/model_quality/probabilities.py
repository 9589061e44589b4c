"""Probabilities against what came true: a state, and its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.measures.bootstrap import poisson_resamples, spread
from monitoring_core.measures.calibration import (
    calibration_gap,
    expected_calibration_error,
    log_losses,
    reliability_curve,
    squared_errors,
)
from monitoring_core.measures.regression import standard_error
from monitoring_core.monitors.model_quality.estimates import around, share
from monitoring_core.stats.calibration_bins import BINS, EDGES, CalibrationBins
from monitoring_core.stats.moments import Moments


@dataclass(frozen=True, slots=True)
class Probabilities:
    """How probabilities did; ``Probabilities()`` is empty.

    Attributes
    ----------
    bins : CalibrationBins
        What was said and what was seen.
    squared, losses : Moments
        Of the squared errors and the logarithmic losses.
    outside : int
        Scores that are no probabilities, being below 0 or above 1; with any, the numbers are undefined.
    """

    bins: CalibrationBins = field(default_factory=CalibrationBins.empty)
    squared: Moments = field(default_factory=Moments)
    losses: Moments = field(default_factory=Moments)
    outside: int = 0

    @classmethod
    def of(cls, scores: NDArray[np.float64], came_true: NDArray[np.bool_]) -> Self:
        """Count scores beside what came true."""
        inside = (scores >= 0) & (scores <= 1)
        chances, true = (scores, came_true) if inside.all() else (scores[inside], came_true[inside])
        return cls(
            CalibrationBins.of(chances, true),
            Moments.of(squared_errors(chances, true)),
            Moments.of(log_losses(chances, true)),
            int(scores.size - chances.size),
        )

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.bins.merge(other.bins),
            self.squared.merge(other.squared),
            self.losses.merge(other.losses),
            self.outside + other.outside,
        )

    def measure(self) -> Iterator[Measurement]:
        """Yield Brier score, logarithmic loss, calibration error and curve."""
        if self.outside or not self.squared.count:
            return
        n = self.squared.count
        yield around("brier_score", self.squared.mean, n, standard_error(self.squared), within=(0, 1))
        yield around("log_loss", self.losses.mean, n, standard_error(self.losses), within=(0, math.inf))
        error = expected_calibration_error(self.bins)
        yield around("expected_calibration_error", error, n, self._calibration_deviation(), within=(0, 1))
        said, seen = reliability_curve(self.bins)
        for name, rows, predicted, observed in zip(_bin_names(), self.bins.rows, said, seen, strict=True):
            if rows:
                yield Measurement(f"predicted_share_{name}", float(predicted), int(rows))
                yield share(f"observed_share_{name}", float(observed), float(rows))

    def confidence(self, *, of_positive: bool) -> Iterator[Measurement]:
        """Yield the histogram of confidence: the share of rows by the probability of what was predicted.

        Parameters
        ----------
        of_positive : bool
            Whether the probabilities are those of the positive class; confidence is then the larger of p and 1 - p.
        """
        rows, names, n = self.bins.rows, list(_bin_names()), int(self.bins.rows.sum())
        if self.outside or not n:
            return
        if of_positive:
            rows, names = rows[BINS // 2 :] + rows[: BINS // 2][::-1], names[BINS // 2 :]
        for name, count in zip(names, rows.tolist(), strict=True):
            yield share(f"confidence_{name}", count / n, n)

    def _calibration_deviation(self) -> float:
        cells = np.stack([self.bins.rows - self.bins.positives, self.bins.positives])
        resampled = poisson_resamples(cells)
        said, _ = reliability_curve(self.bins)
        return spread(calibration_gap(resampled.sum(axis=1), resampled[:, 1], said))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "bins": self.bins.to_dict(),
            "squared": self.squared.to_dict(),
            "losses": self.losses.to_dict(),
            "outside": self.outside,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            CalibrationBins.from_dict(data["bins"]),
            Moments.from_dict(data["squared"]),
            Moments.from_dict(data["losses"]),
            data["outside"],
        )


def _bin_names() -> Iterator[str]:
    return (f"{low:.1f}_to_{high:.1f}" for low, high in pairwise(EDGES.tolist()))
