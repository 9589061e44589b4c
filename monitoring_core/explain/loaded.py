"""What an artifact holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring_core.explain.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model, and how it wants its texts.

    Attributes
    ----------
    levels : mapping of column index to tuple of str
        Texts of the category codes 0, 1, 2 ...; a text column without an entry cannot be encoded.
    """

    model: Model
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
