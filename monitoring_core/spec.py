"""MonitorSpec: the vocabulary that infrastructure writes and every runtime reads.

A spec is plain JSON. `infra` renders it into the state machine's definition (or, for the managed
runtime, into a job definition and its environment); functions, the analyzer container and the
command line build the monitor from it. It holds what to analyse and how to decide, never where
or when to run.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable, and no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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


class SchemaSpec(Frozen):
    """Names and roles of the columns of one captured row.

    Captured CSV has no header: `outputs` and then `features` name its columns in order
    (output columns come first, contract 1.7).
    """

    outputs: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class DataQualitySpec(Frozen):
    """Data quality: schema, types, completeness, domains and distribution against a baseline."""

    kind: Literal["data-quality"] = "data-quality"
    name: str = "data-quality"
    columns: SchemaSpec = SchemaSpec()
    datatype_check_threshold: Annotated[float, Field(ge=0, le=1)] = 1.0
    domain_content_threshold: Annotated[float, Field(ge=0, le=1)] = 1.0
    distribution: DistributionConstraints = DistributionConstraints()
    features: dict[str, FeatureConstraint] = {}
    emit_features: tuple[str, ...] = ()
    """Features whose AWS parity metrics (``feature_baseline_drift_<f>`` ...) are published."""
    min_rows: Annotated[int, Field(ge=1)] = 1
    """Drift is not evaluated on fewer rows."""


MonitorSpec = DataQualitySpec
"""Discriminated union on ``kind``; it has one member until the other kinds arrive."""
