"""Segments: any monitor per slice of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from monitoring_core.checks.evaluation import Check, Constraint, Measurement, Subject
from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.monitors.base import Monitor
from monitoring_core.monitors.windows import take
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.mergeable import Mergeable, merge_all

CAPACITY: Final = 1000
"""Slices of one column that are told apart in a baseline; a column with more does not slice."""

MAX_SEGMENTS: Final = 50
"""Slices of one column that are judged: those with most rows."""

MIN_ROWS: Final = 100
"""Smaller slices are not judged."""

REST: Final = "*"
"""Stands for all other values of a column."""

MISSING: Final = "(missing)"

WHOLE_DATA: Final = frozenset({"missing_column_check", "extra_column_check", "volume_check", "checksum_check"})
"""Checks that make no sense for a slice."""


class StoredState(Mergeable, Protocol):
    """A state that goes through JSON: an empty state reads what any state of its monitor wrote."""

    @property
    def rows(self) -> int:
        """Rows seen."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        ...

    def from_dict(self, data: Mapping[str, Any], /) -> Self:
        """Read what `to_dict` wrote (a class method will do)."""
        ...


S = TypeVar("S", bound=StoredState)


@runtime_checkable
class SharesSignificance(Protocol):
    """A monitor that tests, and whose chance of a false alarm is to hold for all slices together."""

    def sharing(self, families: int, /) -> Any:
        """Return the monitor for one of so many slices."""
        ...


@dataclass(frozen=True, slots=True)
class Segments(Generic[S]):
    """The state of all rows, and of each slice (``column=value``).

    Slices in `known` (those of the baseline) are kept apart, all others of their column are one. Without a
    baseline all are kept apart, up to `CAPACITY` per column. Both depend on the rows alone, so merging is
    associative.
    """

    whole: S
    by: Keyed[str, S] = field(default_factory=Keyed)
    known: frozenset[str] = frozenset()

    def merge(self, other: Self, /) -> Self:
        """Merge slice by slice."""
        return replace(self, whole=self.whole.merge(other.whole), by=_bounded(self.by.merge(other.by), self.known))

    @property
    def rows(self) -> int:
        """Rows seen."""
        return self.whole.rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "whole": self.whole.to_dict(),
            "by": {key: self.by[key].to_dict() for key in self.by},
            "known": sorted(self.known),
        }

    def from_dict(self, data: Mapping[str, Any], /) -> Self:
        """Read what `to_dict` wrote."""
        by = {key: self.whole.from_dict(value) for key, value in data["by"].items()}
        return replace(self, whole=self.whole.from_dict(data["whole"]), by=Keyed(by), known=frozenset(data["known"]))


