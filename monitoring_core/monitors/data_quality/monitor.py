"""The data-quality monitor: schema, types, completeness, domains and drift against a baseline."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from monitoring_core.checks.drift import DRIFT_CHECK
from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.monitors.data_quality.constraints import Constraints, FeatureConstraints, Limits
from monitoring_core.monitors.data_quality.drift import DISTANCE, P_VALUE, comparable, drift, effect_sizes
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile
from monitoring_core.monitors.data_quality.suggest import suggest_constraints
from monitoring_core.monitors.data_quality.texts import explain, type_share
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.type_counts import InferredType

COLUMN_COUNT: Final = "column_count"


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Amazon's checks, decided on exact counts.

    Attributes
    ----------
    constraints : Constraints, optional
        What windows must satisfy; by default what the reference suggests.
    min_rows : int
        Drift is not evaluated on fewer values.
    compat : bool
        Reproduce Amazon's analyzer to the digit: drift on sketches with distinct-value counts, only between
        columns of literally one type, columns matched by position alone.
    """

    constraints: Constraints | None = None
    min_rows: int = 1
    compat: bool = False
    name: str = "data-quality"

    def empty(self, reference: DataProfile | None = None, /) -> DataProfile:  # noqa: ARG002
        """Return the profile of no rows."""
        return DataProfile()

    def observe(self, batch: Batch, reference: DataProfile | None = None, /) -> DataProfile:
        """Profile one batch on the reference's edges and categories.

        Columns are matched by name where the names are the expected ones, else by position.
        """
        columns = {name: self._profile(name, column, reference) for name, column in self._matched(batch, reference)}
        return DataProfile(len(batch), Keyed(columns))

    def as_reference(self, state: DataProfile, /) -> DataProfile:
        """Fix the edges of every numeric column."""
        return state.as_reference()

    def measure(self, state: DataProfile, reference: DataProfile | None = None, /) -> Sequence[Measurement]:
        """Return the number of columns and, if that is as expected, everything about each of them.

        A few rows with values beyond the expected columns do not hide the others (for Amazon's analyzer they do).
        """
        count = float(len(state.columns)) if state.rows else math.nan
        found = [Measurement(COLUMN_COUNT, count, state.rows)]
        expected = self._features(reference if reference is not None else state)
        if state.rows and (len(expected) == len(state.columns) or self._few_rows_differ(state, expected)):
            for name, feature in expected.items():
                found += self._measure_column(name, feature, state, reference)
        return found

    def suggest(self, reference: DataProfile, /) -> Sequence[Constraint]:
        """Return the checks in Amazon's order: columns, types, completeness, domains, drift."""
        constraints = self.constraints or suggest_constraints(reference)
        if constraints.monitoring_config.evaluate_constraints == "Disabled":
            return ()
        checked = [
            (feature, limits)
            for feature in constraints.features
            if (limits := constraints.limits(feature)).evaluate_constraints == "Enabled"
        ]
        return (
            *_column_count(len(constraints.features)),
            *(_data_type(feature, limits) for feature, limits in checked),
            *_completeness(feature for feature, _ in checked),
            *(_domain(feature, limits) for feature, limits in checked if feature.domains is not None),
            *(self._drift(feature, limits) for feature, limits in checked if limits.perform_comparison == "Enabled"),
        )

    def explain(self, violation: Check, /) -> str:
        """Return Amazon's sentence."""
        return explain(violation)

    def _few_rows_differ(self, state: DataProfile, expected: Collection[str]) -> bool:
        extra = [state.columns[name].types for name in state.columns if name not in expected]
        wide = max((types.present + types.missing for types in extra), default=state.rows)
        return not self.compat and len(state.columns) == len(expected) + len(extra) and 2 * wide < state.rows

    def _features(self, reference: DataProfile) -> dict[str, FeatureConstraints]:
        constraints = self.constraints or suggest_constraints(reference)
        return {feature.name: feature for feature in constraints.features}

    def _matched(self, batch: Batch, reference: DataProfile | None) -> Iterable[tuple[str, Column]]:
        expected = list(self._features(reference if reference is not None else DataProfile()))
        by_name = not self.compat and set(batch.columns) == set(expected)
        if by_name or len(batch.columns) != len(expected):
            return batch.columns.items()
        return zip(expected, batch.columns.values(), strict=True)

    def _profile(self, name: str, column: Column, reference: DataProfile | None) -> ColumnProfile:
        base = reference.columns.get(name) if reference is not None else None
        known = frozenset(self._domains(name))
        if base is None:
            return ColumnProfile.of(column, known=known, compat=self.compat)
        if base.inferred_type is InferredType.STRING:
            known |= frozenset(base.tally.counts)
        return ColumnProfile.of(column, base.histogram.edges, known, compat=self.compat)

    def _domains(self, name: str) -> tuple[str, ...]:
        features = self.constraints.features if self.constraints else ()
        return next((feature.domains or () for feature in features if feature.name == name), ())

    def _measure_column(
        self, name: str, feature: FeatureConstraints, state: DataProfile, reference: DataProfile | None
    ) -> Iterator[Measurement]:
        column, subject = state.columns.get(name) or ColumnProfile.empty(), Subject(name)
        present = column.present
        yield Measurement("completeness", present / state.rows, state.rows, subject)
        yield Measurement(
            type_share(feature.inferred_type),
            _share(column.types.matching(feature.inferred_type), present),
            present,
            subject,
        )
        if column.inferred_type.is_numeric:
            moments = column.moments
            yield Measurement("mean", moments.mean, moments.count, subject)
            yield Measurement("standard_deviation", moments.standard_deviation, moments.count, subject)
            yield Measurement("minimum", moments.minimum, moments.count, subject)
            yield Measurement("maximum", moments.maximum, moments.count, subject)
        else:
            yield Measurement("distinct_count", float(column.distinct_count), present, subject)
        if feature.domains is not None:
            inside = sum(column.tally.counts.get(value, 0) for value in set(feature.domains))
            yield Measurement("domain_content", _share(inside, present), present, subject)
        base = reference.columns.get(name) if reference is not None else None
        if base is not None and comparable(base, column, compat=self.compat):
            yield from self._measure_drift(base, column, self._limits(feature), subject)

    def _measure_drift(
        self, base: ColumnProfile, column: ColumnProfile, limits: Limits, subject: Subject
    ) -> Iterator[Measurement]:
        metric = _drift_metric(base.inferred_type, limits)
        yield Measurement(metric, drift(base, column, limits, compat=self.compat), column.present, subject)
        for effect, value in effect_sizes(base, column):
            yield Measurement(effect, value, column.present, subject)

    def _limits(self, feature: FeatureConstraints) -> Limits:
        return (self.constraints or Constraints()).limits(feature)

    def _drift(self, feature: FeatureConstraints, limits: Limits) -> Constraint:
        metric = _drift_metric(feature.inferred_type, limits)
        threshold = (
            limits.categorical_threshold
            if feature.inferred_type is InferredType.STRING
            else limits.comparison_threshold
        )
        bound = Bound(lower=threshold) if metric == P_VALUE else Bound(upper=threshold)
        return Constraint(metric, bound, Subject(feature.name), min_n=self.min_rows, check_type=DRIFT_CHECK)


