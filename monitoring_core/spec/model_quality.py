"""Model quality: where prediction and label are, and how good is good enough."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from monitoring_core.spec.base import Frozen, MetricLimit, SchemaSpec


class ProblemType(StrEnum):
    """What the model predicts, in Amazon's words."""

    BINARY = "BinaryClassification"
    MULTICLASS = "MulticlassClassification"
    REGRESSION = "Regression"


class ModelQualitySpec(Frozen):
    """Model quality: predictions against labels.

    An attribute is the name of a column, its position as text (``"0"``), or the path of a JSON value.
    """

    kind: Literal["model-quality"] = "model-quality"
    name: str = "model-quality"
    columns: SchemaSpec = SchemaSpec()
    problem_type: ProblemType
    inference_attribute: str | None = None
    """Predicted class or number. A binary prediction may come from the probability instead."""
    probability_attribute: str | None = None
    """Probability of the positive class (binary), or of the predicted class (multiclass)."""
    ground_truth_attribute: str | None = None
    """The label; by default `columns.label`, or ``ground_truth``, as joined rows have it."""
    probability_threshold: float = 0.5
    """A probability above it predicts the positive class, where there is no inference attribute."""
    positive_label: str | None = None
    """The positive class; by default the label that sorts last, so 1 of 0 and 1."""
    constraints: dict[str, MetricLimit] = Field(default_factory=dict)
    """Limits instead of those that the baseline suggests, by metric: ``{auc: {at_least: 0.8}}``."""
    segments: tuple[str, ...] = ()
    """Columns whose values split the rows; each part is measured, too."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """A metric that rests on fewer rows (precision: on fewer predicted positives) is not evaluated."""

    @model_validator(mode="after")
    def _has_prediction(self) -> Self:
        if self.inference_attribute is None and (
            self.problem_type is not ProblemType.BINARY or self.probability_attribute is None
        ):
            what = "inference_attribute or probability_attribute" if self._is_binary else "inference_attribute"
            raise ValueError(f"{self.problem_type} needs {what}: the column that holds the prediction")
        if self.problem_type is ProblemType.REGRESSION and self.probability_attribute is not None:
            raise ValueError("Regression has no probability; remove probability_attribute")
        return self

    @property
    def _is_binary(self) -> bool:
        return self.problem_type is ProblemType.BINARY
