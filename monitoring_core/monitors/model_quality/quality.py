"""What the three model-quality monitors have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Check, Constraint, Measurement
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.bootstrap import poisson_resamples, subsamples
from monitoring_core.monitors.model_quality.constraints import Limits, as_checks, suggest_limits
from monitoring_core.monitors.model_quality.estimates import as_amazon
from monitoring_core.monitors.model_quality.texts import explain
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType

SMALLEST_SAMPLE = 200
"""Amazon's analyzer gives no standard deviation for fewer rows."""

Counts = NDArray[np.integer[Any]]


class QualityState(Protocol):
    """A mergeable state that knows how many rows it could use, and how many not."""

    def merge(self, other: Self, /) -> Self:
        """Return the state of both sides' rows together."""
        ...

    @property
    def rows(self) -> int:
        """Rows that have label and prediction."""
        ...

    @property
    def unusable(self) -> int:
        """Rows that lack a label or a prediction."""
        ...


S = TypeVar("S", bound=QualityState)


@dataclass(frozen=True, slots=True)
class ModelQuality(Generic[S]):
    """Predictions against labels.

    Attributes
    ----------
    spec : ModelQualitySpec
        Where prediction and label are; its constraints are put over all others.
    limits : mapping of str to Limit, optional
        What windows must satisfy; by default what the reference suggests.
    compat : bool
        Reproduce Amazon's analyzer: undefined is 0, standard deviations over five samples of 80 % of the rows (none
        below 200 rows), a value beyond its threshold violates whatever its standard deviation.
    """

    spec: ModelQualitySpec
    limits: Limits | None = None
    compat: bool = False

    problem: ClassVar[ProblemType]

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.spec.name

    @abstractmethod
    def empty(self, reference: S | None = None, /) -> S:
        """Return the state of no rows."""

    @abstractmethod
    def observe(self, batch: Batch, reference: S | None = None, /) -> S:
        """Return the state of one batch."""

    @abstractmethod
    def estimate(self, state: S, /) -> Iterable[Measurement]:
        """Yield the metrics of ``statistics.json``, in its order, and then ours."""

    def as_reference(self, state: S, /) -> S:
        """Return the state as it is: nothing about it has to be fixed."""
        return state

    def measure(self, state: S, reference: S | None = None, /) -> Sequence[Measurement]:  # noqa: ARG002
        """Return the number of rows that could not be used, and every metric."""
        unusable = Measurement("unusable_rows", float(state.unusable), state.rows + state.unusable)
        if not state.rows:
            return [unusable]
        estimates = self.estimate(state)
        return [unusable, *(map(as_amazon, estimates) if self.compat else estimates)]

    def by_metric(self, state: S) -> Mapping[str, Measurement]:
        """Return every measurement of a state by its metric."""
        return {measurement.metric: measurement for measurement in self.measure(state)}

    def suggest(self, reference: S, /) -> Sequence[Constraint]:
        """Return the limits as constraints, in Amazon's order of reporting."""
        limits = self.limits
        if limits is None:
            limits = suggest_limits(self.problem, self.by_metric(reference), compat=self.compat)
        return tuple(as_checks(limits, self.spec, compat=self.compat))

    def explain(self, violation: Check, /) -> str:
        """Return Amazon's sentence."""
        return explain(violation)

    def resample(self, counts: Counts) -> NDArray[np.int64] | None:
        """Return random samples of rows by cell; None where Amazon gives no standard deviation."""
        if not self.compat:
            return poisson_resamples(counts)
        return subsamples(counts) if counts.sum() >= SMALLEST_SAMPLE else None
