"""The embedding-drift monitor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.divergence import beyond_chance
from monitoring_core.measures.domain_classifier import domain_classifier_auc
from monitoring_core.measures.kernel import maximum_mean_discrepancy
from monitoring_core.measures.vectors import centroid_shift, chance_cosine_shift, cosine_centroid_shift
from monitoring_core.monitors.embedding_drift.state import EmbeddingState, VectorState
from monitoring_core.monitors.embedding_drift.vectors import project, vectors_of
from monitoring_core.spec.embedding_drift import EmbeddingDriftSpec, VectorColumns
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.stats.share import Share
from monitoring_core.stats.vector_moments import VectorMoments

AUC: Final = "domain_auc_lower_bound"
COSINE: Final = "cosine_distance"
MMD_P_VALUE: Final = "mmd_p_value"

_CHANCES: Final = 3.0
"""Multiples of the mean cosine distance by chance that are taken off."""


@dataclass(frozen=True, slots=True)
class EmbeddingDrift:
    """Vectors against a baseline.

    The centroid is compared on all rows. The domain classifier and the maximum mean discrepancy, which do not
    merge, run on bounded samples of distinct vectors; what is checked of the classifier is the lower
    confidence bound of its area under the ROC curve.
    """

    spec: EmbeddingDriftSpec
    families: int = 1

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.spec.name

    def sharing(self, families: int, /) -> EmbeddingDrift:
        """Return the monitor of one of several slices, which share the chance of a false alarm."""
        return replace(self, families=families)

    def empty(self, reference: EmbeddingState | None = None, /) -> EmbeddingState:  # noqa: ARG002
        """Return the state of no rows."""
        return EmbeddingState()

    def observe(self, batch: Batch, reference: EmbeddingState | None = None, /) -> EmbeddingState:  # noqa: ARG002
        """Return the state of one batch."""
        states = {vector.name: self._observe(vector, batch) for vector in self.spec.vectors} if len(batch) else {}
        return EmbeddingState(len(batch), Keyed(states))

    def as_reference(self, state: EmbeddingState, /) -> EmbeddingState:
        """Return the state as it is: nothing has to be fixed."""
        return state

    def measure(self, state: EmbeddingState, reference: EmbeddingState | None = None, /) -> Sequence[Measurement]:
        """Describe every vector column; with a reference, also compare it."""
        found: list[Measurement] = []
        for name, current in state.vectors.items.items():
            base = None if reference is None else reference.vectors.get(name)
            found += self._measure(Subject(name), current, base)
        return found

    def suggest(self, reference: EmbeddingState, /) -> Sequence[Constraint]:
        """Return the limits of the specification for every vector column."""
        spec = self.spec
        limits = (
            (AUC, Bound(upper=spec.max_auc), True),
            (COSINE, Bound(upper=spec.max_cosine_distance), spec.max_cosine_distance is not None),
            (MMD_P_VALUE, Bound(lower=spec.min_mmd_p_value), spec.min_mmd_p_value is not None),
        )
        return [
            Constraint(metric, bound, Subject(name), min_n=spec.min_rows, check_type=DRIFT_CHECK)
            for name in reference.vectors
            for metric, bound, checked in limits
            if checked
        ]

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads."""
        column, bound = violation.constraint.subject.column, violation.constraint.bound
        value = math.nan if violation.measurement is None else violation.measurement.value
        sentences = {
            AUC: f"A classifier tells the vectors {column} of this window from the baseline's with an area under the "
            f"ROC curve of at least {value:.3g}; {bound.upper} is allowed",
            COSINE: f"The centroid of {column} has moved by a cosine distance of {value:.3g}; {bound.upper} is allowed",
            MMD_P_VALUE: f"The maximum mean discrepancy of {column} has a p-value of {value:.3g}, below {bound.lower}",
        }
        return sentences[violation.constraint.metric]

    def _observe(self, vector: VectorColumns, batch: Batch) -> VectorState:
        rows, hashes, incomplete = vectors_of(vector, batch)
        sample = Reservoir.of(hashes, project(rows, self.spec.sample_dimensions), capacity=self.spec.sample_rows)
        return VectorState(VectorMoments.of(rows), sample, Share(incomplete, len(batch)))

    def _measure(self, subject: Subject, current: VectorState, base: VectorState | None) -> Iterator[Measurement]:
        count = current.moments.count
        yield Measurement("incomplete_share", current.incomplete.value, current.incomplete.whole, subject)
        yield Measurement("centroid_norm", float(np.linalg.norm(current.moments.mean)), count, subject)
        if base is None:
            return
        moved = cosine_centroid_shift(base.moments, current.moments)
        by_chance = _CHANCES * chance_cosine_shift(base.moments, count)
        yield Measurement(COSINE, beyond_chance(moved, by_chance), count, subject)
        yield Measurement("centroid_shift", centroid_shift(base.moments, current.moments), count, subject)
        ours, theirs = (_standardised(side.sample, base.sample) for side in (base, current))
        auc, error = domain_classifier_auc(ours, theirs)
        tests = len(self.spec.vectors) * self.families * (1 if self.spec.min_mmd_p_value is None else 2)
        z = NormalDist().inv_cdf(1 - self.spec.significance / tests)
        yield Measurement("domain_auc", auc, count, subject, (auc - z * error, auc + z * error))
        yield Measurement(AUC, auc - z * error, count, subject)
        discrepancy, p_value = maximum_mean_discrepancy(
            ours,
            theirs,
            reference_weights=base.sample.counts.astype(np.float64),
            current_weights=current.sample.counts.astype(np.float64),
        )
        yield Measurement("mmd", discrepancy, count, subject)
        yield Measurement(MMD_P_VALUE, math.nan if math.isnan(p_value) else min(1.0, p_value * tests), count, subject)


def _standardised(sample: Reservoir, base: Reservoir) -> NDArray[np.float64]:
    """Scale the rows by the mean and spread of the baseline's sample."""
    if not len(base.rows):
        return sample.rows
    spread = base.rows.std(axis=0)
    scaled: NDArray[np.float64] = (sample.rows - base.rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled
