"""The data-integrity monitor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch
from monitoring_core.measures.balance import imbalance
from monitoring_core.monitors.data_integrity.compare import (
    Pair,
    column_pairs,
    correlation_shifts,
    frozen,
    increases,
)
from monitoring_core.monitors.data_integrity.observe import AGE, NEWEST, RELATIONS, observe, with_bounds
from monitoring_core.monitors.data_integrity.state import IntegrityState
from monitoring_core.monitors.data_integrity.words import explain
from monitoring_core.monitors.stored import INCREASE
from monitoring_core.spec.data_integrity import DataIntegritySpec
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.share import Share

_CHECK_TYPES: Final = {
    "missing_share": "completeness_check",
    "wrong_type_share": "data_type_check",
    "out_of_range_share": "range_check",
    "outlier_share": "outlier_check",
    "broken_encoding_share": "encoding_check",
    "unseen_category_share": "categorical_values_check",
    "duplicate_share": "duplicate_check",
}

_GROUPS: Final = 3
"""Groups of tests that share the significance: shares, frozen columns, correlations."""


@dataclass(frozen=True, slots=True)
class DataIntegrity:
    """Whether the rows can be trusted: against the baseline, and against what the specification declares.

    Shares of bad values are compared with the baseline's: what is checked is their increase, where chance
    does not explain it. Rules, uniqueness, freshness, volume, checksum, balance and skew are declared, and
    hold for every row.

    Attributes
    ----------
    as_of : float, optional
        End of the window in seconds since 1970, which freshness is measured from.
    families : int
        How many slices of the data share the specification's significance.
    """

    spec: DataIntegritySpec
    as_of: float | None = None
    families: int = 1

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.spec.name

    def sharing(self, families: int, /) -> DataIntegrity:
        """Return the monitor of one of several slices, which share the chance of a false alarm."""
        return replace(self, families=families)

    def empty(self, reference: IntegrityState | None = None, /) -> IntegrityState:  # noqa: ARG002
        """Return the state of no rows."""
        return IntegrityState()

    def observe(self, batch: Batch, reference: IntegrityState | None = None, /) -> IntegrityState:
        """Return the state of one batch."""
        return observe(self.spec, batch, reference)

    def as_reference(self, state: IntegrityState, /) -> IntegrityState:
        """Fix the edges of every column, its range and its fences."""
        return with_bounds(replace(state, columns=Keyed({n: state.columns[n].as_reference() for n in state.columns})))

    def measure(self, state: IntegrityState, reference: IntegrityState | None = None, /) -> Sequence[Measurement]:
        """Return the declared checks' numbers and, with a reference, the increases over it."""
        found = [*self._declared(state, reference)]
        if reference is not None:
            found += self._compared(state, reference)
        return found

    def suggest(self, reference: IntegrityState, /) -> Sequence[Constraint]:
        """Return the limits: schema, shares by column, relations, then what the specification declares."""
        return [
            _at_most("missing_columns", 0, check_type="missing_column_check"),
            _at_most("unexpected_columns", 0, check_type="extra_column_check"),
            *(self._increase(pair) for pair in self._pairs(reference, reference)),
            *(
                _at_most("frozen", 0, Subject(name), "frozen_feature_check", self.spec.min_rows)
                for name in reference.columns
            ),
            *(
                _at_most(
                    "correlation_shift",
                    self.spec.max_correlation_shift,
                    Subject(name),
                    DRIFT_CHECK,
                    self.spec.min_rows,
                )
                for name in (reference.relations[RELATIONS].names if RELATIONS in reference.relations.items else ())
            ),
            *self._declared_limits(reference),
        ]

    def explain(self, violation: Check, /) -> str:
        """Return the sentence that a person reads."""
        return explain(violation)

    def _pairs(self, state: IntegrityState, reference: IntegrityState) -> Iterator[Pair]:
        for name in reference.columns:
            if name in state.columns.items:
                yield from column_pairs(name, state, reference)
        if not self.spec.unique:
            yield Pair(
                "duplicate_share", Subject(), *(Share(*side.duplicates.duplicates) for side in (state, reference))
            )

    def _increase(self, pair: Pair) -> Constraint:
        check_type = _CHECK_TYPES[pair.metric]
        return _at_most(pair.metric + INCREASE, self.spec.tolerance, pair.subject, check_type, self.spec.min_rows)

    def _compared(self, state: IntegrityState, reference: IntegrityState) -> Iterator[Measurement]:
        names, expected = set(state.columns), set(reference.columns)
        for metric, columns in (("missing_columns", expected - names), ("unexpected_columns", names - expected)):
            yield Measurement(metric, float(len(columns)) if state.rows else math.nan, state.rows)
        significance = self.spec.significance
        families = _GROUPS * self.families
        pairs = list(self._pairs(state, reference))
        yield from increases(pairs, significance=significance, families=families)
        tests = max(1, len(reference.columns)) * families
        for name in reference.columns:
            column = state.columns.get(name)
            if column is not None:
                value = frozen(column, reference.columns[name], significance=significance / tests)
                yield Measurement("frozen", value, column.present, Subject(name))
        yield from correlation_shifts(state, reference, significance=significance, families=families)

    def _declared(self, state: IntegrityState, reference: IntegrityState | None) -> Iterator[Measurement]:
        rows = state.rows
        yield Measurement("rows", float(rows), rows)
        for name, share in state.rules.items.items():
            yield Measurement("rule_broken_share", share.value, share.whole, Subject(name))
        for name, share in state.skew.items.items():
            yield Measurement("skew_share", share.value, share.whole, Subject(name))
        if self.spec.unique:
            duplicates = Share(*state.duplicates.duplicates)
            yield Measurement("duplicate_share", duplicates.value, duplicates.whole)
        for name in self.spec.max_imbalance:
            column, base = state.columns.get(name), (reference or state).columns.get(name)
            if column is not None and base is not None:
                counts = {**dict.fromkeys(base.tally.counts, 0), **column.tally.counts}
                yield Measurement("imbalance", imbalance([*counts.values()]), column.present, Subject(name))
        if self.spec.freshness is not None:
            yield self._age(state)
        if self.spec.checksum is not None:
            yield Measurement("checksum_matches", float(f"{state.checksum:016x}" == self.spec.checksum), rows)

    def _age(self, state: IntegrityState) -> Measurement:
        ages, newest = state.times.get(AGE), state.times.get(NEWEST)
        if ages is not None:
            return Measurement("age_seconds", ages.maximum if ages.count else math.nan, ages.count)
        if newest is None or not newest.count or self.as_of is None:
            return Measurement("age_seconds", math.nan, state.rows)
        return Measurement("age_seconds", self.as_of - newest.maximum, newest.count)

    def _declared_limits(self, reference: IntegrityState) -> Iterator[Constraint]:
        spec = self.spec
        for rule in spec.rules:
            yield _at_most("rule_broken_share", rule.max_share, Subject(rule.name), "consistency_check")
        skew_limits = dict.fromkeys(reference.skew, 0.0) | {pair.served: pair.max_share for pair in spec.skew}
        for name, limit in skew_limits.items():
            yield _at_most("skew_share", limit, Subject(name), "transformation_skew_check")
        if spec.unique:
            yield _at_most("duplicate_share", 0, check_type="duplicate_check")
        for name, limit in spec.max_imbalance.items():
            yield _at_most("imbalance", limit, Subject(name), "imbalance_check", spec.min_rows)
        if spec.freshness is not None:
            yield _at_most("age_seconds", spec.freshness.max_age_seconds, check_type="freshness_check")
        if spec.volume is not None:
            bound = Bound(spec.volume.at_least, spec.volume.at_most)
            yield Constraint("rows", bound, min_n=0, check_type="volume_check")
        if spec.checksum is not None:
            yield Constraint("checksum_matches", Bound(lower=1), check_type="checksum_check")


def _at_most(
    metric: str, limit: float, subject: Subject | None = None, check_type: str = "", min_n: int = 1
) -> Constraint:
    return Constraint(metric, Bound(upper=limit), subject or Subject(), min_n, check_type=check_type)
