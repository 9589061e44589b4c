"""A monitor from outside: any Python object that follows the monitor protocol."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from monitoring_core.spec.base import Frozen, SchemaSpec


class CustomSpec(Frozen):
    """A monitor that a function of your own makes."""

    kind: Literal["custom"] = "custom"
    name: str
    columns: SchemaSpec = SchemaSpec()
    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    """``package.module:function``; the function returns the monitor."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Keyword arguments of the function."""
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
