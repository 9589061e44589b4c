"""From files to rows: captured traffic with or without its labels, merged records, or a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from monitoring_core.dataset import (
    Batch,
    DatasetFormat,
    FileKind,
    GroundTruth,
    JoinReport,
    Quarantine,
    Source,
    read_capture,
    read_dataset,
    read_ground_truth,
    read_labelled,
    read_merged,
    upload_order,
)
from monitoring_core.errors import ConfigError, DataError, NoDataError
from monitoring_core.spec import CustomSpec, ModelBiasSpec, ModelQualitySpec, PredictionDriftSpec
from monitoring_core.window import Window
from watchkeeper.inputs import Input
from watchkeeper.output import Output
from watchkeeper.settings import MonitorSettings


class DataFormat(StrEnum):
    """What the files hold."""

    AUTO = "auto"
    CAPTURE = "capture"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


_NEEDS_LABELS = (ModelQualitySpec, ModelBiasSpec)
_USES_LABELS = (*_NEEDS_LABELS, PredictionDriftSpec, CustomSpec)


class _Holds(StrEnum):
    CAPTURED = "captured traffic"
    MERGED = "a file of merged records"
    DATA_SET = "a data set"


_KINDS = {
    DataFormat.CSV: FileKind.CSV,
    DataFormat.JSON: FileKind.JSON,
    DataFormat.JSONL: FileKind.JSON_LINES,
    DataFormat.PARQUET: FileKind.PARQUET,
}


@dataclass(frozen=True, slots=True)
class Given:
    """What a command was given to read.

    Attributes
    ----------
    labels : sequence of Input
        Ground truth of captured traffic.
    window : Window, optional
        Keeps captured events in it.
    """

    data: Sequence[Input]
    labels: Sequence[Input] = ()
    data_format: DataFormat = DataFormat.AUTO
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Batches to be read once, and what became of the labels, complete when they have been read."""

    batches: Iterator[Batch]
    labels: JoinReport | None = None


def read_rows(given: Given, settings: MonitorSettings, output: Output, quarantine: Quarantine) -> Rows:
    """Read files in order, showing progress.

    Parameters
    ----------
    settings : MonitorSettings
        Names the columns of captured rows.

    Raises
    ------
    NoDataError
        If there is no file.
    ConfigError
        If the monitor needs labels and there are none, or there are labels and nothing to join them to.
    """
    if not given.data:
        raise NoDataError("there is no data file; give at least one")
    if given.labels and not isinstance(settings.spec, _USES_LABELS):
        raise ConfigError(f"{settings.spec.name} looks at no labels; leave --labels out")
    truth = _read_labels(given.labels, output, quarantine) if given.labels else None
    sources = (item.source() for item in output.progress(given.data, "reading"))
    first = next(sources)
    everything = chain([first], sources)
    holds = _what_it_holds(first, given.data_format)
    if holds is _Holds.CAPTURED and truth is not None:
        _say_columns(settings, output)
        return Rows(*read_labelled(everything, truth, settings.captured, given.window, quarantine))
    if truth is not None:
        raise ConfigError(
            f"--labels are joined to captured traffic, and {first.name} is {holds}, which has its labels in it; "
            "leave --labels out"
        )
    if holds is _Holds.DATA_SET:
        return Rows(_data_set(everything, given.data_format, quarantine))
    _say_columns(settings, output)
    if holds is _Holds.MERGED:
        return Rows(read_merged(everything, settings.captured, given.window, quarantine, sides=None))
    _refuse_without_labels(settings)
    return Rows(read_capture(everything, settings.captured, given.window, quarantine))


def parse_window(text: str | None) -> Window | None:
    """Read the option ``--window``."""
    try:
        return None if text is None else Window.parse(text)
    except DataError as error:
        raise ConfigError(f"--window: {error}") from error


def parse_format(text: str) -> DataFormat:
    """Read the option ``--format``."""
    try:
        return DataFormat(text)
    except ValueError:
        raise ConfigError(f"--format: {text!r} is not known; allowed: {', '.join(DataFormat)}") from None


def _data_set(sources: Iterable[Source], data_format: DataFormat, quarantine: Quarantine) -> Iterator[Batch]:
    kind = _KINDS.get(data_format)
    known = None if kind is None else DatasetFormat(kind, header=kind is FileKind.CSV)
    for source in sources:
        yield from read_dataset(source, known, quarantine=quarantine)


def _what_it_holds(source: Source, data_format: DataFormat) -> _Holds:
    if data_format not in {DataFormat.AUTO, DataFormat.CAPTURE}:
        return _Holds.DATA_SET
    head = next(source.chunks(), b"").split(b"\n", 1)[0]
    if data_format is DataFormat.AUTO and b'"captureData"' not in head:
        return _Holds.DATA_SET
    return _Holds.MERGED if b'"groundTruthData"' in head else _Holds.CAPTURED


def _read_labels(files: Sequence[Input], output: Output, quarantine: Quarantine) -> GroundTruth:
    ordered = sorted(files, key=lambda item: upload_order(item.name))
    return read_ground_truth((item.source() for item in output.progress(ordered, "reading labels:")), quarantine)


def _say_columns(settings: MonitorSettings, output: Output) -> None:
    """Say how captured rows are read where only the baseline's data names their columns: it may be wrong."""
    columns = settings.captured
    if columns.features and not settings.spec.columns.features:
        answer, request = ", ".join(columns.outputs) or "nothing", ", ".join(columns.features)
        output.say(f"captured rows are taken as: answer {answer}; request {request}")


def _refuse_without_labels(settings: MonitorSettings) -> None:
    if isinstance(settings.spec, _NEEDS_LABELS):
        raise ConfigError(
            f"{settings.spec.name} needs labels, which captured traffic does not have; give the ground truth with "
            "--labels, or merged records or a data set with a column of labels"
        )