@dataclass(frozen=True, slots=True)
class Segmented(Generic[S]):
    """A monitor of all rows and, by itself, of each slice of them.

    Attributes
    ----------
    monitor : Monitor
        What is watched.
    by : tuple of str
        Columns whose values are the slices; each column slices all rows.
    min_rows : int
        Smaller slices are not judged.
    hidden : frozenset of str
        Columns that `monitor` does not see: they are there for slicing only.
    """

    monitor: Monitor[S]
    by: tuple[str, ...]
    min_rows: int = MIN_ROWS
    hidden: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Name of the monitor."""
        return self.monitor.name

    def empty(self, reference: Segments[S] | None = None, /) -> Segments[S]:
        """Return the state of no rows."""
        if reference is None:
            return Segments(self.monitor.empty())
        return Segments(self.monitor.empty(reference.whole), known=reference.known)

    def observe(self, batch: Batch, reference: Segments[S] | None = None, /) -> Segments[S]:
        """Return the states of one batch; each slice is counted on its own slice of the reference."""
        seen = Batch({name: column for name, column in batch.columns.items() if name not in self.hidden})
        states = {
            key: self.monitor.observe(take(seen, rows), None if reference is None else reference.by.get(key))
            for key, rows in self._slices(batch, reference)
        }
        known = frozenset() if reference is None else reference.known
        whole = self.monitor.observe(seen, None if reference is None else reference.whole)
        return Segments(whole, _bounded(Keyed(states), known), known)

    def as_reference(self, state: Segments[S], /) -> Segments[S]:
        """Fix the slices that windows are judged on: the largest of each column."""
        kept: list[str] = []
        for column in self.by:
            own = [key for key in _of_column(state.by, column) if key != _rest(column)]
            large = [key for key in own if state.by[key].rows >= self.min_rows]
            kept += sorted(large, key=lambda key: (-state.by[key].rows, key))[:MAX_SEGMENTS]
        by = {key: self.monitor.as_reference(state.by[key]) for key in kept}
        return Segments(self.monitor.as_reference(state.whole), Keyed(by), frozenset(kept))

    def measure(self, state: Segments[S], reference: Segments[S] | None = None, /) -> Sequence[Measurement]:
        """Return the numbers of all rows, then those of each slice of the reference."""
        slices = (state if reference is None else reference).by
        monitor = self._sharing(1 + len(slices))
        found = list(monitor.measure(state.whole, None if reference is None else reference.whole))
        for key in slices:
            base = None if reference is None else reference.by[key]
            current = state.by.get(key)
            measured = monitor.measure(monitor.empty(base) if current is None else current, base)
            found += [replace(m, subject=Subject(m.subject.column, key)) for m in measured]
        return found

    def suggest(self, reference: Segments[S], /) -> Sequence[Constraint]:
        """Return the constraints of all rows, then those of each slice, with the minimum number of rows."""
        suggested = list(self.monitor.suggest(reference.whole))
        for key in reference.by:
            suggested += [
                replace(c, subject=Subject(c.subject.column, key), min_n=max(c.min_n, self.min_rows))
                for c in self.monitor.suggest(reference.by[key])
                if c.check_type not in WHOLE_DATA
            ]
        return suggested

    def explain(self, violation: Check, /) -> str:
        """Return the monitor's sentence, and the slice."""
        subject = violation.constraint.subject
        if not subject.segment:
            return self.monitor.explain(violation)
        inner = replace(violation, constraint=replace(violation.constraint, subject=Subject(subject.column)))
        return f"Segment {subject.segment}: {self.monitor.explain(inner)}"

    def _sharing(self, families: int) -> Monitor[S]:
        if not isinstance(self.monitor, SharesSignificance):
            return self.monitor
        shared: Monitor[S] = self.monitor.sharing(families)
        return shared

    def _slices(self, batch: Batch, reference: Segments[S] | None) -> Iterator[tuple[str, NDArray[np.intp]]]:
        for column in self.by:
            values, index = np.unique(labels(batch[column]), return_inverse=True)
            keys = [f"{column}={value}" for value in values.tolist()]
            if reference is not None:
                keys = [key if key in reference.known else _rest(column) for key in keys]
            names = list(dict.fromkeys(keys))
            place = np.array([names.index(key) for key in keys], dtype=np.intp)[index]
            order = np.argsort(place, kind="stable")
            bounds = np.searchsorted(place[order], np.arange(len(names) + 1))
            for i, name in enumerate(names):
                yield name, order[bounds[i] : bounds[i + 1]]


def labels(column: Column) -> NDArray[np.str_]:
    """Return the value of each row as text; 1 and 1.0 are the same.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> labels(column_from_texts(["1", "1.0", "2.5", None])).tolist()
    ['1', '1', '2.5', '(missing)']
    """
    found = np.full(len(column), MISSING, dtype=np.object_)
    numeric = ~np.isnan(column.numbers)
    distinct, index = np.unique(column.numbers[numeric], return_inverse=True)
    found[numeric] = np.array([f"{value:.15g}" for value in distinct.tolist()], dtype=np.object_)[index]
    if column.texts is not None:
        texts = ~numeric & (column.codes != 0)
        found[texts] = column.texts[texts]
    return found.astype(np.str_)


def _rest(column: str) -> str:
    return f"{column}={REST}"


def _of_column(keyed: Keyed[str, S], column: str) -> list[str]:
    return [key for key in keyed if key.startswith(f"{column}=")]


def _bounded(by: Keyed[str, S], known: frozenset[str]) -> Keyed[str, S]:
    """Join the slices of every column that has too many of them."""
    columns = dict.fromkeys(key.partition("=")[0] for key in by if key not in known)
    joined = dict(by.items)
    for column in columns:
        own = [key for key in _of_column(by, column) if key not in known]
        rest = _rest(column)
        if len(own) > CAPACITY or (rest in own and len(own) > 1):
            states = [joined.pop(key) for key in own]
            joined[rest] = merge_all(states[1:], states[0])
    return Keyed(joined)
