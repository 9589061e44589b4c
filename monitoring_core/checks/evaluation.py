"""Measurement, constraint, check, evaluation: how a number becomes a verdict.

A verdict has three values. A number that is undefined (``nan``), or that rests on
too few rows, is *not evaluated*, with the reason; it is never silently healthy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What a check says."""

    PASSED = "passed"
    VIOLATED = "violated"
    NOT_EVALUATED = "not-evaluated"


class Severity(StrEnum):
    """How much a violation matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a measurement is about: the whole data set, a column, and optionally one segment of the rows."""

    column: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number, with the count of rows it rests on.

    Attributes
    ----------
    interval : tuple of float, optional
        Where the true value may well be.
    standard_deviation : float, optional
        Of the value, over samples of this size; None where it is not known.
    """

    metric: str
    value: float
    n: int
    subject: Subject = Subject()
    interval: tuple[float, float] | None = None
    standard_deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A closed interval; None leaves that side open.

    Examples
    --------
    >>> 0.1 in Bound(upper=0.1), 0.2 in Bound(upper=0.1)
    (True, False)
    """

    lower: float | None = None
    upper: float | None = None

    def __contains__(self, value: float) -> bool:
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)

    def meets(self, interval: tuple[float, float]) -> bool:
        """Return whether any number of another interval is within this one.

        Examples
        --------
        >>> Bound(lower=0.8).meets((0.7, 0.85)), Bound(lower=0.8).meets((0.7, 0.75))
        (True, False)
        """
        low, high = interval
        return (self.lower is None or high >= self.lower) and (self.upper is None or low <= self.upper)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a measurement must satisfy.

    Attributes
    ----------
    check_type : str
        AWS's ``constraint_check_type`` where one exists, e.g. ``baseline_drift_check``.
    beyond_chance : bool
        Violated only when the measurement's whole interval is out of bounds, not its value alone.
    """

    metric: str
    bound: Bound
    subject: Subject = Subject()
    min_n: int = 1
    severity: Severity = Severity.WARNING
    check_type: str = ""
    beyond_chance: bool = False

    def check(self, measurement: Measurement | None) -> Check:
        """Compare a measurement with this constraint."""
        if measurement is None:
            return Check(self, None, Outcome.NOT_EVALUATED, "not measured in this window")
        if measurement.n < self.min_n:
            reason = f"needs {self.min_n} rows, got {measurement.n}"
            return Check(self, measurement, Outcome.NOT_EVALUATED, reason)
        if math.isnan(measurement.value):
            return Check(self, measurement, Outcome.NOT_EVALUATED, f"{self.metric} is undefined on these rows")
        held = self.bound.meets(measurement.interval) if self.beyond_chance and measurement.interval else False
        outcome = Outcome.PASSED if held or measurement.value in self.bound else Outcome.VIOLATED
        return Check(self, measurement, outcome)


@dataclass(frozen=True, slots=True)
class Check:
    """One constraint held against one window.

    Attributes
    ----------
    reason : str
        Why it was not evaluated, or, for a violation, the sentence a person reads
        (for AWS check types: AWS's own text).
    """

    constraint: Constraint
    measurement: Measurement | None
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one monitor says about one window.

    Attributes
    ----------
    monitor : str
        Name of the monitor, e.g. ``data-quality``.
    n : int
        Rows seen.
    """

    monitor: str
    n: int
    checks: tuple[Check, ...] = ()
    measurements: tuple[Measurement, ...] = field(default=())

    @property
    def violations(self) -> tuple[Check, ...]:
        """The checks that were violated, in order."""
        return tuple(check for check in self.checks if check.outcome is Outcome.VIOLATED)

    @property
    def outcome(self) -> Outcome:
        """Violated if any check is; passed if at least one passed; else not evaluated."""
        outcomes = {check.outcome for check in self.checks}
        if Outcome.VIOLATED in outcomes:
            return Outcome.VIOLATED
        return Outcome.PASSED if Outcome.PASSED in outcomes else Outcome.NOT_EVALUATED


def check_all(
    monitor: str, n: int, measurements: Sequence[Measurement], constraints: Iterable[Constraint]
) -> Evaluation:
    """Hold every constraint against its measurement.

    Examples
    --------
    >>> limit = Constraint("psi", Bound(upper=0.2), Subject("age"), min_n=100)
    >>> check_all("m", 500, [Measurement("psi", 0.3, 500, Subject("age"))], [limit]).outcome.value
    'violated'
    >>> check_all("m", 5, [Measurement("psi", 0.3, 5, Subject("age"))], [limit]).checks[0].reason
    'needs 100 rows, got 5'
    >>> check_all("m", 0, [], [limit]).outcome.value
    'not-evaluated'
    """
    found = {(m.metric, m.subject): m for m in measurements}
    checks = tuple(c.check(found.get((c.metric, c.subject))) for c in constraints)
    return Evaluation(monitor, n, checks, tuple(measurements))
