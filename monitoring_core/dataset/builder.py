"""BatchBuilder: rows of texts, collected to batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.dataset.quarantine import Quarantine, Reason
from monitoring_core.dataset.types import column_from_texts

BATCH_VALUES: Final = 500_000
"""A batch is complete with about this many values; it bounds memory and fits the processor's cache."""

Texts = Sequence[str | None]


@dataclass(slots=True)
class _Rows:
    values: list[Texts] = field(default_factory=list)
    origins: list[tuple[str, int]] = field(default_factory=list)
    alignment: tuple[object, ...] | None = None


class BatchBuilder:
    """Collects rows; rows with equal column names end in the same batch, in their order.

    Rows with a number that no double can hold go to the quarantine.

    Parameters
    ----------
    quarantine : Quarantine
        Takes those rows.

    Examples
    --------
    >>> builder = BatchBuilder(Quarantine())
    >>> builder.add("a.csv", 1, ("x", "y"), ["1", "2"])
    >>> [batch["y"].numbers.tolist() for batch in builder.flush()]
    [[2.0]]
    """

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._groups: dict[tuple[str, ...], _Rows] = {}
        self._size = 0
        self._accepted: frozenset[tuple[object, ...] | None] = frozenset()

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return self._size >= BATCH_VALUES

    def add(
        self,
        source: str,
        line: int,
        names: tuple[str, ...],
        values: Texts,
        *,
        alignment: tuple[object, ...] | None = None,
    ) -> None:
        """Add one row, which stood in `line` of `source`.

        Rows with an `alignment` (see `Layout`) are kept only if the first batches hold none without,
        and then only those with the alignment that most of them have.
        """
        rows = self._groups.get(names)
        if rows is None:
            rows = self._groups[names] = _Rows(alignment=alignment)
        rows.values.append(values)
        rows.origins.append((source, line))
        self._size += len(values)

    def flush(self) -> Iterator[Batch]:
        """Yield the collected rows as batches and begin anew."""
        groups, self._groups, self._size = self._groups, {}, 0
        if groups and not self._accepted:
            self._accepted = frozenset({None, _most_common_alignment(groups.values())})
        for names, rows in groups.items():
            if rows.alignment not in self._accepted:
                self._set_aside(rows, len(names))
                continue
            batch = self._build(names, rows)
            if len(batch):
                yield batch

    def _set_aside(self, rows: _Rows, width: int) -> None:
        for (source, line), values in dict(zip(rows.origins, rows.values, strict=True)).items():
            excerpt = ",".join(value or "" for value in values[:50])
            self._quarantine.add(source, line, Reason.COLUMNS_DIFFER, detail=f"it has {width}", excerpt=excerpt)

    def _build(self, names: tuple[str, ...], rows: _Rows) -> Batch:
        columns = map(column_from_texts, zip(*rows.values, strict=True))
        batch = Batch(dict(zip(names, columns, strict=True)))
        return set_aside_infinite(batch, rows.origins.__getitem__, self._quarantine)


def _most_common_alignment(groups: Iterable[_Rows]) -> tuple[object, ...] | None:
    """Return None if any row needs no alignment, else the alignment that most rows have."""
    sizes = Counter[tuple[object, ...] | None]()
    for rows in groups:
        sizes[rows.alignment] += len(rows.values)
    return None if None in sizes else sizes.most_common(1)[0][0]


def set_aside_infinite(batch: Batch, origin: Callable[[int], tuple[str, int]], quarantine: Quarantine) -> Batch:
    """Return `batch` without the rows that hold an infinite number; a record counts once.

    Parameters
    ----------
    batch : Batch
        What was read.
    origin : callable
        Gives source and line of a row.
    quarantine : Quarantine
        Takes the rows.
    """
    infinite = np.zeros(len(batch), dtype=bool)
    for column in batch.columns.values():
        infinite |= np.isinf(column.numbers)
    if not infinite.any():
        return batch
    for source, line in dict.fromkeys(origin(int(row)) for row in np.flatnonzero(infinite)):
        quarantine.add(source, line, Reason.NUMBER_OUT_OF_RANGE)
    return Batch({name: _kept(column, ~infinite) for name, column in batch.columns.items()})


def _kept(column: Column, mask: NDArray[np.bool_]) -> Column:
    texts = None if column.texts is None else column.texts[mask]
    return Column(column.codes[mask], column.numbers[mask], texts)
