"""Data capture: what an endpoint was asked and what it answered, as batches or as events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.builder import BatchBuilder
from monitoring_core.dataset.capture_record import AlignedEvent, PlainRows, align_each, read_records, split_plain
from monitoring_core.dataset.json_rows import Row
from monitoring_core.dataset.layout import LayoutBook
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

_VARIANT = re.compile(r"(?:^|/)([^/]+)/\d{4}/\d{2}/\d{2}/\d{2}/[^/]+$")


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """One call of an endpoint, with its rows.

    Attributes
    ----------
    event_id : str
        Given by the service.
    inference_id : str or None
        Given by the caller.
    time : datetime or None
        When it was answered, UTC.
    variant : str
        From the object's key; empty if that does not follow Amazon's layout.
    input_rows, output_rows : tuple of mapping
        Column name to text, None where missing; one pair per row of the request.
    custom_attributes : tuple of str
        Sent along by the caller.
    """

    event_id: str
    inference_id: str | None
    time: datetime | None
    variant: str
    input_rows: tuple[Mapping[str, str | None], ...]
    output_rows: tuple[Mapping[str, str | None], ...]
    custom_attributes: tuple[str, ...]

    @property
    def join_id(self) -> str:
        """The id that ground truth refers to: the caller's, else the service's (contract 2.2)."""
        return self.inference_id or self.event_id


def read_capture(
    sources: Iterable[Source],
    columns: SchemaSpec | None = None,
    window: Window | None = None,
    quarantine: Quarantine | None = None,
    neighbours: Iterable[Source] = (),
) -> Iterator[Batch]:
    """Read captured events as rows, output columns first.

    Every encoding is read, each side on its own; a request with several rows gives as many rows.

    Parameters
    ----------
    sources : iterable of Source
        JSON Lines objects as data capture writes them, plain or gzip.
    columns : SchemaSpec, optional
        Names of the columns; without it they are ``_c0``, ``_c1`` ... or paths of JSON leaves.
    window : Window, optional
        Keeps events with ``inferenceTime`` in it; the others are counted in `quarantine.out_of_window`.
    quarantine : Quarantine, optional
        Takes every record that cannot be read; its good neighbours are not affected.
    neighbours : iterable of Source
        Objects that were begun in another window and may hold records of this one. Of their bad records
        those whose own time cannot be read are left to that other window, so that each counts once.

    Yields
    ------
    Batch
        Rows of equal column names, in order. Rows with more or fewer values than `columns` has names
        go to the quarantine, unless all rows are so: then the data has other columns, and they are read.
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    own, others = ((source, quarantine) for source in sources), ((source, Quarantine()) for source in neighbours)
    book, builder = LayoutBook(columns or SchemaSpec()), BatchBuilder(quarantine)
    for source, unplaced in chain(own, others):
        for records in read_records(source, window, quarantine, unplaced):
            plain = split_plain(records)
            if plain is not None:
                _add_plain(builder, book, source, plain)
            else:
                for event in align_each(records, source, quarantine):
                    yield from _add_event(builder, book, source, event)
            if builder.full:
                yield from builder.flush()
    yield from builder.flush()


def _add_plain(builder: BatchBuilder, book: LayoutBook, source: Source, plain: PlainRows) -> None:
    first = plain.values[0]
    layout = book.find(Row(first[: plain.output_width]), Row(first[plain.output_width :]))
    for line, values in zip(plain.lines, plain.values, strict=True):
        builder.add(source.name, line, layout.names, layout.arrange(values), alignment=layout.alignment)


def _add_event(builder: BatchBuilder, book: LayoutBook, source: Source, event: AlignedEvent) -> Iterator[Batch]:
    """Add the rows of one event; one with very many rows makes batches of its own."""
    for output, request in zip(event.outputs, event.inputs, strict=True):
        layout = book.find(output, request)
        values = layout.arrange(_joined(output, request))
        builder.add(source.name, event.line, layout.names, values, alignment=layout.alignment)
        if builder.full:
            yield from builder.flush()


def read_events(
    sources: Iterable[Source],
    columns: SchemaSpec | None = None,
    window: Window | None = None,
    quarantine: Quarantine | None = None,
) -> Iterator[CapturedEvent]:
    """Read captured events one by one, with their identity, to join labels to them.

    Parameters are those of `read_capture`.

    Yields
    ------
    CapturedEvent
        In order; events that were captured twice come twice.
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    book = LayoutBook(columns or SchemaSpec())
    for source in sources:
        match = _VARIANT.search(source.name)
        variant = match[1] if match else ""
        for records in read_records(source, window, quarantine, quarantine):
            for event in align_each(records, source, quarantine):
                yield _captured(event, book, variant)


def _captured(event: AlignedEvent, book: LayoutBook, variant: str) -> CapturedEvent:
    inputs, outputs = [], []
    for output, request in zip(event.outputs, event.inputs, strict=True):
        layout = book.find(output, request)
        texts = dict(zip(layout.names, layout.arrange(_joined(output, request)), strict=True))
        answered = book.output_names(layout, output)
        outputs.append({name: text or None for name, text in texts.items() if name in answered})
        inputs.append({name: text or None for name, text in texts.items() if name not in answered})
    metadata = event.record.event_metadata
    return CapturedEvent(
        event_id=metadata.event_id,
        inference_id=metadata.inference_id,
        time=metadata.inference_time,
        variant=variant,
        input_rows=tuple(inputs),
        output_rows=tuple(outputs),
        custom_attributes=metadata.custom_attributes,
    )


def _joined(output: Row | None, request: Row | None) -> list[str | None]:
    return [*(output.values if output else ()), *(request.values if request else ())]
