"""Monitors whose section is their specification, and when and where it runs."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from infra.config.base import Name, S3Uri
from infra.config.data import DataSchema
from infra.config.monitors.base import MeasuringMonitor
from monitoring_core.spec import (
    CustomSpec,
    DataIntegritySpec,
    EmbeddingDriftSpec,
    ModelExplainabilitySpec,
    MonitorSpec,
    PredictionDriftSpec,
    SchemaSpec,
    TextSpec,
)

_NAME = Field(description="Names the monitor in metrics, alarms and reports; must differ within an endpoint.")
_KIND = Field(description="What is watched.")


class SpecifiedMonitor(MeasuringMonitor, ABC):
    """A monitor with the fields of its specification; the columns come from the section `schema`."""

    specification: ClassVar[type[MonitorSpec]]

    columns: SkipJsonSchema[SchemaSpec] = SchemaSpec()

    @model_validator(mode="before")
    @classmethod
    def _columns_are_in_the_schema(cls, data: Any) -> Any:
        if isinstance(data, dict) and "columns" in data:
            raise ValueError("`columns` are given once, in the section `schema`; remove them here")
        return data

    def spec(self, schema: DataSchema) -> MonitorSpec:
        """Return the analysis alone, as every runtime reads it."""
        own = {name: getattr(self, name) for name in self.specification.model_fields}
        return self.specification.model_validate(own | {"columns": self._columns(schema)})

    def _columns(self, schema: DataSchema) -> SchemaSpec:
        return schema.columns


class ModelExplainabilityMonitor(SpecifiedMonitor, ModelExplainabilitySpec):
    """Feature attribution drift: whether the model still decides by the same features (SHAP values, NDCG)."""

    specification = ModelExplainabilitySpec

    kind: Annotated[Literal["model-explainability"], _KIND]
    name: Annotated[Name, _NAME] = "model-explainability"
    model_file: S3Uri
    """The model: XGBoost as JSON or UBJSON, LightGBM as text, ONNX, or a linear model as JSON, by itself or in a
    `model.tar.gz`. It is kept with the baseline."""

    @property
    def sources(self) -> tuple[str, ...]:
        """What the baseline of this monitor is made of, beside the endpoint's own baseline data."""
        return (*super().sources, self.model_file)


class OwnMonitor(SpecifiedMonitor, ABC):
    """A monitor of a kind that Model Monitor does not have."""

    runtime: Literal["auto", "function", "processing", "spark"] = "auto"
    """Where it runs. `auto`: in our state machine, on the engine that the size of the window asks for (`runtime.auto`);
    `function`, `processing` or `spark`: always on that engine."""


class PredictionDriftMonitor(OwnMonitor, PredictionDriftSpec):
    """Prediction drift: distribution, class shares, confidence and interval widths of the answers."""

    specification = PredictionDriftSpec

    kind: Annotated[Literal["prediction-drift"], _KIND]
    name: Annotated[Name, _NAME] = "prediction-drift"


class DataIntegrityMonitor(OwnMonitor, DataIntegritySpec):
    """Data integrity: missing values, ranges, outliers, duplicates, rules, freshness, volume and more."""

    specification = DataIntegritySpec

    kind: Annotated[Literal["data-integrity"], _KIND]
    name: Annotated[Name, _NAME] = "data-integrity"


class EmbeddingDriftMonitor(OwnMonitor, EmbeddingDriftSpec):
    """Embedding drift: vectors, and any group of numbers taken together."""

    specification = EmbeddingDriftSpec

    kind: Annotated[Literal["embedding-drift"], _KIND]
    name: Annotated[Name, _NAME] = "embedding-drift"


class TextMonitor(OwnMonitor, TextSpec):
    """Text drift: length, words, unknown words, scripts."""

    specification = TextSpec

    kind: Annotated[Literal["text"], _KIND]
    name: Annotated[Name, _NAME] = "text"


class CustomMonitor(OwnMonitor, CustomSpec):
    """A monitor that a function of your own makes; its module must be in the packages of the functions."""

    specification = CustomSpec

    kind: Annotated[Literal["custom"], _KIND]
    name: Annotated[Name, _NAME]
