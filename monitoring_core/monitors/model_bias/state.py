"""What the bias monitor remembers of its rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from monitoring_core.dataset.batch import Column, TypeCode
from monitoring_core.stats.distinct import Distinct
from monitoring_core.stats.group_tally import GroupTally
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.row_sample import RowSample
from monitoring_core.stats.type_counts import InferredType, TypeCounts

CONTINUOUS_SHARE: Final = 0.05
"""Clarify takes an integer column for continuous when at least this share of its values is different."""

FEW_VALUES: Final = 10
"""By default, so many different integers are values of a category however few rows there are."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What decides the meaning of a threshold, and how it is printed; ``ColumnFacts()`` is empty."""

    types: TypeCounts = field(default_factory=TypeCounts)
    distinct: Distinct = field(default_factory=Distinct)
    maximum: float = -math.inf

    @classmethod
    def of(cls, column: Column, *, count_distinct: bool) -> Self:
        """Look at one column; different values are counted only where they decide something."""
        numbers = column.numbers
        distinct = Distinct.of_numbers(numbers[~np.isnan(numbers)]) if count_distinct else Distinct()
        return cls(TypeCounts.of(column.codes), distinct, float(np.fmax.reduce(numbers, initial=-math.inf)))

    def merge(self, other: Self, /) -> Self:
        """Return the facts of both sides' rows together."""
        return type(self)(
            self.types.merge(other.types),
            self.distinct.merge(other.distinct),
            max(self.maximum, other.maximum),
        )

    @property
    def is_floating(self) -> bool:
        """Whether a data frame would hold the column as floats: fractions, or integers with gaps."""
        types = self.types
        texts = types.string + types.boolean
        return not texts and bool(types.fractional or (types.integral and types.missing))

    def is_continuous(self, *, compat: bool) -> bool:
        """Return whether one chosen number is a threshold.

        It is for floats, and for integers of which at least 5 % are different, which depends on how long one looks;
        by default, not for Clarify, up to ten different integers are always values.

        Examples
        --------
        >>> def facts(rows, different):
        ...     numbers = np.arange(rows) % float(different)
        ...     return ColumnFacts.of(Column(np.full(rows, TypeCode.INTEGRAL), numbers), count_distinct=True)
        >>> facts(1000, 50).is_continuous(compat=True), facts(1001, 50).is_continuous(compat=True)
        (True, False)
        >>> facts(30, 2).is_continuous(compat=True), facts(30, 2).is_continuous(compat=False)
        (True, False)
        """
        if self.is_floating if compat else self.types.inferred is InferredType.FRACTIONAL:
            return True
        present, different = self.types.present, self.distinct.estimate
        if present != self.types.integral or not present or (different <= FEW_VALUES and not compat):
            return False
        return different / present >= CONTINUOUS_SHARE

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        maximum = self.maximum if math.isfinite(self.maximum) else None
        return {"types": self.types.to_dict(), "distinct": self.distinct.to_dict(), "maximum": maximum}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        maximum = -math.inf if data["maximum"] is None else data["maximum"]
        return cls(TypeCounts.from_dict(data["types"]), Distinct.from_dict(data["distinct"]), maximum)


@dataclass(frozen=True, slots=True)
class BiasState:
    """Rows counted per facet; ``BiasState(flips=RowSample(capacity))`` is empty.

    Attributes
    ----------
    rows : int
        Rows seen.
    label, predicted : ColumnFacts
        Of the observed and the predicted label.
    facets : Keyed of ColumnFacts
        By the position of the facet in the specification.
    tallies : Keyed of GroupTally
        Likewise.
    flips : RowSample
        For the flip test: its levels are those of the facets in order, and of the prediction.
    text_columns : frozenset of str
        Feature columns that hold texts, with which there is no flip test.
    """

    rows: int = 0
    label: ColumnFacts = field(default_factory=ColumnFacts)
    predicted: ColumnFacts = field(default_factory=ColumnFacts)
    facets: Keyed[str, ColumnFacts] = field(default_factory=Keyed)
    tallies: Keyed[str, GroupTally] = field(default_factory=Keyed)
    flips: RowSample = field(default_factory=RowSample)
    text_columns: frozenset[str] = frozenset()

    def merge(self, other: Self, /) -> Self:
        """Return the state of both sides' rows together."""
        return type(self)(
            self.rows + other.rows,
            self.label.merge(other.label),
            self.predicted.merge(other.predicted),
            self.facets.merge(other.facets),
            self.tallies.merge(other.tallies),
            self.flips.merge(other.flips),
            self.text_columns | other.text_columns,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rows": self.rows,
            "label": self.label.to_dict(),
            "predicted": self.predicted.to_dict(),
            "facets": self.facets.to_dict(ColumnFacts.to_dict),
            "tallies": self.tallies.to_dict(GroupTally.to_dict),
            "flips": self.flips.to_dict(),
            "text_columns": sorted(self.text_columns),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            data["rows"],
            ColumnFacts.from_dict(data["label"]),
            ColumnFacts.from_dict(data["predicted"]),
            Keyed.from_dict(data["facets"], ColumnFacts.from_dict),
            Keyed.from_dict(data["tallies"], GroupTally.from_dict),
            RowSample.from_dict(data["flips"]),
            frozenset(data["text_columns"]),
        )


def holds_text(column: Column) -> bool:
    """Return whether a column has any value that is neither number nor boolean."""
    return column.texts is not None and bool((column.codes == TypeCode.STRING).any())
