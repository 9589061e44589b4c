"""Model bias: which groups are compared, what counts as positive, and how a change is decided."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from monitoring_core.spec.base import Frozen, MetricLimit, SchemaSpec

CategoryValue = StrictBool | StrictInt | StrictFloat | StrictStr
"""A value of a category; ``1``, ``1.0`` and ``"1"`` are the same, and so are ``true`` and ``1``."""

MetricName = Literal[
    "CDDL",
    "CI",
    "DPL",
    "JS",
    "KL",
    "KS",
    "LP",
    "TVD",
    "AD",
    "CDDPL",
    "DAR",
    "DCA",
    "DCR",
    "DI",
    "DPPL",
    "DRR",
    "FT",
    "GE",
    "RD",
    "SD",
    "TE",
    "average_odds_difference",
    "equal_opportunity_difference",
    "equalized_odds_difference",
]
"""Clarify's metrics before and after training, and three of ours."""


class ColumnSelection(Frozen):
    """Rows chosen by one column: by its value, or by a threshold."""

    column: str
    """The column."""
    equals: tuple[CategoryValue, ...] = ()
    """The column has one of these values."""
    greater_than: FiniteFloat | None = None
    """The column is greater than this number."""
    value_or_threshold: tuple[CategoryValue, ...] = ()
    """Clarify's form, whose meaning depends on the data: several values are values; a single number is a threshold
    where the column holds fractions, or more than ten different integers that are at least 5 % of its values.
    Prefer the other two."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [bool(self.equals), self.greater_than is not None, bool(self.value_or_threshold)]
        if sum(given) > 1:
            raise ValueError(
                f"column {self.column!r} has more than one of equals, greater_than and value_or_threshold; give one"
            )
        return self

    @property
    def is_every_value(self) -> bool:
        """Whether nothing is chosen: each value is a group of its own."""
        return not self.equals and self.greater_than is None and not self.value_or_threshold


class ModelBiasSpec(Frozen):
    """Bias of labels and predictions between a disadvantaged group and the other rows."""

    kind: Literal["model-bias"] = "model-bias"
    name: str = "model-bias"
    columns: SchemaSpec = SchemaSpec()
    label: ColumnSelection
    """Observed label, and what is positive."""
    facets: Annotated[tuple[ColumnSelection, ...], Field(min_length=1)]
    """The disadvantaged group of each facet; with a column alone, each of its values against the others."""
    predicted_label: str | None = None
    """Column of the predicted label, whose positive values are those of `label`."""
    probability: str | None = None
    """Column of the predicted probability of the positive label, instead of `predicted_label`."""
    probability_threshold: FiniteFloat = 0.5
    """A greater probability is a positive prediction."""
    group_variable: str | None = None
    """Column that may explain a disparity; CDDL and CDDPL need it."""
    metrics: tuple[MetricName, ...] = ()
    """Metrics to compute and check; empty: all."""
    tolerance: Annotated[FiniteFloat, Field(ge=0)] = 0.05
    """A metric may be so much further from parity than at the baseline, or beyond parity on the other side. DI is
    compared by its logarithm."""
    confidence: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.99
    """Level of the intervals; a metric violates when its whole interval does."""
    limits: dict[MetricName, MetricLimit] = Field(default_factory=dict)
    """Bounds that replace the comparison with the baseline."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """Nothing is decided when the smaller of the two groups has fewer rows."""
    flip_test_rows: Annotated[int, Field(ge=0)] | None = 2_000
    """Different rows kept for the flip test, chosen by their content; 0: no flip test, null: all rows."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.label.is_every_value:
            raise ValueError("label: say which values are positive: equals, or greater_than")
        if self.predicted_label is not None and self.probability is not None:
            raise ValueError("predicted_label and probability are both given; give the one that decides")
        return self

    @property
    def has_predictions(self) -> bool:
        """Whether metrics after training can be computed."""
        return self.predicted_label is not None or self.probability is not None
