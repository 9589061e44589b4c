"""From files to batches: captured traffic or a data set, whatever was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain

from monitoring_core.dataset import Batch, DatasetFormat, FileKind, Quarantine, Source, read_capture, read_dataset
from monitoring_core.errors import NoDataError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from watchkeeper.inputs import Input
from watchkeeper.output import Output


class DataFormat(StrEnum):
    """What the files hold."""

    AUTO = "auto"
    CAPTURE = "capture"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


_KINDS = {
    DataFormat.CSV: FileKind.CSV,
    DataFormat.JSON: FileKind.JSON,
    DataFormat.JSONL: FileKind.JSON_LINES,
    DataFormat.PARQUET: FileKind.PARQUET,
}


def read_batches(
    files: Sequence[Input],
    output: Output,
    quarantine: Quarantine,
    *,
    data_format: DataFormat = DataFormat.AUTO,
    columns: SchemaSpec | None = None,
    window: Window | None = None,
    ignore: Sequence[str] = (),
) -> Iterator[Batch]:
    """Read files in order, showing progress.

    Parameters
    ----------
    columns : SchemaSpec, optional
        Names of the columns of captured rows.
    window : Window, optional
        Keeps captured events in it.
    ignore : sequence of str
        Columns of a data set that are left out, such as the label.

    Raises
    ------
    NoDataError
        If there is no file.
    ColumnNotFoundError
        If a column to ignore does not exist.
    """
    if not files:
        raise NoDataError("there is no data file; give at least one")
    sources = (item.source() for item in output.progress(files, "reading"))
    first = next(sources)
    everything = chain([first], sources)
    if data_format is DataFormat.CAPTURE or (data_format is DataFormat.AUTO and _is_captured(first)):
        yield from read_capture(everything, columns, window, quarantine)
        return
    for source in everything:
        for batch in read_dataset(source, _dataset_format(data_format), quarantine=quarantine):
            yield _without(batch, ignore)


def _dataset_format(data_format: DataFormat) -> DatasetFormat | None:
    kind = _KINDS.get(data_format)
    return None if kind is None else DatasetFormat(kind, header=kind is FileKind.CSV)


def _is_captured(source: Source) -> bool:
    """Whether a file begins with a record of data capture."""
    return b'"captureData"' in next(source.chunks(), b"")[:65_536].split(b"\n", 1)[0]


def _without(batch: Batch, ignore: Sequence[str]) -> Batch:
    if not ignore:
        return batch
    for name in ignore:
        _ = batch[name]  # raises where it does not exist
    return Batch({name: column for name, column in batch.columns.items() if name not in ignore})
