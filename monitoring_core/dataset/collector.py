"""RowCollector: captured events to batches, with columns that come from beside the event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.builder import BatchBuilder, PlainText
from monitoring_core.dataset.capture_record import (
    AlignedEvent,
    CaptureRecord,
    Records,
    align,
    join_plain,
    set_aside,
)
from monitoring_core.dataset.json_rows import Row
from monitoring_core.dataset.layout import Layout, LayoutBook, join_sides
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError
from monitoring_core.spec import SchemaSpec

VARIANT = "variant"
"""Name of the column that says which variant answered."""

Labels = tuple[str | None, ...]
"""One label per row of an event; None is missing."""

_VARIANT = re.compile(r"(?:^|/)([^/]+)/\d{4}/\d{2}/\d{2}/\d{2}/[^/]+$")


def variant_of(name: str) -> str:
    """Return the variant in the key of a capture object; empty if it does not follow Amazon's layout.

    Examples
    --------
    >>> variant_of("capture/flights/AllTraffic/2013/04/01/12/07-21-267-ca5fa9e7.jsonl")
    'AllTraffic'
    """
    match = _VARIANT.search(name)
    return match[1] if match else ""


class RowCollector:
    """Collects the rows of captured events: outputs, features, then variant and label if asked for.

    Parameters
    ----------
    columns : SchemaSpec
        Names of the columns of a captured row.
    quarantine : Quarantine
        Takes events whose rows cannot be read, or whose labels are not as many as their rows.
    label : str, optional
        Name of the label's column, which is the last; without it events have no labels.
    with_variant : bool
        Whether rows get the column `VARIANT`.
    """

    def __init__(
        self, columns: SchemaSpec, quarantine: Quarantine, *, label: str | None = None, with_variant: bool = False
    ) -> None:
        self._columns, self._quarantine, self._with_variant = columns, quarantine, with_variant
        self._book, self._builder = LayoutBook(columns), BatchBuilder(quarantine)
        self._more = ((VARIANT,) if with_variant else ()) + ((label,) if label else ())

    def add(self, source: Source, records: Records, labels: Sequence[Labels] | None = None) -> Iterator[Batch]:
        """Add records, with the labels of each; yield what has become full batches.

        Raises
        ------
        DataError
            If a captured column already has the name of the label or the variant.
        """
        start = (variant_of(source.name),) if self._with_variant else ()
        plain = join_plain(records) if labels is None or all(len(each) == 1 for each in labels) else None
        layout = None if plain is None else self._book.find(_shaped(plain.output_width), _shaped(plain.input_width))
        if plain is not None and layout is not None and layout.in_order:
            more: list[Labels] = [(value,) * len(records) for value in start]
            if labels is not None:
                more.append(tuple([label for (label,) in labels]))
            rows = PlainText(plain.text, plain.output_width + plain.input_width, tuple(more))
            self._builder.add_plain(source.name, records.lines, self._names(layout), rows, alignment=layout.alignment)
        else:
            yield from self._add_each(source, records, start, labels)
        if self._builder.full:
            yield from self._builder.flush()

    def flush(self) -> Iterator[Batch]:
        """Yield the rest."""
        yield from self._builder.flush()

    def _add_each(
        self, source: Source, records: Records, start: Labels, labels: Sequence[Labels] | None
    ) -> Iterator[Batch]:
        each = [None] * len(records) if labels is None else labels
        for (line, record), known in zip(records, each, strict=True):
            try:
                event, ends = self._align(line, record, known)
            except UnreadableRecordError as error:
                set_aside(line, record, source, self._quarantine, error)
            else:
                yield from self._add_event(source, event, start, ends)

    def _align(self, line: int, record: CaptureRecord, labels: Labels | None) -> tuple[AlignedEvent, Sequence[Labels]]:
        """Return the rows of an event, and what each has at its end."""
        n_labels = None if labels is None else len(labels)
        event = align(line, record, n_outputs=len(self._columns.outputs), n_rows=n_labels)
        n_rows = len(event.outputs)
        if labels is None:
            return event, [()] * n_rows
        if n_labels != n_rows:
            raise UnreadableRecordError(Reason.LABELS_DIFFER, f"{n_rows} rows, {n_labels} labels")
        return event, [(label,) for label in labels]

    def _add_event(self, source: Source, event: AlignedEvent, start: Labels, ends: Sequence[Labels]) -> Iterator[Batch]:
        """Add the rows of one event; one with very many rows makes batches of its own."""
        for output, request, end in zip(event.outputs, event.inputs, ends, strict=True):
            layout = self._book.find(output, request)
            row = [*layout.arrange(join_sides(output, request)), *start, *end]
            self._builder.add(source.name, event.line, self._names(layout), row, alignment=layout.alignment)
            if self._builder.full:
                yield from self._builder.flush()

    def _names(self, layout: Layout) -> tuple[str, ...]:
        for name in self._more:
            if name in layout.names:
                raise DataError(
                    f"a captured row already has a column {name!r}; name the captured columns in the schema, "
                    "or the label otherwise"
                )
        return layout.names + self._more


def _shaped(width: int) -> Row:
    """Return a row of so many values, for the sake of its shape."""
    return Row(("",) * width)
