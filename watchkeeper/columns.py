"""Columns of a data set that are no features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monitoring_core.dataset import Batch


def leave_out(batches: Iterable[Batch], names: Sequence[str]) -> Iterator[Batch]:
    """Leave out columns, such as an id.

    Raises
    ------
    ColumnNotFoundError
        If one does not exist.
    """
    for batch in batches:
        for name in names:
            _ = batch[name]
        yield Batch({name: column for name, column in batch.columns.items() if name not in names})
