"""The bias monitor: disadvantaged groups against the other rows, before and after training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch, Column, TypeCode
from monitoring_core.measures.bias import METRICS, BiasMetric, FacetTable, Stage, interval
from monitoring_core.measures.bias.intervals import RATIOS, measure
from monitoring_core.monitors.model_bias.groups import groups_of, label_of
from monitoring_core.monitors.model_bias.levels import MISSING, group_levels, levels_of, numeric
from monitoring_core.monitors.model_bias.report import BiasReport, FacetReport, MetricResult, measurements
from monitoring_core.monitors.model_bias.state import BiasState, ColumnFacts, holds_text
from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec
from monitoring_core.stats.group_tally import GroupTally, Levels
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.row_sample import RowSample

BIAS_CHECK: Final = "bias_drift_check"
ROUNDING: Final = 1e-12
"""In parity mode, values that differ by no more than rounding are equal."""


@dataclass(frozen=True, slots=True)
class ModelBias:
    """Bias of one model, as a specification says.

    Attributes
    ----------
    compat : bool
        As Clarify: 0/0 is 0, a missing facet is advantaged, a metric violates when its absolute value is above
        the baseline's, however little. By default it must be beyond tolerance and chance, DI is compared by its
        logarithm, and less bias, or none in the other direction, never violates.
    baseline : mapping, optional
        Values at the baseline by metric and subject, for the sentences.
    """

    spec: ModelBiasSpec
    compat: bool = False
    baseline: Mapping[tuple[str, Subject], float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.spec.name

    def empty(self, reference: BiasState | None = None, /) -> BiasState:  # noqa: ARG002
        """Return the state of no rows."""
        return BiasState(flips=RowSample(self.spec.flip_test_rows))

    def observe(self, batch: Batch, reference: BiasState | None = None, /) -> BiasState:  # noqa: ARG002
        """Count the rows of one batch."""
        if not len(batch):
            return self.empty()
        spec = self.spec
        label = levels_of(batch[spec.label.column], spec.label)
        predicted = self._predicted(batch)
        constant = Levels(np.zeros(len(batch), dtype=np.int64), (MISSING,))
        group = group_levels(batch[spec.group_variable]) if spec.group_variable is not None else constant
        facets = {str(place): levels_of(batch[f.column], f) for place, f in enumerate(spec.facets)}
        tallies = {key: GroupTally.of(facet, group, label, predicted) for key, facet in facets.items()}
        facts = {str(place): _facts(batch, facet) for place, facet in enumerate(spec.facets)}
        flips, texts = self._flips(batch, [*facets.values(), predicted])
        return BiasState(
            len(batch),
            _facts(batch, spec.label),
            ColumnFacts() if spec.predicted_label is None else _facts(batch, spec.label, spec.predicted_label),
            Keyed(facts),
            Keyed(tallies),
            flips,
            texts,
        )

    def as_reference(self, state: BiasState, /) -> BiasState:
        """Return the state: nothing has to be fixed."""
        return state

    def measure(self, state: BiasState, reference: BiasState | None = None, /) -> Sequence[Measurement]:  # noqa: ARG002
        """Return every metric of every group; `n` is the number of rows of the smaller side."""
        return measurements(self.report(state))

    def report(self, state: BiasState) -> BiasReport:
        """Return every metric of every group, with the reasons of those that have no value."""
        label = label_of(self.spec, state, compat=self.compat)
        facets = (
            FacetReport(
                group.facet,
                group.chosen.printed,
                group.chosen.subject,
                tuple(self._result(metric, group.table) for metric in self._metrics()),
                group.table.advantaged,
                group.table.disadvantaged,
            )
            for group in groups_of(self.spec, state, compat=self.compat)
        )
        return BiasReport(self.spec.label.column, label.printed, tuple(facets))

    def _metrics(self) -> Iterator[BiasMetric]:
        for metric in METRICS:
            if self.spec.metrics and metric.name not in self.spec.metrics:
                continue
            if metric.ours and self.compat:
                continue
            if metric.stage is Stage.PRE_TRAINING or self.spec.has_predictions:
                yield metric

    def suggest(self, reference: BiasState, /) -> Sequence[Constraint]:
        """Return what later windows must satisfy, judged by good data."""
        return self.constraints(self.measure(reference))

    def constraints(self, baseline: Sequence[Measurement]) -> tuple[Constraint, ...]:
        """Return what later windows must satisfy, judged by the measurements of good data."""
        found = (self._constraint(measurement) for measurement in baseline)
        return tuple(constraint for constraint in found if constraint is not None)

    def explain(self, violation: Check, /) -> str:
        """Return Amazon's sentence; where the specification has a bound of its own, that is what was not met."""
        constraint, measurement = violation.constraint, violation.measurement
        value = measurement.value if measurement is not None else math.nan
        required = self.baseline.get((constraint.metric, constraint.subject))
        if required is None:
            upper = constraint.bound.upper
            required = upper if upper is not None and value > upper else constraint.bound.lower
        return f"Metric value {plain(value)} doesn't meet the baseline constraint requirement {plain(required)}"

    def _constraint(self, baseline: Measurement) -> Constraint | None:
        limit = {str(name): limit for name, limit in self.spec.limits.items()}.get(baseline.metric)
        if limit is not None and not self.compat:
            bound = Bound(limit.at_least, limit.at_most)
        elif math.isnan(baseline.value):
            return None
        elif self.compat:
            return _as_amazon(baseline)
        else:
            bound = self._tolerated(baseline)
        return Constraint(
            baseline.metric,
            bound,
            baseline.subject,
            min_n=self.spec.min_rows,
            check_type=BIAS_CHECK,
            beyond_chance=True,
        )

    def _tolerated(self, baseline: Measurement) -> Bound:
        """Allow everything between parity and the baseline, and the tolerance beyond either."""
        tolerance = self.spec.tolerance
        low, high = baseline.interval or (baseline.value, baseline.value)
        if baseline.metric in RATIOS:
            factor = math.exp(tolerance)
            return Bound(min(1.0, low) / factor, max(1.0, high) * factor)
        return Bound(min(0.0, low) - tolerance, max(0.0, high) + tolerance)

    def _result(self, metric: BiasMetric, table: FacetTable) -> MetricResult:
        value, error = measure(metric, table, empty=0.0 if self.compat else math.nan)
        known = not (self.compat or math.isnan(value))
        bounds = interval(metric, table, value, self.spec.confidence) if known else None
        return MetricResult(metric.name, metric.description, metric.stage, value, error, bounds, table.smaller_side)

    def _predicted(self, batch: Batch) -> Levels:
        spec = self.spec
        if spec.probability is not None:
            threshold = ColumnSelection(column=spec.probability, greater_than=spec.probability_threshold)
            return levels_of(batch[spec.probability], threshold)
        if spec.predicted_label is not None:
            return levels_of(batch[spec.predicted_label], spec.label)
        return Levels(np.zeros(len(batch), dtype=np.int64), (MISSING,))

    def _flips(self, batch: Batch, levels: Sequence[Levels]) -> tuple[RowSample, frozenset[str]]:
        spec = self.spec
        if not spec.has_predictions or spec.flip_test_rows == 0 or (spec.metrics and "FT" not in spec.metrics):
            return RowSample(spec.flip_test_rows), frozenset()
        no_feature = {spec.label.column, spec.predicted_label, spec.probability, *spec.columns.outputs}
        names = spec.columns.features or tuple(batch.columns)
        features = {name: batch[name] for name in names if name not in no_feature}
        texts = frozenset(name for name, column in features.items() if holds_text(column))
        columns = {name: _with_texts_as_zero(column) for name, column in features.items()}
        return RowSample.of(spec.flip_test_rows, columns, levels), texts


