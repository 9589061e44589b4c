"""Capture records: one line of data capture, decoded and aligned row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from monitoring_core.dataset.json_rows import MAX_COLUMNS, Row
from monitoring_core.dataset.lines import RecordFormat
from monitoring_core.dataset.payload import MAX_PAYLOAD_BYTES, Payload, decode
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.window import Window

# gc=False below: records hold no cycles, and a collector that walks a window's records costs an eighth of its reading.
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class CaptureData(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The modes that are switched on."""

    endpoint_input: Payload | None = None
    endpoint_output: Payload | None = None


class EventMetadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Identity of an event."""

    event_id: str
    inference_id: str | None = None
    inference_time: _Time | None = None
    custom_attributes: tuple[str, ...] = ()


class CaptureRecord(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One line of data capture (contract 1.3)."""

    capture_data: CaptureData
    event_metadata: EventMetadata


def _count_keys(records: Sequence[CaptureRecord]) -> dict[bytes, int]:
    inputs = [side for record in records if (side := record.capture_data.endpoint_input) is not None]
    outputs = [side for record in records if (side := record.capture_data.endpoint_output) is not None]
    metadata = [record.event_metadata for record in records]
    sides, size = inputs + outputs, len(records)
    return {
        b'"captureData"': size,
        b'"endpointInput"': len(inputs),
        b'"endpointOutput"': len(outputs),
        b'"data"': len(sides),
        b'"encoding"': len(sides),
        b'"observedContentType"': sum([side.content_type is not None for side in sides]),
        b'"eventMetadata"': size,
        b'"eventId"': size,
        b'"inferenceId"': sum([event.inference_id is not None for event in metadata]),
        b'"inferenceTime"': sum([event.inference_time is not None for event in metadata]),
    }


FORMAT = RecordFormat(msgspec.json.Decoder(CaptureRecord), Reason.NOT_A_CAPTURE_RECORD, _count_keys)

Records = list[tuple[int, CaptureRecord]]
"""Records with the lines they stand in."""


class AlignedEvent(NamedTuple):
    """A record with one answer row for each row of its request; a side that was not captured is None."""

    line: int
    record: CaptureRecord
    outputs: Sequence[Row | None]
    inputs: Sequence[Row | None]


class PlainRows(NamedTuple):
    """Events of one CSV row each, all of the same width."""

    lines: list[int]
    output_width: int
    values: list[list[str]]


def read_records(
    source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[Records]:
    """Yield the good records of the window, a block at a time; those without a time go to `unplaced`."""
    for records in FORMAT.read(source, unplaced):
        yield records if window is None else list(_inside(records, window, source, quarantine, unplaced))


def _inside(
    records: Records, window: Window, source: Source, quarantine: Quarantine, unplaced: Quarantine
) -> Iterator[tuple[int, CaptureRecord]]:
    start, end = window.start, window.end
    for line, record in records:
        time = record.event_metadata.inference_time
        if time is None:
            unplaced.add(source.name, line, Reason.NO_TIME, excerpt=_excerpt(record))
        elif start <= time < end:
            yield line, record
        else:
            quarantine.out_of_window += 1


def align_each(records: Records, source: Source, quarantine: Quarantine) -> Iterator[AlignedEvent]:
    """Decode both sides of each record and pair their rows; what cannot be read goes to the quarantine."""
    for line, record in records:
        try:
            yield AlignedEvent(line, record, *_align(record))
        except UnreadableRecordError as error:
            quarantine.add(source.name, line, error.reason, detail=error.detail, excerpt=_excerpt(record))


def _align(record: CaptureRecord) -> tuple[Sequence[Row | None], Sequence[Row | None]]:
    """Return output and input rows (contract 1.5)."""
    request, output = record.capture_data.endpoint_input, record.capture_data.endpoint_output
    if request is not None:
        inputs = decode(request).rows
        return decode(output).as_answers_to(len(inputs)) if output else [None] * len(inputs), inputs
    if output is not None:
        outputs = decode(output).rows
        return outputs, [None] * len(outputs)
    raise UnreadableRecordError(Reason.NOT_A_CAPTURE_RECORD, "neither endpointInput nor endpointOutput")


def split_plain(records: Records) -> PlainRows | None:
    """Split many records at once, if all are the usual kind: one CSV row in, one out, without quotes.

    Anything else is left to `align_each`, which gives the same rows for these records, only later.
    """
    captured = [record.capture_data for _, record in records]
    payloads = [data.endpoint_output for data in captured] + [data.endpoint_input for data in captured]
    texts = [payload.data.rstrip("\n") for payload in payloads if payload is not None and payload.encoding == "CSV"]
    size = len(records)
    if not records or len(texts) != 2 * size or "" in texts:
        return None
    widths = {
        (output.count(",") + 1, row.count(",") + 1) for output, row in zip(texts[:size], texts[size:], strict=True)
    }
    text = "\n".join([f"{output},{row}" for output, row in zip(texts[:size], texts[size:], strict=True)])
    lines = text.split("\n")
    if len(widths) != 1 or len(lines) != size or len(text) > MAX_PAYLOAD_BYTES or any(odd in text for odd in '"\r\0'):
        return None
    ((output_width, input_width),) = widths
    if max(output_width, input_width) > MAX_COLUMNS:
        return None
    return PlainRows([line for line, _ in records], output_width, [line.split(",") for line in lines])


def _excerpt(record: CaptureRecord) -> str:
    sides = (record.capture_data.endpoint_input, record.capture_data.endpoint_output)
    start = " | ".join(side.data[:90] for side in sides if side)
    return f"{record.event_metadata.event_id}: {start}"
