"""Text drift: statistics of text columns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitoring_core.spec.base import Frozen, SchemaSpec
from monitoring_core.spec.drift_rule import DriftRule


class TextSpec(Frozen):
    """Length, words, unknown words, characters that cannot be printed, and script of text columns."""

    kind: Literal["text"] = "text"
    name: str = "text"
    columns: SchemaSpec = SchemaSpec()
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    """The columns that hold free text."""
    drift: DriftRule = DriftRule()
    max_unknown_increase: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Words that the baseline never had may exceed their expected share by so much."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
