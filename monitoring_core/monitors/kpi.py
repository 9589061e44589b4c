"""Kpi: a monitor of sums over rows, for measures of the business."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement
from monitoring_core.dataset.batch import Batch
from monitoring_core.stats.sums import Sums


@dataclass(frozen=True, slots=True)
class Kpi:
    """Numbers that follow from sums over rows, with limits of their own: they need no baseline.

    Attributes
    ----------
    name : str
        Name of the monitor.
    count : callable
        Totals by name of one batch; what is not a sum over rows has no place here.
    compute : callable
        Numbers by name from the totals of a window; ``nan`` where undefined. Not called without rows.
    limits : mapping of str to Bound
        What the numbers must satisfy, by name.
    min_rows : int
        Limits are not checked on fewer rows.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> paid = Kpi(
    ...     "revenue",
    ...     count=lambda batch: {"paid": float(batch["paid"].numbers.sum())},
    ...     compute=lambda sums: {"revenue_per_row": sums["paid"] / sums.rows},
    ...     limits={"revenue_per_row": Bound(lower=1.0)},
    ... )
    >>> state = paid.observe(Batch({"paid": column_from_texts(["1", "2"])}))
    >>> [(m.metric, m.value, m.n) for m in paid.measure(state)]
    [('revenue_per_row', 1.5, 2)]
    """

    name: str
    count: Callable[[Batch], Mapping[str, float]]
    compute: Callable[[Sums], Mapping[str, float]]
    limits: Mapping[str, Bound]
    min_rows: int = 1

    def empty(self, reference: Sums | None = None, /) -> Sums:  # noqa: ARG002
        """Return the state of no rows."""
        return Sums()

    def observe(self, batch: Batch, reference: Sums | None = None, /) -> Sums:  # noqa: ARG002
        """Return the totals of one batch."""
        return Sums(len(batch), self.count(batch)) if len(batch) else Sums()

    def as_reference(self, state: Sums, /) -> Sums:
        """Return the state as it is."""
        return state

    def measure(self, state: Sums, reference: Sums | None = None, /) -> Sequence[Measurement]:  # noqa: ARG002
        """Return the numbers."""
        values = self.compute(state) if state.rows else dict.fromkeys(self.limits, math.nan)
        return [Measurement(metric, value, state.rows) for metric, value in values.items()]

    def suggest(self, reference: Sums, /) -> Sequence[Constraint]:  # noqa: ARG002
        """Return the limits."""
        return [
            Constraint(metric, bound, min_n=self.min_rows, check_type="business_value_check")
            for metric, bound in self.limits.items()
        ]

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads."""
        metric, bound = violation.constraint.metric, violation.constraint.bound
        value = math.nan if violation.measurement is None else violation.measurement.value
        ends = {"at least": bound.lower, "at most": bound.upper}
        limits = " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)
        return f"{metric} is {value:.4g}; it must be {limits}"
