"""The state: a profile and a shape per column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.monitors.data_quality.profile import ColumnProfile
from monitoring_core.stats.histogram import Histogram
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.shape import Shape


@dataclass(frozen=True, slots=True)
class ColumnState:
    """What is known of one column."""

    profile: ColumnProfile
    shape: Shape

    @classmethod
    def of(cls, column: Column, base: ColumnState | None = None) -> Self:
        """Profile one column, on the edges and categories of its baseline."""
        numbers = column.numbers[~np.isnan(column.numbers)]
        if base is None:
            return cls(ColumnProfile.of(column), Shape.of(numbers))
        known = frozenset(base.profile.tally.counts) if not base.is_numeric else frozenset[str]()
        return cls(ColumnProfile.of(column, base.profile.histogram.edges, known), Shape.of(numbers))

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(self.profile.merge(other.profile), self.shape.merge(other.shape))

    def as_reference(self) -> Self:
        """Fix the edges."""
        return replace(self, profile=self.profile.as_reference())

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds amounts, not names."""
        return self.profile.inferred_type.is_numeric

    @property
    def rows(self) -> int:
        """Rows, those without a value included."""
        return self.profile.present + self.profile.types.missing

    @property
    def numbers(self) -> Histogram:
        """Return the distribution over all rows: what is no number lies beyond the last edge."""
        return replace(self.profile.histogram, total=self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"profile": self.profile.to_dict(), "shape": self.shape.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(ColumnProfile.from_dict(data["profile"]), Shape.from_dict(data["shape"]))


@dataclass(frozen=True, slots=True)
class DriftState:
    """Rows, and the state of each column; ``DriftState()`` is empty."""

    rows: int = 0
    columns: Keyed[str, ColumnState] = field(default_factory=Keyed)

    @classmethod
    def of(cls, batch: Batch, reference: DriftState | None = None) -> Self:
        """Profile one batch."""
        bases = (reference or cls()).columns
        columns = {name: ColumnState.of(column, bases.get(name)) for name, column in batch.columns.items()}
        return cls(len(batch), Keyed(columns))

    def merge(self, other: Self, /) -> Self:
        """Merge column by column."""
        return type(self)(self.rows + other.rows, self.columns.merge(other.columns))

    def as_reference(self) -> Self:
        """Fix the edges of every column."""
        return replace(self, columns=Keyed({name: self.columns[name].as_reference() for name in self.columns}))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"rows": self.rows, "columns": self.columns.to_dict(ColumnState.to_dict)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["rows"], Keyed.from_dict(data["columns"], ColumnState.from_dict))
