"""``analysis_config.json`` as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from monitoring_core.errors import ConfigError
from monitoring_core.spec.model_bias import CategoryValue

NameOrIndex = StrictStr | StrictInt
"""Column by name or position; in JSON data sets a label is a JMESPath expression."""


def _as_list(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else [value]


Values = Annotated[tuple[CategoryValue, ...] | None, BeforeValidator(_as_list)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FacetConfig(_Model):
    """A facet and which of its rows are the disadvantaged group."""

    name_or_index: NameOrIndex
    value_or_threshold: Values = None


class MetricsConfig(_Model):
    """Which metrics of a stage: ``"all"`` or names."""

    methods: Literal["all"] | tuple[str, ...] = "all"


class MethodsConfig(_Model):
    """What to analyse."""

    pre_training_bias: MetricsConfig | None = None
    post_training_bias: MetricsConfig | None = None
    shap: dict[str, Any] | None = None
    pdp: dict[str, Any] | None = None
    report: dict[str, Any] | None = None

    @property
    def has_bias(self) -> bool:
        """Whether bias is among them."""
        return self.pre_training_bias is not None or self.post_training_bias is not None


class AnalysisConfig(_Model):
    """What to analyse, in which columns of which data set.

    `predicted_label` and `probability` name columns of the data set, so that metrics after training need no model.
    """

    version: str | float | None = None
    dataset_type: Literal["text/csv", "application/jsonlines", "application/json", "application/x-parquet"] = "text/csv"
    dataset_uri: str | None = None
    headers: tuple[str, ...] | None = None
    features: str | None = None
    excluded_columns: tuple[NameOrIndex, ...] = ()
    joinsource_name_or_index: NameOrIndex | None = None
    label: NameOrIndex | None = None
    label_values_or_threshold: Values = None
    facet: Annotated[tuple[FacetConfig, ...], BeforeValidator(_as_list)] = ()
    group_variable: NameOrIndex | None = None
    predicted_label: NameOrIndex | None = None
    probability: NameOrIndex | None = None
    probability_threshold: FiniteFloat | None = None
    predictor: dict[str, Any] | None = None
    methods: MethodsConfig = Field(default_factory=MethodsConfig)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.dataset_uri is not None:
            raise ValueError("dataset_uri is not read: mount the data set where dataset_source says")
        if self.headers is not None and len(set(self.headers)) != len(self.headers):
            raise ValueError("headers has a name twice; give each column its own name")
        return self


def read_config(path: Path) -> AnalysisConfig:
    """Read the configuration.

    Raises
    ------
    ConfigError
        If it is missing or wrong; the message names the key.
    """
    try:
        return AnalysisConfig.model_validate_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; mount the configuration there, or name its place in "
            "analysis_config_file"
        ) from error
    except ValidationError as error:
        raise ConfigError(f"{path.name} is wrong: {describe(error)}") from error


def describe(error: ValidationError, *section: str) -> str:
    """Return every key of a section that is wrong, and why."""
    return "; ".join(
        f"{'.'.join((*section, *map(str, item['loc']))) or 'the file'}: {_REASONS.get(item['type'], item['msg'])}"
        for item in error.errors(include_url=False)
    )


_REASONS: Final = {"extra_forbidden": "this key is unknown or not supported; leave it out"}
