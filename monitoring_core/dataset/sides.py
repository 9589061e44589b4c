"""Which sides of an event are read: Amazon's ``captureIndexNames``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from monitoring_core.dataset.capture_record import CaptureData, CaptureRecord, RecordReader, Records
from monitoring_core.dataset.lines import Numbered
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.window import Window

INPUT: Final = "endpointInput"
OUTPUT: Final = "endpointOutput"
SIDES: Final = (INPUT, OUTPUT)


def only(sides: Sequence[str] | None, reader: RecordReader) -> RecordReader:
    """Return a reader of the same records without their other side.

    A record that has one side alone stays as it is, whichever that is: there is nothing to choose.

    Parameters
    ----------
    sides : sequence of str or None
        Some of `SIDES`; None is both.
    reader : callable
        Reads the records of an object.
    """
    if sides is None or set(sides) == set(SIDES):
        return reader

    def read(source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine) -> Iterator[Records]:
        for records in reader(source, window, quarantine, unplaced):
            yield Numbered.of((line, _without_other(record, sides)) for line, record in records)

    return read


def _without_other(record: CaptureRecord, sides: Sequence[str]) -> CaptureRecord:
    data = record.capture_data
    if data.endpoint_output is None or data.endpoint_input is None:
        return record
    kept = CaptureData(
        endpoint_input=data.endpoint_input if INPUT in sides else None,
        endpoint_output=data.endpoint_output if OUTPUT in sides else None,
    )
    return msgspec.structs.replace(record, capture_data=kept)
