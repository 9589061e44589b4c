"""Section `monitors`: what is analysed, when and where."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.config.base import Name, Section
from infra.config.schedule import ScheduleField, parse_schedule
from monitoring_core.spec import DataQualitySpec, DistributionConstraints, FeatureConstraint, SchemaSpec

_SPEC = DataQualitySpec()


class DataQualityMonitor(Section):
    """Data quality: schema, types, completeness, domains and distribution against the baseline."""

    kind: Literal["data-quality"]
    """What is watched."""
    name: Name = "data-quality"
    """Names the monitor in metrics, alarms and reports; must differ within an endpoint."""
    schedule: ScheduleField = parse_schedule("hourly")
    """`hourly`, `daily`, `every N hours`, `every N minutes`, `rate(...)` or `cron(...)`, in UTC."""
    runtime: Literal["function", "managed"] = "function"
    """`function`: our state machine and Lambda. `managed`: a Model Monitor schedule (existing customers only)."""
    datatype_check_threshold: Annotated[float, Field(ge=0, le=1)] = _SPEC.datatype_check_threshold
    """Smallest share of values of the expected type."""
    domain_content_threshold: Annotated[float, Field(ge=0, le=1)] = _SPEC.domain_content_threshold
    """Smallest share of values known from the baseline."""
    distribution: DistributionConstraints = _SPEC.distribution
    """How drift is decided."""
    features: dict[str, FeatureConstraint] = Field(default_factory=dict)
    """Limits of single features."""
    emit_features: tuple[str, ...] = ()
    """Features whose own CloudWatch metrics are published (about $0.90 a month each)."""
    min_rows: Annotated[int, Field(ge=1)] = _SPEC.min_rows
    """Drift is not evaluated on fewer rows."""

    def spec(self, columns: SchemaSpec) -> DataQualitySpec:
        """Return the analysis alone, as every runtime reads it."""
        return DataQualitySpec(
            name=self.name,
            columns=columns,
            datatype_check_threshold=self.datatype_check_threshold,
            domain_content_threshold=self.domain_content_threshold,
            distribution=self.distribution,
            features=self.features,
            emit_features=self.emit_features,
            min_rows=self.min_rows,
        )


Monitor = DataQualityMonitor
"""Discriminated union on ``kind``; it has one member until the other kinds arrive."""
