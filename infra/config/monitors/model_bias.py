"""Monitor of kind `model-bias`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from infra.config.base import Location, Name
from infra.config.data import DataSchema
from infra.config.monitors.base import LabelledMonitor
from monitoring_core.spec import MetricLimit
from monitoring_core.spec.model_bias import (
    CategoryValue,
    ColumnSelection,
    MetricName,
    ModelBiasSpec,
)


class ModelBiasMonitor(LabelledMonitor):
    """Bias: labels and predictions of a disadvantaged group against those of the other rows."""

    kind: Literal["model-bias"]
    """What is watched."""
    name: Name = "model-bias"
    """Names the monitor in metrics, alarms and reports; must differ within an endpoint."""
    facets: Annotated[tuple[ColumnSelection, ...], Field(min_length=1)]
    """The disadvantaged group of each facet, e.g. `{ column: carrier, equals: [YV] }` or
    `{ column: age, greater_than: 60 }`; with a column alone, each of its values against the others."""
    positive_labels: tuple[CategoryValue, ...] = (1,)
    """Labels that are the favourable outcome."""
    probability_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """A greater probability is a positive prediction, where `schema.prediction` is left out."""
    group_variable: str | None = None
    """Column that may explain a disparity; CDDL and CDDPL need it."""
    metrics: tuple[MetricName, ...] = ()
    """Metrics to compute and check; empty: all."""
    tolerance: Annotated[float, Field(ge=0)] = 0.05
    """A metric may be so much further from parity than at the baseline."""
    limits: dict[MetricName, MetricLimit] = Field(default_factory=dict)
    """Bounds that replace the comparison with the baseline, e.g. `DI: { at_least: 0.8, at_most: 1.25 }`."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """Nothing is decided when the smaller of the two groups has fewer rows."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""

    def spec(self, schema: DataSchema) -> ModelBiasSpec:
        """Return the analysis alone, as every runtime reads it."""
        return ModelBiasSpec(
            name=self.name,
            columns=schema.labelled,
            label=ColumnSelection(column=schema.label or "", equals=self.positive_labels),
            facets=self.facets,
            predicted_label=schema.prediction,
            probability=None if schema.prediction else schema.probability,
            probability_threshold=self.probability_threshold,
            group_variable=self.group_variable,
            metrics=self.metrics,
            tolerance=self.tolerance,
            limits=self.limits,
            min_rows=self.min_rows,
            segments=self.segments,
        )

    def named_columns(self) -> Iterator[tuple[Location, str]]:
        """Yield the columns that the section names, and where."""
        yield from ((("facets", i, "column"), facet.column) for i, facet in enumerate(self.facets))
        yield from ((("segments", i), name) for i, name in enumerate(self.segments))
        if self.group_variable is not None:
            yield ("group_variable",), self.group_variable
