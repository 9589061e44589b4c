"""Sampling: what is observed of a window whose rows are explained at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from monitoring_core.dataset.batch import Batch
from monitoring_core.explain.encode import encode, unreadable
from monitoring_core.explain.row_hashes import row_hashes
from monitoring_core.monitors.model_explainability.sample import BoundedRows
from monitoring_core.stats.row_hashes import column_hashes

_UNREADABLE: Final = np.uint64(0xD1B54A32D192ED03)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Keeps a bounded choice of rows; those that cannot be read may be among them, to be counted.

    Attributes
    ----------
    features : tuple of str
        Columns in the order of the model's input; other columns are not kept, so do not make rows different.
    also : tuple of str
        Columns that slice the rows.
    levels : mapping of column index to texts
        Codes of texts, from the model file.
    size : int or None
        Rows that are to be explained; None: all.
    """

    name: str
    features: tuple[str, ...]
    also: tuple[str, ...] = ()
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    size: int | None = None

    def empty(self, reference: BoundedRows | None = None, /) -> BoundedRows:  # noqa: ARG002
        """Return the state of no rows."""
        return BoundedRows(self.size)

    def observe(self, batch: Batch, reference: BoundedRows | None = None, /) -> BoundedRows:  # noqa: ARG002
        """Choose of the rows of one batch.

        Raises
        ------
        ColumnNotFoundError
            If a column is not in the data.
        """
        if not len(batch):
            return self.empty()
        kept = Batch({name: batch[name] for name in dict.fromkeys((*self.features, *self.also))})
        hashes = row_hashes(encode(kept, self.features, self.levels))
        hashes[unreadable(kept, self.features, self.levels)] += _UNREADABLE
        for name in self.also:
            hashes = (hashes + column_hashes(kept[name])) * _MIX
        return BoundedRows.of(self.size, kept, hashes)
