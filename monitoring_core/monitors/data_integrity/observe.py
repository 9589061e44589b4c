"""Rows to state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.shift import quantile
from monitoring_core.monitors.data_integrity.encoding import broken_texts
from monitoring_core.monitors.data_integrity.rules import judge_rows
from monitoring_core.monitors.data_integrity.skew import skews
from monitoring_core.monitors.data_integrity.state import DUPLICATES_CAPACITY, IntegrityState
from monitoring_core.monitors.data_integrity.times import seconds_of
from monitoring_core.monitors.data_quality.profile import ColumnProfile
from monitoring_core.spec.data_integrity import DataIntegritySpec
from monitoring_core.spec.rule import parse_rule
from monitoring_core.stats.co_moments import CoMoments
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.stats.row_hashes import row_hashes
from monitoring_core.stats.share import Share
from monitoring_core.stats.within import Within

FENCE: Final = 3.0
"""Interquartile ranges from the quartiles to Tukey's outer fences."""

RELATIONS: Final = "numbers"
NEWEST: Final = "newest"
AGE: Final = "age"


def observe(spec: DataIntegritySpec, batch: Batch, reference: IntegrityState | None) -> IntegrityState:
    """Return the state of one batch."""
    watched = _watched(spec, batch)
    keys = [batch[name] for name in spec.unique]
    whole = row_hashes([*keys, *watched.columns.values()], len(batch))
    hashes = row_hashes(keys, len(batch)) if keys else whole
    bases = {} if reference is None else reference.columns.items
    return IntegrityState(
        rows=len(batch),
        columns=Keyed({name: _profile(name, watched, bases.get(name)) for name in watched.columns}),
        ranges=Keyed(dict(_ranges(watched, reference))),
        outliers=Keyed(dict(_outliers(watched, reference))),
        encoding=Keyed({name: broken_texts(column) for name, column in watched.columns.items()}),
        rules=Keyed(_rules(spec, batch)),
        skew=Keyed(skews(spec, batch) if len(batch) else {}),
        relations=_relations(watched, reference),
        times=Keyed(dict(_times(spec, batch)) if len(batch) else {}),
        duplicates=Reservoir.of(hashes, capacity=DUPLICATES_CAPACITY),
        checksum=int(np.sum(whole, dtype=np.uint64)),
    )


def _watched(spec: DataIntegritySpec, batch: Batch) -> Batch:
    wanted = spec.columns.outputs + spec.columns.features
    helpers = {*spec.unique, *(pair.trained for pair in spec.skew)}
    if spec.freshness is not None:
        helpers |= {spec.freshness.column, spec.freshness.relative_to or ""}
    names = wanted or [name for name in batch.columns if name not in helpers]
    return Batch({name: batch[name] for name in names if name in batch.columns})


def _profile(name: str, batch: Batch, base: ColumnProfile | None) -> ColumnProfile:
    if base is None:
        return ColumnProfile.of(batch[name])
    known = frozenset(base.tally.counts) if not base.inferred_type.is_numeric else frozenset[str]()
    return ColumnProfile.of(batch[name], base.histogram.edges, known)


def _numeric(batch: Batch, reference: IntegrityState | None) -> Iterator[tuple[str, ColumnProfile]]:
    for name, base in ({} if reference is None else reference.columns.items).items():
        if base.inferred_type.is_numeric and name in batch.columns:
            yield name, base


def _ranges(batch: Batch, reference: IntegrityState | None) -> Iterator[tuple[str, Within]]:
    for name, base in _numeric(batch, reference):
        numbers = batch[name].numbers
        yield name, Within.of(numbers[~np.isnan(numbers)], base.moments.minimum, base.moments.maximum)


def _outliers(batch: Batch, reference: IntegrityState | None) -> Iterator[tuple[str, Within]]:
    for name, base in _numeric(batch, reference):
        stored = reference.outliers.get(name) if reference is not None else None
        lower, upper = (stored.lower, stored.upper) if stored is not None else fences(base)
        if lower < upper:
            numbers = batch[name].numbers
            yield name, Within.of(numbers[~np.isnan(numbers)], lower, upper)


def fences(base: ColumnProfile) -> tuple[float, float]:
    """Return Tukey's outer fences; equal or undefined where half of the values are one.

    References
    ----------
    .. [1] Tukey (1977), Exploratory Data Analysis.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> values = [str(i) for i in range(1, 101)]
    >>> fences(ColumnProfile.of(column_from_texts(values)).as_reference())
    (-125.0, 225.0)
    """
    low, high = quantile(base.histogram, 0.25), quantile(base.histogram, 0.75)
    reach = FENCE * (high - low)
    return low - reach, high + reach


def with_bounds(state: IntegrityState) -> IntegrityState:
    """Return a reference with the counts beyond its own range and fences, where they were not counted on the rows."""
    columns = {n: c for n, c in state.columns.items.items() if c.inferred_type.is_numeric}
    ranges = {n: Within(c.moments.minimum, c.moments.maximum, total=c.moments.count) for n, c in columns.items()}
    bounds = {n: (c, *fences(c)) for n, c in columns.items()}
    outliers = {n: _beyond(*bound) for n, bound in bounds.items() if bound[1] < bound[2]}
    return replace(
        state,
        ranges=Keyed({**ranges, **state.ranges.items}),
        outliers=Keyed({**outliers, **state.outliers.items}),
    )


def _beyond(base: ColumnProfile, lower: float, upper: float) -> Within:
    histogram = base.histogram
    below = histogram.through[histogram.edges < lower].max(initial=0)
    through = histogram.through[histogram.edges <= upper].max(initial=0)
    return Within(lower, upper, int(below), histogram.total - int(through), histogram.total)


def _rules(spec: DataIntegritySpec, batch: Batch) -> Mapping[str, Share]:
    if not len(batch):
        return {}
    judged = {rule.name: judge_rows(parse_rule(rule.holds), batch) for rule in spec.rules}
    return {
        name: Share(int(np.count_nonzero(truth.fails)), int(np.count_nonzero(truth.fails | truth.holds)))
        for name, truth in judged.items()
    }


def _relations(batch: Batch, reference: IntegrityState | None) -> Keyed[str, CoMoments]:
    """Observe how the reference's numeric columns vary together; a column that is absent is missing."""
    if reference is None or not len(batch):
        return Keyed()
    names = tuple(name for name, base in reference.columns.items.items() if base.inferred_type.is_numeric)
    if len(names) < 2:  # noqa: PLR2004
        return Keyed()
    missing = np.full(len(batch), np.nan)
    rows = np.column_stack([batch[name].numbers if name in batch.columns else missing for name in names])
    return Keyed({RELATIONS: CoMoments.of(names, rows)})


def _times(spec: DataIntegritySpec, batch: Batch) -> Iterator[tuple[str, Moments]]:
    if spec.freshness is None or spec.freshness.column not in batch.columns:
        return
    made = seconds_of(batch[spec.freshness.column])
    yield NEWEST, Moments.of(made[~np.isnan(made)])
    used = spec.freshness.relative_to
    if used is not None and used in batch.columns:
        ages = seconds_of(batch[used]) - made
        yield AGE, Moments.of(ages[~np.isnan(ages)])
