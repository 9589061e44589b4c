"""The constraints of the data-quality monitor, in the words and the shape of Amazon's ``constraints.json``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from monitoring_core.stats.type_counts import InferredType

Switch = Literal["Enabled", "Disabled"]
Share = Annotated[float, Field(ge=0, le=1)]


class _AwsModel(BaseModel):
    """Immutable; keys that are not understood are kept, for the file is not ours alone."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)


class DistributionLimits(_AwsModel):
    """``distribution_constraints``; None means: as in the whole file's ``monitoring_config``."""

    perform_comparison: Switch | None = None
    comparison_threshold: Annotated[float, Field(ge=0)] | None = None
    comparison_method: Literal["Robust", "Simple"] | None = None
    categorical_comparison_threshold: Annotated[float, Field(ge=0)] | None = None
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_documented_names(cls, data: Any) -> Any:
        names = {"linf_robust": "Robust", "linf_simple": "Simple"}
        if isinstance(data, dict) and data.get("comparison_method") in names:
            return {**data, "comparison_method": names[data["comparison_method"]]}
        return data


class MonitoringConfig(_AwsModel):
    """``monitoring_config``, of the whole file or (``monitoring_config_overrides``) of one feature."""

    evaluate_constraints: Switch | None = None
    emit_metrics: Switch | None = None
    datatype_check_threshold: Share | None = None
    domain_content_threshold: Share | None = None
    distribution_constraints: DistributionLimits | None = None


class NumericConstraints(_AwsModel):
    """``num_constraints``; informational, nothing checks it."""

    is_non_negative: bool


class StringConstraints(_AwsModel):
    """``string_constraints``."""

    domains: tuple[str, ...] | None = None


class FeatureConstraints(_AwsModel):
    """One entry of ``features``."""

    name: str
    inferred_type: InferredType
    completeness: Share | None = None
    num_constraints: NumericConstraints | None = None
    string_constraints: StringConstraints | None = None
    monitoring_config_overrides: MonitoringConfig | None = Field(
        default=None,
        validation_alias=AliasChoices("monitoring_config_overrides", "monitoringConfigOverrides"),
    )

    @model_validator(mode="before")
    @classmethod
    def _find_overrides(cls, data: Any) -> Any:
        """Early SDKs wrote a feature's overrides inside ``string_constraints``."""
        key = "monitoring_config_overrides"
        inner = data.get("string_constraints") if isinstance(data, dict) else None
        if isinstance(inner, dict) and key in inner:
            rest = {name: value for name, value in inner.items() if name != key}
            return {**data, "string_constraints": rest or None, key: data.get(key) or inner[key]}
        return data

    @property
    def domains(self) -> tuple[str, ...] | None:
        """Allowed values of a text column; None where any is."""
        return self.string_constraints.domains if self.string_constraints else None


class Constraints(_AwsModel):
    """The whole file."""

    version: float = 0.0
    features: tuple[FeatureConstraints, ...] = ()
    monitoring_config: MonitoringConfig = MonitoringConfig()

    def limits(self, feature: FeatureConstraints) -> Limits:
        """Return what holds for a feature: its own overrides, then the file's, then Amazon's defaults.

        A feature's own ``comparison_threshold`` holds whatever its type, so it also replaces the file's
        ``categorical_comparison_threshold``.

        Examples
        --------
        >>> age = FeatureConstraints(name="age", inferred_type="Integral", completeness=1.0)
        >>> Constraints(features=(age,)).limits(age).comparison_threshold
        0.1
        """
        values: dict[str, Any] = {}
        for config in (self.monitoring_config, feature.monitoring_config_overrides or MonitoringConfig()):
            distribution = (config.distribution_constraints or DistributionLimits()).model_dump(exclude_none=True)
            if "comparison_threshold" in distribution:
                values.pop("categorical_comparison_threshold", None)
            values |= config.model_dump(exclude_none=True, exclude={"distribution_constraints"}) | distribution
        return Limits.model_validate(values)


class Limits(BaseModel):
    """Effective settings of one feature; the defaults are what Amazon's analyzer uses (contract 4.3)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    evaluate_constraints: Switch = "Enabled"
    emit_metrics: Switch = "Enabled"
    datatype_check_threshold: float = 1.0
    domain_content_threshold: float = 1.0
    perform_comparison: Switch = "Enabled"
    comparison_threshold: float = 0.1
    comparison_method: Literal["Robust", "Simple"] = "Robust"
    categorical_comparison_threshold: float | None = None
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] = "LInfinity"

    @property
    def categorical_threshold(self) -> float:
        """Drift limit of text columns: their own, or the common one."""
        own = self.categorical_comparison_threshold
        return self.comparison_threshold if own is None else own
