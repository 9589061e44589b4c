"""Sections `schema`, `baseline` and `ground_truth`: what the data looks like and where it is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from infra.config.base import Duration, S3Prefix, S3Uri, Section, parse_duration
from monitoring_core.spec import SchemaSpec


class DataSchema(Section):
    """Names and roles of the columns."""

    problem: Literal["binary-classification", "multiclass-classification", "regression"] | None = None
    """Kind of model; shown in the model card and handed to retraining."""
    outputs: tuple[str, ...] = ()
    """Columns of the model's answer, in order."""
    features: tuple[str, ...] = ()
    """Columns of the request, in order. Captured CSV has no header: these names are given to it."""
    prediction: str | None = None
    """The column of `outputs` that holds the predicted class or number."""
    probability: str | None = None
    """The column of `outputs` that holds the probability of the positive (several classes: the predicted) class."""
    label: str | None = None
    """Column of the training data that holds the truth; labels that arrive later get this name, too."""

    @property
    def columns(self) -> SchemaSpec:
        """Columns of a captured row."""
        return SchemaSpec(outputs=self.outputs, features=self.features)

    @property
    def labelled(self) -> SchemaSpec:
        """Columns of a captured row that has met its label."""
        return SchemaSpec(outputs=self.outputs, features=self.features, label=self.label)

    @model_validator(mode="after")
    def _roles_are_outputs(self) -> Self:
        for role in ("prediction", "probability"):
            column = getattr(self, role)
            if column is not None and column not in self.outputs:
                allowed = ", ".join(self.outputs) or "none"
                raise ValueError(f"`{role}` must be one of `outputs` ({allowed}), got {column!r}")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        columns = [*self.outputs, *self.features]
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        if repeated:
            raise ValueError(f"`outputs` and `features` must name each column once, got twice: {', '.join(repeated)}")
        return self


class Baseline(Section):
    """What the traffic is compared with."""

    dataset: S3Uri | None = None
    """Training data (CSV with header, JSON Lines or Parquet); the baseline is made from it at deployment."""
    time_column: str | None = None
    """Column of `dataset` with the time of each row; limits are then calibrated on windows of the baseline."""
    statistics: S3Uri | None = None
    """A `statistics.json` that exists already."""
    constraints: S3Uri | None = None
    """The `constraints.json` that belongs to `statistics`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.dataset is None) == (self.statistics is None and self.constraints is None):
            raise ValueError("give either `dataset`, or `statistics` and `constraints`")
        if self.dataset is None and (self.statistics is None or self.constraints is None):
            raise ValueError("`statistics` and `constraints` belong together; give both, or `dataset` alone")
        if self.time_column is not None and self.dataset is None:
            raise ValueError(
                "`time_column` is a column of `dataset`; it has no effect on a baseline that exists already"
            )
        return self


class GroundTruth(Section):
    """Labels that arrive after the predictions: model quality, bias and retraining read them."""

    prefix: S3Prefix | None = None
    """Where labels are uploaded, in Amazon's layout. Left out: `ground-truth/<endpoint>/` in the stack's bucket."""
    lag: Duration = parse_duration("1d")
    """How long after a prediction its label is there, e.g. `26h`."""
    final_after: Duration | None = None
    """How long after a window's end it is run again on the labels that came late, e.g. `7d`. The new revision of its
    report is written beside the first. Left out: it is not run again."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.final_after is not None and self.final_after <= self.lag:
            raise ValueError("`final_after` must be longer than `lag`: the first run waits for `lag` already")
        return self
