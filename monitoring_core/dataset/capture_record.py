"""Capture records: one line of data capture, decoded and aligned row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from monitoring_core.dataset.joined_rows import split_joined
from monitoring_core.dataset.json_rows import MAX_COLUMNS, Row
from monitoring_core.dataset.lines import Numbered, RecordFormat
from monitoring_core.dataset.payload import MAX_PAYLOAD_BYTES, Payload, decode
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.window import Window

# gc=False below: records hold no cycles, and a collector that walks a window's records costs an eighth of its reading.
Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""


class CaptureData(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The modes that are switched on; a batch transform has one body, with its input beside its answer."""

    endpoint_input: Payload | None = None
    endpoint_output: Payload | None = None
    batch_transform_output: Payload | None = None


class EventMetadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Identity of an event."""

    event_id: str
    inference_id: str | None = None
    inference_time: Time | None = None
    custom_attributes: tuple[str, ...] = ()

    @property
    def join_id(self) -> str:
        """The id that ground truth refers to: the caller's, else the service's (contract 2.2)."""
        return self.inference_id or self.event_id


class CaptureRecord(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One line of data capture (contract 1.3), or of a merge job, which adds the label (contract 2.3)."""

    capture_data: CaptureData
    event_metadata: EventMetadata
    ground_truth_data: Payload | None = None
    event_version: Any = None


def _count_quotes(records: Sequence[CaptureRecord]) -> int:
    """Count two quotes for each key and each text of some records."""
    captured, metadata = [each.capture_data for each in records], [each.event_metadata for each in records]
    payloads = [side for data in captured if (side := data.endpoint_input) is not None]
    payloads += [side for data in captured if (side := data.endpoint_output) is not None]
    payloads += [body for data in captured if (body := data.batch_transform_output) is not None]
    payloads += [label for each in records if (label := each.ground_truth_data) is not None]
    pairs = sum([payload.content_type is not None for payload in payloads])
    pairs += sum([payload.mode is not None for payload in payloads])
    pairs += sum([event.inference_id is not None for event in metadata])
    pairs += sum([event.inference_time is not None for event in metadata])
    pairs += sum([each.event_version is not None for each in records])
    attributes = sum([1 + len(event.custom_attributes) for event in metadata if event.custom_attributes])
    return 8 * len(records) + 10 * len(payloads) + 4 * pairs + 2 * attributes


FORMAT = RecordFormat(msgspec.json.Decoder(CaptureRecord), Reason.NOT_A_CAPTURE_RECORD, _count_quotes)

Records = Numbered[CaptureRecord]

RecordReader = Callable[[Source, Window | None, Quarantine, Quarantine], Iterator[Records]]
"""Reads one object's records of a window; the quarantines take bad records, and those that have no time."""


class AlignedEvent(NamedTuple):
    """A record with one answer row for each row of its request; a side that was not captured is None."""

    line: int
    record: CaptureRecord
    outputs: Sequence[Row | None]
    inputs: Sequence[Row | None]


class PlainRows(NamedTuple):
    """Events of one CSV row each, without quotes and all of the same widths; one line of text for each."""

    output_width: int
    input_width: int
    text: str


