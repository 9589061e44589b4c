"""The weakest slices of a window: which segments to look at first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitoring_core.checks.drift import excess
from monitoring_core.checks.evaluation import Check, Evaluation, Outcome
from monitoring_core.monitors.segments import MIN_ROWS


@dataclass(frozen=True, slots=True)
class SegmentRank:
    """How bad a slice is.

    Attributes
    ----------
    excess : float
        Its worst number in units of its limit; above 1 violates.
    n : int
        Rows that number rests on.
    worst : Check
        The check it comes from.
    """

    segment: str
    excess: float
    violations: int
    n: int
    worst: Check


def weakest(evaluation: Evaluation, *, min_rows: int = MIN_ROWS, limit: int = 10) -> tuple[SegmentRank, ...]:
    """Rank the slices of a window, the weakest first.

    Only checks with a verdict and at least `min_rows` rows count, so that a small slice is not the worst by chance.

    Parameters
    ----------
    evaluation : Evaluation
        Of a `Segmented` monitor.
    min_rows : int
        Checks on fewer rows do not count.
    limit : int
        Slices returned at most.

    Examples
    --------
    >>> from monitoring_core.checks.evaluation import Bound, Constraint, Measurement, Subject
    >>> def checked(segment, value, n):
    ...     subject = Subject("x", segment)
    ...     return Constraint("distance", Bound(upper=0.1), subject).check(Measurement("distance", value, n, subject))
    >>> checks = (checked("a=1", 0.2, 500), checked("a=2", 0.25, 500), checked("a=3", 0.9, 5), checked("", 0.9, 999))
    >>> [(rank.segment, rank.excess) for rank in weakest(Evaluation("m", 999, checks))]
    [('a=2', 2.5), ('a=1', 2.0)]
    """
    by_segment: dict[str, list[tuple[float, Check]]] = {}
    for check in evaluation.checks:
        segment, measured = check.constraint.subject.segment, check.measurement
        if not segment or measured is None or check.outcome is Outcome.NOT_EVALUATED or measured.n < min_rows:
            continue
        size = excess(check)
        if not math.isnan(size):
            by_segment.setdefault(segment, []).append((size, check))
    ranks = [_rank(segment, checks) for segment, checks in by_segment.items()]
    return tuple(sorted(ranks, key=lambda rank: (-rank.excess, -rank.violations, rank.segment))[:limit])


def _rank(segment: str, checks: Sequence[tuple[float, Check]]) -> SegmentRank:
    size, worst = max(checks, key=lambda pair: pair[0])
    violations = sum(check.outcome is Outcome.VIOLATED for _, check in checks)
    return SegmentRank(segment, size, violations, worst.measurement.n if worst.measurement else 0, worst)
