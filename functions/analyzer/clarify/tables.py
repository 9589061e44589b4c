"""What every reader of a Clarify data set returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from functions.analyzer.clarify.config import NameOrIndex
from monitoring_core.dataset.batch import Batch


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Batches, and the columns that have a role in them.

    Attributes
    ----------
    features : tuple of str
        Empty: all columns without another role.
    """

    batches: Sequence[Batch]
    label: NameOrIndex | None = None
    predicted_label: NameOrIndex | None = None
    probability: NameOrIndex | None = None
    features: tuple[str, ...] = ()
