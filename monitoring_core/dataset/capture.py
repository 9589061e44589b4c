"""Data capture: what an endpoint was asked and what it answered, as batches or as events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture_record import AlignedEvent, RecordReader, Records, align_each, read_records
from monitoring_core.dataset.collector import RowCollector, variant_of
from monitoring_core.dataset.layout import LayoutBook, join_sides
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window


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
    *,
    with_variant: bool = False,
    reader: RecordReader = read_records,
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
    with_variant : bool
        Whether rows get the column ``variant``, from the key of their object, after all others.
    reader : callable
        Reads the records of an object.

    Yields
    ------
    Batch
        Rows of equal column names, in order. Rows with more or fewer values than `columns` has names
        go to the quarantine, unless all rows are so: then the data has other columns, and they are read.
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    collector = RowCollector(columns or SchemaSpec(), quarantine, with_variant=with_variant)
    for source, records in read_placed(sources, window, quarantine, neighbours, reader):
        yield from collector.add(source, records)
    yield from collector.flush()


def read_placed(
    sources: Iterable[Source],
    window: Window | None,
    quarantine: Quarantine,
    neighbours: Iterable[Source] = (),
    reader: RecordReader = read_records,
) -> Iterator[tuple[Source, Records]]:
    """Yield the records of a window, a block at a time, with their source; parameters are those of `read_capture`."""
    own, others = ((source, quarantine) for source in sources), ((source, Quarantine()) for source in neighbours)
    for source, unplaced in chain(own, others):
        for records in reader(source, window, quarantine, unplaced):
            yield source, records


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
        variant = variant_of(source.name)
        for records in read_records(source, window, quarantine, quarantine):
            for event in align_each(records, source, quarantine):
                yield _captured(event, book, variant)


def _captured(event: AlignedEvent, book: LayoutBook, variant: str) -> CapturedEvent:
    inputs, outputs = [], []
    for output, request in zip(event.outputs, event.inputs, strict=True):
        layout = book.find(output, request)
        texts = dict(zip(layout.names, layout.arrange(join_sides(output, request)), strict=True))
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
