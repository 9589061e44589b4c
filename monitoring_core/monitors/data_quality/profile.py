"""The state of the data-quality monitor: a profile per column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Column, TypeCode
from monitoring_core.stats.distinct import Distinct
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.kll import KllSketch
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.quantiles import Quantiles, Sketch
from monitoring_core.stats.tally import CAPACITY, Tally
from monitoring_core.stats.type_counts import InferredType, TypeCounts

NO_EDGES: Final[NDArray[np.float64]] = np.empty(0)
MAX_EDGES: Final = 2050
"""Of a baseline: distances are exact where it has no more distinct values, else exact to a rank of 1 / 2050."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of one column: a product of monoids, so a monoid.

    Attributes
    ----------
    types : TypeCounts
        Values per type; also how many are missing.
    moments : Moments
        Of the values that are numbers.
    sketch : Quantiles or KllSketch
        Of the numbers: it chooses a baseline's edges and draws pictures. `KllSketch` is Amazon's, in row order.
    histogram : Histogram
        Of the numbers, on the baseline's edges; without a baseline it has no edges.
    tally : Tally
        Of every present value's text.
    distinct : Distinct
        Of the texts that are not numbers.
    """

    types: TypeCounts
    moments: Moments
    sketch: Sketch
    histogram: Histogram
    tally: Tally
    distinct: Distinct

    @classmethod
    def empty(cls, edges: NDArray[np.float64] = NO_EDGES, known: frozenset[str] = frozenset()) -> Self:
        """Profile of no values, for a baseline's edges and categories."""
        no_numbers = Quantiles.of(NO_EDGES), Histogram.of(NO_EDGES, edges)
        return cls(TypeCounts(), Moments(), *no_numbers, Tally(known=known), Distinct())

    @classmethod
    def of(
        cls,
        column: Column,
        edges: NDArray[np.float64] = NO_EDGES,
        known: frozenset[str] = frozenset(),
        *,
        compat: bool = False,
    ) -> Self:
        """Profile one column of a batch, in one sort; with Amazon's sketch where parity is wanted."""
        types = TypeCounts.of(column.codes)
        numeric = (column.codes == TypeCode.INTEGRAL) | (column.codes == TypeCode.FRACTIONAL)
        numbers = column.numbers if numeric.all() else column.numbers[numeric]
        ordered = np.sort(numbers)
        return cls(
            types,
            Moments.of(numbers),
            KllSketch.of(numbers) if compat else Quantiles.of(ordered),
            Histogram.of(ordered, edges),
            _tally(column, ordered, known),
            _distinct(column, types),
        )

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.types.merge(other.types),
            self.moments.merge(other.moments),
            self.sketch.merge(other.sketch),
            self.histogram.merge(other.histogram),
            self.tally.merge(other.tally),
            self.distinct.merge(other.distinct),
        )

    @property
    def inferred_type(self) -> InferredType:
        """Type of the column."""
        return self.types.inferred

    @property
    def present(self) -> int:
        """Values that are not missing."""
        return self.types.present

    @property
    def distinct_count(self) -> int:
        """Number of distinct values; beyond `CAPACITY` an estimate over those that are not numbers."""
        return len(self.tally.counts) if not self.tally.other else self.distinct.estimate

    def as_reference(self) -> Self:
        """Fix the edges: distinct items of the sketch, with its counts where no exact ones are known."""
        if self.histogram.edges.size:
            return self
        return replace(self, histogram=Histogram.of_weighted(self.sketch.items, self.sketch.weights).thinned(MAX_EDGES))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: getattr(self, name).to_dict() for name in self.__slots__}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            TypeCounts.from_dict(data["types"]),
            Moments.from_dict(data["moments"]),
            _sketch(data["sketch"]),
            Histogram.from_dict(data["histogram"]),
            Tally.from_dict(data["tally"]),
            Distinct.from_dict(data["distinct"]),
        )


@dataclass(frozen=True, slots=True)
class DataProfile:
    """Rows, and a profile per column; ``DataProfile()`` is empty.

    A column that is absent from some batches counts as missing there: `rows` is the denominator.
    """

    rows: int = 0
    columns: Keyed[str, ColumnProfile] = field(default_factory=Keyed)

    def merge(self, other: Self, /) -> Self:
        """Merge column by column."""
        return type(self)(self.rows + other.rows, self.columns.merge(other.columns))

    def as_reference(self) -> Self:
        """Fix the edges of every column, so that windows can be compared with this profile."""
        return replace(self, columns=Keyed({name: self.columns[name].as_reference() for name in self.columns}))

    def with_histograms(self, histograms: Mapping[str, Histogram]) -> Self:
        """Return the same profile with exact counts in place of a sketch's."""
        exact = {name: replace(self.columns[name], histogram=histogram) for name, histogram in histograms.items()}
        return replace(self, columns=Keyed({**self.columns.items, **exact}))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"rows": self.rows, "columns": self.columns.to_dict(ColumnProfile.to_dict)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["rows"], Keyed.from_dict(data["columns"], ColumnProfile.from_dict))


def _sketch(data: Mapping[str, Any]) -> Sketch:
    return KllSketch.from_dict(data) if "levels" in data else Quantiles.from_dict(data)


def _tally(column: Column, ordered: NDArray[np.float64], known: frozenset[str]) -> Tally:
    if column.texts is not None:
        return Tally.of((text for text in column.texts if text is not None), known)
    if not known and np.count_nonzero(ordered[1:] != ordered[:-1]) >= CAPACITY * 2:  # more numbers than ever listed
        return Tally(other=int(ordered.size))
    counts: Counter[str] = Counter()
    for code, spell in ((TypeCode.INTEGRAL, _spell_integer), (TypeCode.FRACTIONAL, repr)):
        values, times = np.unique(column.numbers[column.codes == code] + 0.0, return_counts=True)  # -0.0 is 0.0
        counts.update(dict(zip(map(spell, values.tolist()), times.tolist(), strict=True)))
    return Tally.from_counts(counts, known)


def _spell_integer(value: float) -> str:
    return str(int(value))


def _distinct(column: Column, types: TypeCounts) -> Distinct:
    if column.texts is None or not (types.string or types.boolean):
        return Distinct()
    texts = column.texts[(column.codes == TypeCode.STRING) | (column.codes == TypeCode.BOOLEAN)]
    return Distinct.of_texts(set(texts.tolist()))
