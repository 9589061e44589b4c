"""What every specification is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable, and no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SchemaSpec(Frozen):
    """Names and roles of the columns of one captured row.

    Captured CSV has no header: `outputs` and then `features` name its columns in order
    (output columns come first, contract 1.7).
    """

    outputs: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    label: str | None = None
    """Name that the ground truth gets where it is joined to captured rows, after all other columns."""
