"""Monitor of kind `data-quality`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from infra.config.base import Location, Name
from infra.config.data import DataSchema
from infra.config.monitors.base import ScheduledMonitor
from monitoring_core.spec import DataQualitySpec, DistributionConstraints, FeatureConstraint

_SPEC = DataQualitySpec()


class DataQualityMonitor(ScheduledMonitor):
    """Data quality: schema, types, completeness, domains and distribution against the baseline."""

    kind: Literal["data-quality"]
    """What is watched."""
    name: Name = "data-quality"
    """Names the monitor in metrics, alarms and reports; must differ within an endpoint."""
    datatype_check_threshold: Annotated[float, Field(ge=0, le=1)] = _SPEC.datatype_check_threshold
    """Smallest share of values of the expected type."""
    domain_content_threshold: Annotated[float, Field(ge=0, le=1)] = _SPEC.domain_content_threshold
    """Smallest share of values known from the baseline."""
    distribution: DistributionConstraints = _SPEC.distribution
    """How drift is decided."""
    features: dict[str, FeatureConstraint] = Field(default_factory=dict)
    """Limits of single features."""
    emit_features: tuple[str, ...] = ()
    """Features whose own CloudWatch metrics are published, by Amazon's names (about $0.90 a month each)."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
    min_rows: Annotated[int, Field(ge=1)] = _SPEC.min_rows
    """Drift is not evaluated on fewer rows."""

    def spec(self, schema: DataSchema) -> DataQualitySpec:
        """Return the analysis alone, as every runtime reads it."""
        return DataQualitySpec(
            name=self.name,
            columns=schema.columns,
            datatype_check_threshold=self.datatype_check_threshold,
            domain_content_threshold=self.domain_content_threshold,
            distribution=self.distribution,
            features=self.features,
            segments=self.segments,
            min_rows=self.min_rows,
        )

    @property
    def emitted(self) -> tuple[str, ...]:
        """Features whose own CloudWatch metrics are published."""
        return self.emit_features

    def named_columns(self) -> Iterator[tuple[Location, str]]:
        """Yield the columns that the section names, and where."""
        yield from ((("features", name), name) for name in self.features)
        yield from ((("segments", i), name) for i, name in enumerate(self.segments))
        yield from ((("emit_features", i), name) for i, name in enumerate(self.emit_features))
