"""Monitor of kind `model-quality`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from infra.config.base import Location, Name, Problem
from infra.config.data import DataSchema
from infra.config.monitors.base import LabelledMonitor
from monitoring_core.spec import MetricLimit
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType

PROBLEM_TYPES: Final = {
    "binary-classification": ProblemType.BINARY,
    "multiclass-classification": ProblemType.MULTICLASS,
    "regression": ProblemType.REGRESSION,
}
"""Kinds of models in Amazon's words."""


class ModelQualityMonitor(LabelledMonitor):
    """Model quality: predictions against the labels that arrived since."""

    kind: Literal["model-quality"]
    """What is watched."""
    name: Name = "model-quality"
    """Names the monitor in metrics, alarms and reports; must differ within an endpoint."""
    probability_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """A probability above it predicts the positive class, where `schema.prediction` is left out."""
    positive_label: str | None = None
    """The positive class; left out: the label that sorts last, so 1 of 0 and 1."""
    constraints: dict[str, MetricLimit] = Field(default_factory=dict)
    """Limits instead of those that the baseline suggests, by metric: `auc: { at_least: 0.8 }`."""
    segments: tuple[str, ...] = ()
    """Columns whose values split the rows; each part is measured, too."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """A metric that rests on fewer rows is not evaluated."""

    def spec(self, schema: DataSchema) -> ModelQualitySpec:
        """Return the analysis alone, as every runtime reads it."""
        return ModelQualitySpec(
            name=self.name,
            columns=schema.labelled,
            problem_type=PROBLEM_TYPES[schema.problem or "binary-classification"],
            inference_attribute=schema.prediction,
            probability_attribute=schema.probability,
            ground_truth_attribute=schema.label,
            probability_threshold=self.probability_threshold,
            positive_label=self.positive_label,
            constraints=self.constraints,
            segments=self.segments,
            min_rows=self.min_rows,
        )

    def missing(self, schema: DataSchema) -> Iterator[Problem]:
        """Yield what the section `schema` lacks."""
        yield from super().missing(schema)
        if schema.problem is None:
            yield ("schema", "problem"), f"missing; {self.name} needs to know what the model predicts"
        elif schema.problem != "binary-classification" and schema.prediction is None:
            yield ("schema", "prediction"), f"missing; {self.name} needs the column that holds the prediction"

    def named_columns(self) -> Iterator[tuple[Location, str]]:
        """Yield the columns that the section names, and where."""
        yield from ((("segments", i), name) for i, name in enumerate(self.segments))
