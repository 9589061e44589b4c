"""Lines of a batch data set as records, so that a preprocessing script can be given each of them."""

from __future__ import annotations

from collections.abc import Iterator

from monitoring_core.dataset.capture_record import CaptureData, CaptureRecord, EventMetadata, RecordReader, Records
from monitoring_core.dataset.formats import DatasetFormat, FileKind
from monitoring_core.dataset.lines import Numbered, read_blocks
from monitoring_core.dataset.payload import Payload
from monitoring_core.dataset.quarantine import Quarantine, Reason
from monitoring_core.dataset.source import Source
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window


def line_reader(data_format: DatasetFormat) -> RecordReader:
    """Return a reader whose records are the lines of a file, without its header.

    Raises
    ------
    ConfigError
        If the format has no lines.
    """
    encoding = {FileKind.CSV: "CSV", FileKind.JSON_LINES: "JSON"}.get(data_format.kind)
    if encoding is None:
        raise ConfigError(
            f"record_preprocessor_script cannot work on {data_format.kind} files; it is given captured or merged "
            "records, CSV rows or JSON lines"
        )
    first = 2 if data_format.header else 1

    def read(source: Source, window: Window | None, quarantine: Quarantine, unplaced: Quarantine) -> Iterator[Records]:
        del window, quarantine  # lines have no time
        for block in read_blocks(source, unplaced):
            yield Numbered.of(
                (number, _record(source, number, line.decode(), encoding))
                for number, line in block.lines()
                if number >= first and _is_text(source, number, line, unplaced)
            )

    return read


def _is_text(source: Source, number: int, line: bytes, quarantine: Quarantine) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        quarantine.add(source.name, number, Reason.NOT_UTF8, excerpt=line)
        return False
    return True


def _record(source: Source, number: int, line: str, encoding: str) -> CaptureRecord:
    return CaptureRecord(
        CaptureData(batch_transform_output=Payload(line, encoding)), EventMetadata(f"{source.name}:{number}")
    )
