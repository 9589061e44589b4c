"""The state: moments of all vectors, and a bounded sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.stats.share import Share
from monitoring_core.stats.vector_moments import VectorMoments


@dataclass(frozen=True, slots=True)
class VectorState:
    """What is known of one vector column.

    Attributes
    ----------
    moments : VectorMoments
        Of all complete vectors.
    sample : Reservoir
        Of the distinct ones, projected if they are long.
    incomplete : Share
        Rows without a complete vector.
    """

    moments: VectorMoments
    sample: Reservoir
    incomplete: Share

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.moments.merge(other.moments), self.sample.merge(other.sample), self.incomplete.merge(other.incomplete)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: getattr(self, name).to_dict() for name in self.__slots__}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            VectorMoments.from_dict(data["moments"]),
            Reservoir.from_dict(data["sample"]),
            Share.from_dict(data["incomplete"]),
        )


@dataclass(frozen=True, slots=True)
class EmbeddingState:
    """Rows, and the state of each vector column; ``EmbeddingState()`` is empty."""

    rows: int = 0
    vectors: Keyed[str, VectorState] = field(default_factory=Keyed)

    def merge(self, other: Self, /) -> Self:
        """Merge vector by vector."""
        return type(self)(self.rows + other.rows, self.vectors.merge(other.vectors))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"rows": self.rows, "vectors": self.vectors.to_dict(VectorState.to_dict)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(data["rows"], Keyed.from_dict(data["vectors"], VectorState.from_dict))
