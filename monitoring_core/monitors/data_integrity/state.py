"""The state of the data-integrity monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from monitoring_core.monitors.data_quality.profile import ColumnProfile
from monitoring_core.stats.co_moments import CoMoments
from monitoring_core.stats.keyed import Keyed
from monitoring_core.stats.moments import Moments
from monitoring_core.stats.reservoir import Reservoir
from monitoring_core.stats.share import Share
from monitoring_core.stats.within import Within

DUPLICATES_CAPACITY: Final = 4096
"""Distinct rows whose repetitions are counted; beyond, a sample of so many."""

_MODULUS: Final = 1 << 64


def _no_rows() -> Reservoir:
    return Reservoir.empty(capacity=DUPLICATES_CAPACITY)


@dataclass(frozen=True, slots=True)
class IntegrityState:
    """What is known of the rows; ``IntegrityState()`` is empty.

    Attributes
    ----------
    columns : Keyed of ColumnProfile
        By column.
    ranges, outliers : Keyed of Within
        Numbers outside the baseline's range, and outside its outer fences (three interquartile ranges beyond
        the quartiles); only where a reference is known.
    encoding : Keyed of Share
        Texts with a broken encoding, by column.
    rules : Keyed of Share
        Rows that break a rule, of those that can be judged, by rule.
    skew : Keyed of Share
        Rows whose served value differs from the transformed one, by feature.
    relations : Keyed of CoMoments
        Of the reference's numeric columns; one entry at most.
    times : Keyed of Moments
        ``newest``: times of the rows; ``age``: their age when used.
    duplicates : Reservoir
        Repetitions of rows, or of the unique key.
    checksum : int
        Sum of the rows' hashes, modulo 2**64.
    """

    rows: int = 0
    columns: Keyed[str, ColumnProfile] = field(default_factory=Keyed)
    ranges: Keyed[str, Within] = field(default_factory=Keyed)
    outliers: Keyed[str, Within] = field(default_factory=Keyed)
    encoding: Keyed[str, Share] = field(default_factory=Keyed)
    rules: Keyed[str, Share] = field(default_factory=Keyed)
    skew: Keyed[str, Share] = field(default_factory=Keyed)
    relations: Keyed[str, CoMoments] = field(default_factory=Keyed)
    times: Keyed[str, Moments] = field(default_factory=Keyed)
    duplicates: Reservoir = field(default_factory=_no_rows)
    checksum: int = 0

    def merge(self, other: Self, /) -> Self:
        """Merge statistic by statistic."""
        return type(self)(
            self.rows + other.rows,
            self.columns.merge(other.columns),
            self.ranges.merge(other.ranges),
            self.outliers.merge(other.outliers),
            self.encoding.merge(other.encoding),
            self.rules.merge(other.rules),
            self.skew.merge(other.skew),
            self.relations.merge(other.relations),
            self.times.merge(other.times),
            self.duplicates.merge(other.duplicates),
            (self.checksum + other.checksum) % _MODULUS,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rows": self.rows,
            "columns": self.columns.to_dict(ColumnProfile.to_dict),
            "ranges": self.ranges.to_dict(Within.to_dict),
            "outliers": self.outliers.to_dict(Within.to_dict),
            "encoding": self.encoding.to_dict(Share.to_dict),
            "rules": self.rules.to_dict(Share.to_dict),
            "skew": self.skew.to_dict(Share.to_dict),
            "relations": self.relations.to_dict(CoMoments.to_dict),
            "times": self.times.to_dict(Moments.to_dict),
            "duplicates": self.duplicates.to_dict(),
            "checksum": f"{self.checksum:016x}",
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            data["rows"],
            Keyed.from_dict(data["columns"], ColumnProfile.from_dict),
            Keyed.from_dict(data["ranges"], Within.from_dict),
            Keyed.from_dict(data["outliers"], Within.from_dict),
            Keyed.from_dict(data["encoding"], Share.from_dict),
            Keyed.from_dict(data["rules"], Share.from_dict),
            Keyed.from_dict(data["skew"], Share.from_dict),
            Keyed.from_dict(data["relations"], CoMoments.from_dict),
            Keyed.from_dict(data["times"], Moments.from_dict),
            Reservoir.from_dict(data["duplicates"]),
            int(data["checksum"], 16),
        )
