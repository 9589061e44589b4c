"""What every specification is made of."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator


class Frozen(BaseModel):
    """Immutable, and no unknown fields; the parser is built when it is needed, as a process reads few kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


class SchemaSpec(Frozen):
    """Names and roles of the columns of one captured row.

    Captured CSV has no header: `outputs` and then `features` name its columns in order
    (output columns come first, contract 1.7).
    """

    outputs: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    label: str | None = None
    """Name that the ground truth gets where it is joined to captured rows, after all other columns."""


class MetricLimit(Frozen):
    """What a metric must be, whatever the baseline was."""

    at_least: FiniteFloat | None = None
    """A smaller value violates."""
    at_most: FiniteFloat | None = None
    """A larger value violates."""

    @model_validator(mode="after")
    def _has_a_side(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both, for example {at_least: 0.8}")
        return self