def read_records(
    source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[Records]:
    """Yield the good records of the window, a block at a time; those without a time go to `unplaced`."""
    for records in FORMAT.read(source, unplaced):
        yield records if window is None else keep_inside(records, window, source, quarantine, unplaced)


def keep_inside(
    records: Records, window: Window, source: Source, quarantine: Quarantine, unplaced: Quarantine
) -> Records:
    """Return the records whose time lies in the window; those without a time go to `unplaced`."""
    times = [time for record in records.records if (time := record.event_metadata.inference_time) is not None]
    if times and len(times) == len(records) and window.start <= min(times) and max(times) < window.end:
        return records
    return Numbered.of(_inside(records, window, source, quarantine, unplaced))


def _inside(
    records: Records, window: Window, source: Source, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[tuple[int, CaptureRecord]]:
    start, end = window.start, window.end
    for line, record in records:
        time = record.event_metadata.inference_time
        if time is None:
            unplaced.add(source.name, line, Reason.NO_TIME, excerpt=excerpt(record))
        elif start <= time < end:
            yield line, record
        else:
            quarantine.out_of_window += 1


def align_each(records: Records, source: Source, quarantine: Quarantine) -> Iterator[AlignedEvent]:
    """Decode both sides of each record and pair their rows; what cannot be read goes to the quarantine."""
    for line, record in records:
        try:
            yield align(line, record)
        except UnreadableRecordError as error:
            set_aside(line, record, source, quarantine, error)


def set_aside(
    line: int, record: CaptureRecord, source: Source, quarantine: Quarantine, error: UnreadableRecordError
) -> None:
    """Put a record that was decoded, but whose rows cannot be read, into the quarantine."""
    quarantine.add(source.name, line, error.reason, detail=error.detail, excerpt=excerpt(record))


def align(line: int, record: CaptureRecord, *, n_outputs: int = 0, n_rows: int | None = None) -> AlignedEvent:
    """Decode both sides of a record and pair their rows (contract 1.5).

    Parameters
    ----------
    n_outputs : int
        Columns at the end of a batch transform's CSV rows that are the answer; 0 if it is not known.
    n_rows : int, optional
        Rows that the event has, where its request was not captured but its labels are known.

    Raises
    ------
    UnreadableRecordError
        With the reason.
    """
    data = record.capture_data
    request, output = data.endpoint_input, data.endpoint_output
    if request is not None:
        inputs = decode(request).rows
        answers = decode(output).as_answers_to(len(inputs)) if output else [None] * len(inputs)
        return AlignedEvent(line, record, answers, inputs)
    if output is not None:
        decoded = decode(output)
        outputs = decoded.rows if n_rows is None else decoded.as_answers_to(n_rows)
        return AlignedEvent(line, record, outputs, [None] * len(outputs))
    if data.batch_transform_output is not None:
        return AlignedEvent(line, record, *split_joined(data.batch_transform_output, n_outputs))
    raise UnreadableRecordError(Reason.NOT_A_CAPTURE_RECORD, "neither endpointInput nor endpointOutput")


def join_plain(records: Records) -> PlainRows | None:
    """Join many records at once, if all are the usual kind: one CSV row in, one out, without quotes.

    Anything else is left to `align`, which gives the same rows for these records, only later.
    """
    captured = [record.capture_data for record in records.records]
    outputs, inputs = (
        _texts([data.endpoint_output for data in captured]),
        _texts([data.endpoint_input for data in captured]),
    )
    if not outputs or not inputs:
        return None
    output_widths, input_widths = {text.count(",") for text in outputs}, {text.count(",") for text in inputs}
    text = "\n".join([f"{output},{row}" for output, row in zip(outputs, inputs, strict=True)])
    if len(output_widths) != 1 or len(input_widths) != 1 or text.count("\n") != len(records) - 1:
        return None
    if "" in outputs or "" in inputs or len(text) > MAX_PAYLOAD_BYTES or any(odd in text for odd in '"\r\0'):
        return None
    widths = output_widths.pop() + 1, input_widths.pop() + 1
    return None if max(widths) > MAX_COLUMNS else PlainRows(*widths, text)


def _texts(sides: Sequence[Payload | None]) -> list[str]:
    """Return the bodies if all are CSV, without the end of their last line."""
    texts = [side.data.rstrip("\n") for side in sides if side is not None and side.encoding == "CSV"]
    return texts if len(texts) == len(sides) else []


def excerpt(record: CaptureRecord) -> str:
    """Return the beginning of a record, for the quarantine."""
    data = record.capture_data
    sides = (data.endpoint_input, data.endpoint_output, data.batch_transform_output)
    start = " | ".join(side.data[:90] for side in sides if side)
    return f"{record.event_metadata.event_id}: {start}"
