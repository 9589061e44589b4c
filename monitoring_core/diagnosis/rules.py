"""A first diagnosis, by rules: known patterns of broken pipelines come before a shift of the population."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Protocol

from monitoring_core.diagnosis.columns import explain_column
from monitoring_core.diagnosis.findings import Cause, Diagnosis, Finding, Kind
from monitoring_core.diagnosis.numbers import FAR, distance
from monitoring_core.diagnosis.shares import tolerance, total_variation
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile

MAX_DUPLICATES: Final = 0.2
MAX_UNREADABLE: Final = 0.05
MAX_MISSING_HOURS: Final = 0.2
_ORDER: Final = (Kind.PIPELINE_BUG, Kind.CAPTURE_FAULT, Kind.POPULATION_SHIFT, Kind.CONCEPT_SHIFT)
"""The first kind that has a finding is the diagnosis: what explains a shift away comes before it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What else is known about the window; None where it is not.

    Attributes
    ----------
    drifted : collection of str
        Columns with a violated check.
    duplicate_share, unreadable_share, empty_hours_share : float or None
        Of the events that were captured, of the records, of the hours that are expected to have any.
    quality_violated : bool
        Whether the model answers worse than it may.
    """

    drifted: Collection[str] = ()
    duplicate_share: float | None = None
    unreadable_share: float | None = None
    empty_hours_share: float | None = None
    quality_violated: bool = False


class Diagnose(Protocol):
    """Tells what a change most likely is; `diagnose` does it by rules, and may be replaced by a statistical one."""

    def __call__(self, baseline: DataProfile, window: DataProfile, facts: Facts) -> Diagnosis:
        """Return the diagnosis of a window."""
        ...


def diagnose(baseline: DataProfile, window: DataProfile, facts: Facts) -> Diagnosis:
    """Tell what a change most likely is.

    Parameters
    ----------
    baseline, window : DataProfile
        As `load_statistics` reads them: of our own runs or of Amazon's.
    facts : Facts

    Returns
    -------
    Diagnosis
        Of kind `none` where nothing stands out.
    """
    shared = [name for name in baseline.columns if name in window.columns]
    swapped = list(_swapped(baseline, window, shared))
    explained = {name for finding in swapped for name in finding.columns}
    columns = (explain_column(name, baseline.columns[name], window.columns[name]) for name in shared)
    findings = [*swapped, *(f for f in columns if f is not None and f.columns[0] not in explained), *_of_rows(facts)]
    explained |= {name for finding in findings for name in finding.columns}
    drifted = tuple(name for name in facts.drifted if name and name not in explained)
    if drifted:
        findings.append(Finding(Cause.DRIFT, drifted, f"the distribution of {', '.join(drifted)} has changed"))
    if facts.quality_violated and not findings:
        sentence = "the model answers worse on data that look as before"
        findings.append(Finding(Cause.QUALITY, (), sentence))
    kinds = {finding.cause.kind for finding in findings}
    kind = next((kind for kind in _ORDER if kind in kinds), Kind.NONE)
    return Diagnosis(kind, tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.cause.kind))))


def _of_rows(facts: Facts) -> Iterator[Finding]:
    if (facts.duplicate_share or 0) > MAX_DUPLICATES:
        yield Finding(Cause.REPLAY, (), f"{facts.duplicate_share:.0%} of the captured events are repetitions of others")
    if (facts.unreadable_share or 0) > MAX_UNREADABLE:
        yield Finding(Cause.UNREADABLE, (), f"{facts.unreadable_share:.0%} of the records could not be read")
    if (facts.empty_hours_share or 0) > MAX_MISSING_HOURS:
        sentence = f"nothing was captured in {facts.empty_hours_share:.0%} of the hours that have traffic"
        yield Finding(Cause.CAPTURE_GAP, (), sentence)


def _swapped(baseline: DataProfile, window: DataProfile, names: Collection[str]) -> Iterator[Finding]:
    """Yield the pairs of columns, each of which has what the other had."""
    moved = [name for name in names if _apart(baseline.columns[name], window.columns[name]) >= FAR]
    for one, other in combinations(moved, 2):
        if _same(baseline.columns[one], window.columns[other]) and _same(baseline.columns[other], window.columns[one]):
            yield Finding(Cause.SWAPPED, (one, other), f"{one} and {other} have changed places")


def _same(before: ColumnProfile, now: ColumnProfile) -> bool:
    if not before.present or not now.present:
        return False
    return _apart(before, now) <= tolerance(before.present, now.present)


def _apart(before: ColumnProfile, now: ColumnProfile) -> float:
    """Return the distance of two columns: of their numbers, or of their categories; 1 where their types differ."""
    if before.inferred_type.is_numeric != now.inferred_type.is_numeric:
        return 1.0
    if before.inferred_type.is_numeric:
        return distance(before.sketch, now.sketch)
    return total_variation(before.tally.counts, now.tally.counts) if before.tally.counts else math.nan
