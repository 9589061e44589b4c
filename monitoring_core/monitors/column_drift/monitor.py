"""The monitor that compares distributions of columns with a baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.distance import PValue
from monitoring_core.measures.multiplicity import benjamini_hochberg, holm
from monitoring_core.monitors.column_drift.compare import Comparison, compare
from monitoring_core.monitors.column_drift.describe import describe
from monitoring_core.monitors.column_drift.state import ColumnState, DriftState
from monitoring_core.spec.drift_rule import DriftRule

DISTANCE: Final = "distance"
P_VALUE: Final = "p_value"

_CORRECTIONS: Final[Mapping[str, Callable[[Sequence[float]], Sequence[PValue]]]] = {
    "holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
    "none": lambda p_values: tuple(map(PValue, p_values)),
}


def same(batch: Batch) -> Batch:
    """Return the batch: every column is compared as it is."""
    return batch


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """Distances of columns to a baseline, decided on exact counts.

    The number that is checked, ``distance``, is the rule's distance where it is significant after correction for
    all columns, and 0 where chance explains it. So a limit guards against large samples, in which every
    difference is certain, and the significance against small ones, in which every difference is large.

    Attributes
    ----------
    name : str
        Name of the monitor.
    rule : DriftRule
        How drift is decided.
    derive : callable
        What is compared, computed from a batch.
    families : int
        How many slices of the data share the rule's significance.
    """

    name: str
    rule: DriftRule
    derive: Callable[[Batch], Batch] = same
    families: int = 1

    def sharing(self, families: int, /) -> ColumnDrift:
        """Return the monitor of one of several slices, which share the chance of a false alarm."""
        return replace(self, families=families)

    def empty(self, reference: DriftState | None = None, /) -> DriftState:  # noqa: ARG002
        """Return the state of no rows."""
        return DriftState()

    def observe(self, batch: Batch, reference: DriftState | None = None, /) -> DriftState:
        """Profile the derived columns of one batch on the reference's edges and categories."""
        return DriftState.of(self.derive(batch), reference)

    def as_reference(self, state: DriftState, /) -> DriftState:
        """Fix the edges of every column."""
        return state.as_reference()

    def measure(self, state: DriftState, reference: DriftState | None = None, /) -> Sequence[Measurement]:
        """Describe every column; with a reference, also compare those that it has."""
        bases = {} if reference is None else reference.columns.items
        compared = {
            name: compare(bases[name], column, self.rule)
            for name, column in state.columns.items.items()
            if name in bases and column.rows
        }
        adjusted = dict(zip(compared, self._adjust([c.p_value for c in compared.values()]), strict=True))
        found: list[Measurement] = []
        for name, column in state.columns.items.items():
            if name in compared:
                found += self._drift(name, column, compared[name], adjusted[name])
            found += describe(name, column, bases.get(name))
        return found

    def suggest(self, reference: DriftState, /) -> Sequence[Constraint]:
        """Return one limit per column."""
        return [
            Constraint(
                DISTANCE,
                Bound(upper=self.rule.threshold),
                Subject(name),
                min_n=self.rule.min_rows,
                check_type=DRIFT_CHECK,
            )
            for name in reference.columns
        ]

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads."""
        column, measured = violation.constraint.subject.column, violation.measurement
        value = math.nan if measured is None else measured.value
        return (
            f"The distribution of {column} differs from the baseline: its distance of {value:.3g} exceeds the limit of "
            f"{violation.constraint.bound.upper:.3g}, and chance does not explain it"
        )

    def _adjust(self, p_values: Sequence[PValue]) -> Sequence[PValue]:
        corrected = _CORRECTIONS[self.rule.correction](p_values)
        return [PValue(p if math.isnan(p) else min(1.0, p * self.families)) for p in corrected]

    def _drift(self, name: str, column: ColumnState, found: Comparison, p_value: PValue) -> list[Measurement]:
        subject, rows = Subject(name), column.rows
        value = found.distances[found.decisive]
        return [
            Measurement(DISTANCE, _significant(value, p_value, self.rule.significance), rows, subject),
            Measurement(P_VALUE, float(p_value), rows, subject),
            *(Measurement(metric, distance, rows, subject) for metric, distance in found.distances.items()),
        ]


def _significant(value: float, p_value: PValue, significance: float) -> float:
    """Return the distance, or 0 where chance explains it; ``nan`` where there is a distance that nothing can test."""
    if math.isnan(value) or value == 0:
        return value
    if math.isnan(p_value):
        return math.nan
    return value if p_value < significance else 0.0
