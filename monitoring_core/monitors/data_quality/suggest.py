"""Constraints that good data suggests, and how a specification changes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.monitors.data_quality.constraints import (
    Constraints,
    DistributionLimits,
    FeatureConstraints,
    MonitoringConfig,
    NumericConstraints,
    StringConstraints,
)
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile
from monitoring_core.spec import DataQualitySpec, FeatureConstraint
from monitoring_core.stats.type_counts import InferredType

MAX_DOMAIN: Final = 100
"""A text column with more values gets no ``domains``."""

MAX_DOMAIN_SHARE: Final = 0.1
"""Nor does one whose values repeat less than ten times on average: the list would not be complete."""


def suggest_constraints(profile: DataProfile) -> Constraints:
    """Return the constraints that Amazon's analyzer suggests for this data (contract 4.3)."""
    return Constraints(
        features=tuple(_feature(name, profile.columns[name], profile.rows) for name in profile.columns),
        monitoring_config=MonitoringConfig(
            evaluate_constraints="Enabled",
            emit_metrics="Enabled",
            datatype_check_threshold=1.0,
            domain_content_threshold=1.0,
            distribution_constraints=DistributionLimits(
                perform_comparison="Enabled", comparison_threshold=0.1, comparison_method="Robust"
            ),
        ),
    )


def _feature(name: str, column: ColumnProfile, rows: int) -> FeatureConstraints:
    inferred, moments = column.inferred_type, column.moments
    domains = _domains(column) if inferred is InferredType.STRING else None
    return FeatureConstraints(
        name=name,
        inferred_type=inferred,
        completeness=column.present / rows if rows else None,
        num_constraints=NumericConstraints(is_non_negative=moments.minimum >= 0) if inferred.is_numeric else None,
        string_constraints=StringConstraints(domains=domains) if domains else None,
    )


def _domains(column: ColumnProfile) -> tuple[str, ...] | None:
    values = column.tally.counts
    if column.tally.other or len(values) > min(MAX_DOMAIN, MAX_DOMAIN_SHARE * column.present):
        return None
    return tuple(sorted(values))


def apply_spec(constraints: Constraints, spec: DataQualitySpec) -> Constraints:
    """Return the constraints with everything that the specification says differently from its defaults.

    A limit that the baseline has for a feature of its own, such as a calibrated one, stays unless the
    specification names that feature.

    Raises
    ------
    ColumnNotFoundError
        If the specification names a feature that the constraints do not have.
    """
    names = [feature.name for feature in constraints.features]
    for name in spec.features:
        if name not in names:
            raise ColumnNotFoundError(name, names)
    given = _changed(spec, ("datatype_check_threshold", "domain_content_threshold"))
    distribution = _changed(
        spec.distribution, ("comparison_method", "comparison_threshold", "categorical_drift_method")
    )
    config = constraints.monitoring_config
    limits = config.distribution_constraints or DistributionLimits()
    return constraints.model_copy(
        update={
            "features": tuple(_override(f, spec.features.get(f.name)) for f in constraints.features),
            "monitoring_config": config.model_copy(
                update=given | {"distribution_constraints": limits.model_copy(update=distribution)}
            ),
        }
    )


def _changed(model: Any, fields: Iterable[str]) -> dict[str, Any]:
    defaults = type(model)()
    return {field: getattr(model, field) for field in fields if getattr(model, field) != getattr(defaults, field)}


def _override(feature: FeatureConstraints, wanted: FeatureConstraint | None) -> FeatureConstraints:
    if wanted is None:
        return feature
    changed = feature
    if wanted.min_completeness is not None:
        changed = changed.model_copy(update={"completeness": wanted.min_completeness})
    if wanted.max_distance is not None:
        changed = override_distribution(changed, comparison_threshold=wanted.max_distance)
    if not wanted.perform_comparison:
        changed = override_distribution(changed, perform_comparison="Disabled")
    return changed


def override_distribution(feature: FeatureConstraints, **limits: Any) -> FeatureConstraints:
    """Return the feature with ``monitoring_config_overrides.distribution_constraints`` changed."""
    overrides = feature.monitoring_config_overrides or MonitoringConfig()
    current = overrides.distribution_constraints or DistributionLimits()
    return override(feature, distribution_constraints=current.model_copy(update=limits))


def override(feature: FeatureConstraints, **settings: Any) -> FeatureConstraints:
    """Return the feature with ``monitoring_config_overrides`` changed."""
    overrides = feature.monitoring_config_overrides or MonitoringConfig()
    return feature.model_copy(update={"monitoring_config_overrides": overrides.model_copy(update=settings)})