def plain(value: float | None) -> str:
    """Spell a number as Clarify does.

    Examples
    --------
    >>> plain(0.25), plain(-math.inf)
    ('0.25', '-Infinity')
    """
    if value is None:
        return "none"
    return str(value).replace("inf", "Infinity")


def _with_texts_as_zero(column: Column) -> NDArray[np.float64]:
    """Only missing values stay ``nan``; with texts there is no flip test, but on the facet's own column."""
    numbers = numeric(column)
    if column.texts is None:
        return numbers
    return np.where((column.codes != TypeCode.MISSING) & np.isnan(numbers), 0.0, numbers)


def _facts(batch: Batch, selection: ColumnSelection, column: str | None = None) -> ColumnFacts:
    """Look at a column only where its selection leaves something to know: what a number means, or where it ends."""
    undecided = len(selection.value_or_threshold) == 1 or selection.is_every_value
    if not undecided and selection.greater_than is None:
        return ColumnFacts()
    return ColumnFacts.of(batch[column or selection.column], count_distinct=undecided)


def _as_amazon(baseline: Measurement) -> Constraint:
    room = abs(baseline.value) * (1 + ROUNDING) + ROUNDING**2
    return Constraint(baseline.metric, Bound(-room, room), baseline.subject, check_type=BIAS_CHECK)
