"""Data quality: what to check of every column, and how drift is decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitoring_core.spec.base import Frozen, SchemaSpec


class FeatureConstraint(Frozen):
    """Limits of one feature that differ from the monitor's."""

    max_distance: Annotated[float, Field(ge=0, le=1)] | None = None
    """Largest distance to the baseline's distribution."""
    min_completeness: Annotated[float, Field(ge=0, le=1)] | None = None
    """Smallest share of rows that have a value."""
    perform_comparison: bool = True
    """Whether the distribution is compared at all."""


class DistributionConstraints(Frozen):
    """How drift against the baseline is decided (AWS: ``monitoring_config.distribution_constraints``)."""

    comparison_method: Literal["Robust", "Simple"] = "Robust"
    """`Robust` takes what chance explains off the distance; `Simple` does not."""
    comparison_threshold: Annotated[float, Field(gt=0, le=1)] = 0.1
    """A distance above it violates."""
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] = "LInfinity"
    """How the shares of categories are compared."""
    calibrate: bool = True
    """Where the baseline data has a time column, raise each feature's limit to the largest distance
    that any window of the baseline itself had, so that ordinary day-to-day change does not violate."""


class DataQualitySpec(Frozen):
    """Data quality: schema, types, completeness, domains and distribution against a baseline."""

    kind: Literal["data-quality"] = "data-quality"
    name: str = "data-quality"
    columns: SchemaSpec = SchemaSpec()
    datatype_check_threshold: Annotated[float, Field(ge=0, le=1)] = 1.0
    domain_content_threshold: Annotated[float, Field(ge=0, le=1)] = 1.0
    distribution: DistributionConstraints = DistributionConstraints()
    features: dict[str, FeatureConstraint] = Field(default_factory=dict)
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
    min_rows: Annotated[int, Field(ge=1)] = 1
    """Drift is not evaluated on fewer rows."""
