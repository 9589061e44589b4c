"""From a state to the groups that are compared: names, labels and count tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import DataError
from monitoring_core.measures.bias import FacetTable, Flips, PredictedRows, UndefinedBiasError, find_flips
from monitoring_core.measures.bias.facet_table import NO_GROUPS
from monitoring_core.monitors.model_bias.levels import ABOVE, EQUAL, MISSING, as_number, canonical, spell
from monitoring_core.monitors.model_bias.state import BiasState, ColumnFacts
from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec
from monitoring_core.stats.group_tally import MAX_FACETS, MAX_GROUPS, Cell, GroupTally

TOO_MANY_GROUPS = f"Group variable has more than {MAX_GROUPS:,} values"
_INTERVAL = re.compile(r"\((.+), .+\]")
NO_TEXTS = "FlipTest does not support non-numeric columns"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which levels of a column are meant, and how that is written."""

    levels: frozenset[str]
    subject: str
    """Without what changes from window to window, e.g. ``Account Length > 100``."""
    printed: str
    """As Clarify prints it, e.g. ``(100, 225]``."""


@dataclass(frozen=True, slots=True)
class Group:
    """One disadvantaged group and its table."""

    facet: str
    chosen: Chosen
    table: FacetTable


def is_interval(printed: str) -> bool:
    """Return whether Clarify printed a threshold, not values."""
    return _INTERVAL.fullmatch(printed) is not None


def subject_of(column: str, printed: str) -> str:
    """Return the name of a group that Clarify prints so, without what changes from window to window.

    Examples
    --------
    >>> subject_of("Account Length", "(100, 225]"), subject_of("Sex", "0"), subject_of("Sex", "0.0,1")
    ('Account Length > 100', 'Sex = 0', 'Sex = 0,1')
    """
    interval = _INTERVAL.fullmatch(printed)
    if interval is not None:
        return f"{column} > {canonical(interval[1])}"
    return f"{column} = {','.join(map(canonical, printed.split(',')))}"


def label_of(spec: ModelBiasSpec, state: BiasState, *, compat: bool) -> Chosen:
    """Return which labels are positive."""
    return _chosen(spec.label, state.label, compat=compat)


def groups_of(spec: ModelBiasSpec, state: BiasState, *, compat: bool) -> Iterator[Group]:
    """Yield every group of every facet.

    Parameters
    ----------
    compat : bool
        As Clarify does it: a missing facet is advantaged, a missing label negative. By default such rows are left out.

    Raises
    ------
    DataError
        If a facet has no value chosen, and too many values for each to be a group; or if predicted labels are texts
        where labels have a threshold.
    """
    positive = label_of(spec, state, compat=compat).levels
    if ABOVE in positive and state.predicted.types.string and not np.isfinite(state.predicted.maximum):
        raise DataError(
            "Predicted Label Column series datatype is not the same as Label Column series: the label has a threshold, "
            f"but {spec.predicted_label!r} holds texts; name the column of the predicted numbers"
        )
    accepted = frozenset({ABOVE}) if spec.probability is not None else positive
    for place, selection in enumerate(spec.facets):
        tally = state.tallies.get(str(place)) or GroupTally()
        facts = state.facets.get(str(place)) or ColumnFacts()
        counted = _Counted(spec, state, place, tally, positive, accepted, compat)
        for chosen in _choices(selection, facts, tally, compat=compat):
            yield Group(selection.column, chosen, counted.table(chosen.levels))


def _choices(selection: ColumnSelection, facts: ColumnFacts, tally: GroupTally, *, compat: bool) -> Iterator[Chosen]:
    if not selection.is_every_value:
        yield _chosen(selection, facts, compat=compat)
        return
    if facts.is_continuous(compat=True) if compat else facts.types.fractional:
        raise DataError(
            f"Threshold values must be provided for continuous features: facet {selection.column!r} holds numbers; "
            "give greater_than, or equals"
        )
    if "facet" in tally.dropped:
        raise DataError(f"facet {selection.column!r} has more than {MAX_FACETS:,} values; choose with equals")
    for value in tally.facets:
        if value != MISSING:
            yield Chosen(frozenset({value}), subject_of(selection.column, value), value)


