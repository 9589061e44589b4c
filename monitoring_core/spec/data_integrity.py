"""Data integrity: whether the rows can be trusted at all."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from monitoring_core.spec.base import Frozen, SchemaSpec
from monitoring_core.spec.rule import parse_rule

Share = Annotated[float, Field(ge=0, le=1)]


class ConsistencyRule(Frozen):
    """Something that must hold in every row."""

    name: str
    """What the rule is called in reports."""
    holds: str
    """An expression such as ``departure <= arrival``; rows that lack one of its columns are not judged."""
    max_share: Share = 0.0
    """Share of the judged rows that may break it."""

    @field_validator("holds")
    @classmethod
    def _parses(cls, text: str) -> str:
        parse_rule(text)
        return text


class Freshness(Frozen):
    """How old the data may be."""

    column: str
    """Times: ISO 8601 (without a zone: UTC) or seconds since 1970."""
    relative_to: str | None = None
    """Column of times at which the row was used; without it, the age of the newest row at the window's end counts."""
    max_age_seconds: Annotated[float, Field(gt=0)]
    """Older data violates."""


class Volume(Frozen):
    """How many rows a window has."""

    at_least: Annotated[int, Field(ge=0)] | None = None
    """Fewer rows violate."""
    at_most: Annotated[int, Field(ge=0)] | None = None
    """More rows violate."""


class TransformationSkew(Frozen):
    """A feature as it was served, and as the training transformation computes it from the same row."""

    served: str
    """Column as the model got it."""
    trained: str
    """Column as training would have it."""
    tolerance: Annotated[float, Field(ge=0)] = 1e-6
    """Relative difference (absolute below 1) that is still equal."""
    max_share: Share = 0.0
    """Share of the rows that may differ."""


class DataIntegritySpec(Frozen):
    """Schema, missing values, types, ranges, outliers, categories, duplicates, rules, freshness, volume and more."""

    kind: Literal["data-integrity"] = "data-integrity"
    name: str = "data-integrity"
    columns: SchemaSpec = SchemaSpec()
    """Its outputs and features are watched; without any, all columns of the data."""
    tolerance: Share = 0.01
    """Increase of a share of bad values over the baseline's that does not matter."""
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.001
    """Chance of a false alarm of one run when nothing has changed, over all checks that compare with the baseline."""
    min_rows: Annotated[int, Field(ge=1)] = 30
    """Comparisons with the baseline are not made on fewer rows."""
    rules: tuple[ConsistencyRule, ...] = ()
    """What must hold between the columns of a row."""
    unique: tuple[str, ...] = ()
    """Columns that together must not repeat. Without it, the share of equal rows must not rise."""
    freshness: Freshness | None = None
    """How old the data may be."""
    volume: Volume | None = None
    """How many rows a window must have."""
    checksum: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """Checksum that the rows must have, in any order; ``statistics.json`` of every run states it."""
    max_imbalance: dict[str, Share] = Field(default_factory=dict)
    """By column: how unequal its categories may be (0: all equally frequent, 1: one has all rows)."""
    max_correlation_shift: Annotated[float, Field(gt=0, le=2)] = 0.3
    """Largest change of the correlation of two numeric columns."""
    skew: tuple[TransformationSkew, ...] = ()
    """Pairs of columns that training and serving compute, and that must be equal."""
    transformation: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """``package.module:function`` of the training transformation: takes a batch, returns the columns it computes.
    Each is compared with the served column of the same name."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""

    @model_validator(mode="after")
    def _names_differ(self) -> DataIntegritySpec:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError(f"each rule needs a name of its own, got {', '.join(names)}")
        return self
