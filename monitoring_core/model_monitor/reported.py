"""Reported violations: an entry of ``constraint_violations.json``, and the numbers that its sentence states."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Evaluation, Measurement, Outcome, Subject

_NUMBER: Final = r"(-?(?:Infinity|NaN|[\d.]+(?:E-?\d+)?))"


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Where a sentence has its numbers (contract 4.5, 5.4, 6.4, 7).

    Attributes
    ----------
    value, limit : str
        Patterns with one group; an empty one: the sentence has no such number.
    scale : float
        What the numbers are divided by: 100 for percentages.
    is_lower : bool
        Whether the limit is one that the value must not be below.
    """

    value: str
    limit: str
    scale: float = 1.0
    is_lower: bool = False


_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "data_type_check": _Sentence(rf"Only {_NUMBER}%", rf"match: {_NUMBER}%", 100.0, is_lower=True),
    "completeness_check": _Sentence(rf"Only {_NUMBER}%", rf"Expected: {_NUMBER}%", 100.0, is_lower=True),
    "categorical_values_check": _Sentence(rf"Value: {_NUMBER}", "", is_lower=True),
    DRIFT_CHECK: _Sentence(rf"distance: {_NUMBER}", rf"threshold: {_NUMBER}"),
    "missing_column_check": _Sentence(r"current dataset: (\d+)", r"baseline constraints: (\d+)", is_lower=True),
    "extra_column_check": _Sentence(r"current dataset: (\d+)", r"baseline constraints: (\d+)"),
    "LessThanThreshold": _Sentence(rf" with {_NUMBER}", rf"'{_NUMBER}'", is_lower=True),
    "GreaterThanThreshold": _Sentence(rf" with {_NUMBER}", rf"'{_NUMBER}'"),
    "bias_drift_check": _Sentence(rf"value {_NUMBER}", rf"requirement {_NUMBER}"),
    "feature_attribution_drift_check": _Sentence(rf"drift {_NUMBER}", rf"threshold {_NUMBER}", is_lower=True),
}
_UNKNOWN: Final = _Sentence("", "")
_DEVIATION: Final = rf"\+/- {_NUMBER}"


@dataclass(frozen=True, slots=True)
class Reported:
    """One violation as the analyzer reports it.

    Attributes
    ----------
    metric : str
        Empty where the type of the check says what was measured.
    value, limit : float
        ``nan`` where the entry does not state them.
    """

    check_type: str
    subject: Subject
    description: str
    metric: str = ""
    value: float = math.nan
    limit: float = math.nan
    standard_deviation: float | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any], subject: Subject, metric: str = "") -> Reported:
        """Read an entry; numbers in keys of their own go before those of the sentence.

        Examples
        --------
        >>> text = "Data completeness requirement is not met. Expected: 100.0%. Observed: Only 50.0%."
        >>> entry = {"constraint_check_type": "completeness_check", "description": text}
        >>> found = Reported.of(entry, Subject("age"))
        >>> found.value, found.limit
        (0.5, 1.0)
        """
        check_type, text = str(entry.get("constraint_check_type", "")), str(entry.get("description", ""))
        sentence = _SENTENCES.get(check_type, _UNKNOWN)
        deviation = _first(_DEVIATION, text)
        return cls(
            check_type,
            subject,
            text,
            metric,
            float(entry.get("metric_value", _first(sentence.value, text) / sentence.scale)),
            float(entry.get("threshold", _first(sentence.limit, text) / sentence.scale)),
            None if math.isnan(deviation) else deviation,
        )

    def constraint(self) -> Constraint:
        """Return what the entry itself says was not met."""
        is_lower = _SENTENCES.get(self.check_type, _UNKNOWN).is_lower
        bound = Bound(lower=self.limit) if is_lower else Bound(upper=self.limit)
        stated = Bound() if math.isnan(self.limit) else bound
        return Constraint(self.metric or self.check_type, stated, self.subject, check_type=self.check_type)

    def measurement(self, constraint: Constraint, known: Measurement | None, n: int) -> Measurement | None:
        """Return what was measured: the number the analyzer states, else the one its other files hold."""
        if math.isnan(self.value):
            return known
        if known is not None and known.value == self.value:
            return known
        return Measurement(
            constraint.metric, self.value, n, constraint.subject, standard_deviation=self.standard_deviation
        )


def as_reported(
    monitor: str,
    n: int,
    measurements: Iterable[Measurement],
    constraints: Iterable[Constraint],
    reported: Sequence[Reported],
    *,
    unmeasured: str,
) -> Evaluation:
    """Return the analyzer's verdict: violated is what it reports, whatever the numbers are here.

    What it measured and does not report has passed. Entries that are about no constraint of the baseline are
    violations as well, against the limit that they state themselves.

    Parameters
    ----------
    unmeasured : str
        Why a constraint without a measurement was not evaluated.
    """
    held = list(constraints)
    entries = {(entry.check_type, entry.metric, entry.subject): entry for entry in reported}
    found = {(item.metric, item.subject): item for item in measurements}
    violated: dict[Constraint, Reported] = {}
    for constraint in held:
        entry = entries.pop((constraint.check_type, constraint.metric, constraint.subject), None) or entries.pop(
            (constraint.check_type, "", constraint.subject), None
        )
        if entry is not None:
            violated[constraint] = entry
    for entry in entries.values():
        held.append(constraint := entry.constraint())
        violated[constraint] = entry
    for constraint, entry in violated.items():
        key = (constraint.metric, constraint.subject)
        measured = entry.measurement(constraint, found.get(key), n)
        if measured is not None:
            found[key] = measured
    checks = (_check(one, found.get((one.metric, one.subject)), violated.get(one), unmeasured) for one in held)
    return Evaluation(monitor, n, tuple(checks), tuple(found.values()))


def _check(constraint: Constraint, measured: Measurement | None, entry: Reported | None, unmeasured: str) -> Check:
    if entry is not None:
        return Check(constraint, measured, Outcome.VIOLATED, entry.description)
    if measured is None:
        return Check(constraint, None, Outcome.NOT_EVALUATED, unmeasured)
    return Check(constraint, measured, Outcome.PASSED)


def _first(pattern: str, text: str) -> float:
    found = re.search(pattern, text) if pattern else None
    return math.nan if found is None else float(found[1].rstrip("."))