def _column_count(expected: int) -> Iterator[Constraint]:
    yield Constraint(COLUMN_COUNT, Bound(lower=expected), check_type="missing_column_check")
    yield Constraint(COLUMN_COUNT, Bound(upper=expected), check_type="extra_column_check")


def _data_type(feature: FeatureConstraints, limits: Limits) -> Constraint:
    return Constraint(
        type_share(feature.inferred_type),
        Bound(lower=limits.datatype_check_threshold),
        Subject(feature.name),
        check_type="data_type_check",
    )


def _completeness(features: Iterable[FeatureConstraints]) -> Iterator[Constraint]:
    for feature in features:
        if feature.completeness is not None:
            yield Constraint(
                "completeness",
                Bound(lower=feature.completeness),
                Subject(feature.name),
                check_type="completeness_check",
            )


def _domain(feature: FeatureConstraints, limits: Limits) -> Constraint:
    return Constraint(
        "domain_content",
        Bound(lower=limits.domain_content_threshold),
        Subject(feature.name),
        check_type="categorical_values_check",
    )


def _drift_metric(inferred: InferredType, limits: Limits) -> str:
    tested = inferred is InferredType.STRING and limits.categorical_drift_method == "ChiSquared"
    return P_VALUE if tested else DISTANCE


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
