"""BatchBuilder: rows of texts, collected to batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.dataset.quarantine import Quarantine, Reason
from monitoring_core.dataset.types import column_from_texts, columns_from_rows

BATCH_VALUES: Final = 500_000
"""A batch is complete with about this many values; it bounds memory and fits the processor's cache."""

Texts = Sequence[str | None]

_Origin = tuple[str, int]
"""Source and line of a record."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """Rows as CSV without quotes, and further columns beside them.

    Attributes
    ----------
    text : str
        One row per line; the last has no line end.
    width : int
        Values in every line.
    more : tuple of sequence of (str or None)
        Texts of each further column.
    """

    text: str
    width: int
    more: tuple[Texts, ...] = ()

    def rows(self) -> list[Texts]:
        """Return the texts of every row."""
        lines = self.text.split("\n")
        return [[*line.split(","), *[texts[row] for texts in self.more]] for row, line in enumerate(lines)]


class _Part(NamedTuple):
    """Rows that came together, and the lines of `source` in which they stood."""

    source: str
    lines: Sequence[int]
    content: list[Texts] | PlainText

    def rows(self) -> list[Texts]:
        return self.content.rows() if isinstance(self.content, PlainText) else self.content


@dataclass(slots=True)
class _Group:
    """Rows of equal column names."""

    alignment: tuple[object, ...] | None
    parts: list[_Part] = field(default_factory=list)
    tail: tuple[str, list[int], list[Texts]] | None = None
    """The last part, while single rows are added to it."""

    def __len__(self) -> int:
        return sum(len(part.lines) for part in self.parts)

    def add(self, source: str, line: int, values: Texts) -> None:
        if self.tail is None or self.tail[0] != source:
            self.tail = (source, [], [])
            self.parts.append(_Part(*self.tail))
        _, lines, rows = self.tail
        lines.append(line)
        rows.append(values)

    def add_plain(self, source: str, lines: Sequence[int], rows: PlainText) -> None:
        self.tail = None
        self.parts.append(_Part(source, lines, rows))

    def rows(self) -> list[Texts]:
        return [row for part in self.parts for row in part.rows()]

    def origins(self) -> list[_Origin]:
        return [(part.source, line) for part in self.parts for line in part.lines]

    def columns(self) -> list[Column]:
        plain = [part.content for part in self.parts if isinstance(part.content, PlainText)]
        if len(plain) < len(self.parts):
            return [column_from_texts(texts) for texts in zip(*self.rows(), strict=True)]
        more = [list(chain.from_iterable(texts)) for texts in zip(*[each.more for each in plain], strict=True)]
        text = "\n".join([each.text for each in plain])
        return [*columns_from_rows(text, plain[0].width), *map(column_from_texts, more)]


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
        self._groups: dict[tuple[str, ...], _Group] = {}
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
        self._group(names, alignment).add(source, line, values)
        self._size += len(values)

    def add_plain(
        self,
        source: str,
        lines: Sequence[int],
        names: tuple[str, ...],
        rows: PlainText,
        *,
        alignment: tuple[object, ...] | None = None,
    ) -> None:
        """Add many rows, which stood in `lines` of `source`, as one; they become what `add` makes of each."""
        self._group(names, alignment).add_plain(source, lines, rows)
        self._size += len(names) * len(lines)

    def _group(self, names: tuple[str, ...], alignment: tuple[object, ...] | None) -> _Group:
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = _Group(alignment)
        return group

    def flush(self) -> Iterator[Batch]:
        """Yield the collected rows as batches and begin anew."""
        groups, self._groups, self._size = self._groups, {}, 0
        if groups and not self._accepted:
            self._accepted = frozenset({None, _most_common_alignment(groups.values())})
        aside: set[_Origin] = set()
        for names, group in groups.items():
            if group.alignment not in self._accepted:
                self._set_aside(group, len(names), aside)
                continue
            batch = Batch(dict(zip(names, group.columns(), strict=True)))
            batch = set_aside_infinite(batch, group.origins, self._quarantine, aside)
            if len(batch):
                yield batch

    def _set_aside(self, group: _Group, width: int, aside: set[_Origin]) -> None:
        for origin, values in zip(group.origins(), group.rows(), strict=True):
            if origin not in aside:
                aside.add(origin)
                excerpt = ",".join(value or "" for value in values[:50])
                self._quarantine.add(*origin, Reason.COLUMNS_DIFFER, detail=f"it has {width}", excerpt=excerpt)


def _most_common_alignment(groups: Iterable[_Group]) -> tuple[object, ...] | None:
    """Return None if any row needs no alignment, else the alignment that most rows have."""
    sizes = Counter[tuple[object, ...] | None]()
    for group in groups:
        sizes[group.alignment] += len(group)
    return None if None in sizes else sizes.most_common(1)[0][0]


def set_aside_infinite(
    batch: Batch, origins: Callable[[], Sequence[_Origin]], quarantine: Quarantine, aside: set[_Origin] | None = None
) -> Batch:
    """Return `batch` without the rows that hold an infinite number; a record counts once.

    Parameters
    ----------
    batch : Batch
        What was read.
    origins : callable
        Gives source and line of every row.
    quarantine : Quarantine
        Takes the rows.
    aside : set, optional
        Origins of rows that are in the quarantine; those of further rows are added.
    """
    infinite = np.zeros(len(batch), dtype=bool)
    for column in batch.columns.values():
        infinite |= np.isinf(column.numbers)
    if not infinite.any():
        return batch
    aside = set() if aside is None else aside
    places = origins()
    for row in np.flatnonzero(infinite):
        place = places[int(row)]
        if place not in aside:
            aside.add(place)
            quarantine.add(*place, Reason.NUMBER_OUT_OF_RANGE)
    return Batch({name: _kept(column, ~infinite) for name, column in batch.columns.items()})


def _kept(column: Column, mask: NDArray[np.bool_]) -> Column:
    texts = None if column.texts is None else column.texts[mask]
    return Column(column.codes[mask], column.numbers[mask], texts)