def _chosen(selection: ColumnSelection, facts: ColumnFacts, *, compat: bool) -> Chosen:
    values = selection.equals or selection.value_or_threshold
    threshold = selection.greater_than
    if len(selection.value_or_threshold) == 1 and facts.is_continuous(compat=compat):
        threshold = as_number(values[0])
        if threshold is None:
            raise DataError(
                "Facet/label value provided must be a single numeric threshold for continuous data: "
                f"column {selection.column!r} holds numbers, got {values[0]!r}"
            )
    if threshold is None:
        printed = ",".join(map(str, values))
        return Chosen(frozenset({EQUAL}), subject_of(selection.column, printed), printed)
    printed = _interval(threshold, facts, compat=compat)
    return Chosen(frozenset({ABOVE}), f"{selection.column} > {spell(threshold)}", printed)


def _interval(threshold: float, facts: ColumnFacts, *, compat: bool) -> str:
    """Print the interval up to the largest value seen."""
    if not np.isfinite(facts.maximum):
        return f"({spell(threshold)}, {spell(threshold)}]"
    low, high = sorted((threshold, facts.maximum))
    if low == high and compat:  # Clarify makes no interval of one number
        return ""
    floating = facts.is_floating if compat else bool(facts.types.fractional)
    if floating or not float(threshold).is_integer():
        return f"({float(low)!r}, {float(high)!r}]"
    return f"({int(low)}, {int(high)}]"


@dataclass(frozen=True, slots=True)
class _Counted:
    """Everything that the tables of one facet are made of."""

    spec: ModelBiasSpec
    state: BiasState
    place: int
    tally: GroupTally
    positive: frozenset[str]
    accepted: frozenset[str]
    compat: bool

    def table(self, disadvantaged: frozenset[str]) -> FacetTable:
        kept = {cell: count for cell, count in self.tally.counts.items() if not self._skipped(cell)}
        groups = sorted({cell.group for cell in kept}, key=_numbers_first)
        places = {group: place for place, group in enumerate(groups)}
        counts = np.zeros((2, max(1, len(places)), 2, 2), dtype=np.int64)
        for cell, count in kept.items():
            facet, label, predicted = (
                int(cell.facet in disadvantaged),
                int(cell.label in self.positive),
                int(cell.predicted in self.accepted),
            )
            counts[facet, places[cell.group], label, predicted] += count
        no_groups = TOO_MANY_GROUPS if "group" in self.tally.dropped else NO_GROUPS
        return FacetTable(counts, sum(group != MISSING for group in groups), self._flips(disadvantaged), no_groups)

    def _skipped(self, cell: Cell) -> bool:
        if self.compat:
            return False
        return MISSING in (cell.facet, cell.label) or (cell.predicted == MISSING and self.spec.has_predictions)

    def _flips(self, disadvantaged: frozenset[str]) -> Flips | str:
        column, sample = self.spec.facets[self.place].column, self.state.flips
        if self.state.text_columns - {column}:
            return NO_TEXTS
        if self.compat and sample.incomplete:
            return "Input contains NaN"
        if not sample.hashes.size:
            return "No row has a value in every feature"
        wanted = [place for place, name in enumerate(sample.columns) if name != column]
        facets, predictions = sample.levels[:, self.place], sample.levels[:, -1]
        known = np.ones(len(facets), dtype=np.bool_)
        if not self.compat:
            known = (facets != MISSING) & (predictions != MISSING)
        inside = np.isin(facets, list(disadvantaged))
        accepted = np.isin(predictions, list(self.accepted))

        def rows(side: NDArray[np.bool_]) -> PredictedRows:
            return PredictedRows(sample.values[side][:, wanted], accepted[side], sample.counts[side])

        try:
            return find_flips(rows(known & ~inside), rows(known & inside))
        except UndefinedBiasError as error:
            return str(error)


def _numbers_first(group: str) -> tuple[bool, bool, float, str]:
    """Order groups as Clarify does, so that sums are equal to the last digit; rows without a group come last."""
    number = as_number(group)
    return group == MISSING, number is None, number or 0.0, group
