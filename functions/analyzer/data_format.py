"""``dataset_format``: captured records, or a data set of files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.analyzer.record_lines import line_reader
from functions.analyzer.scripts import RecordScript, line_argument
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture import read_capture
from monitoring_core.dataset.capture_record import read_records
from monitoring_core.dataset.formats import DatasetFormat, read_dataset
from monitoring_core.dataset.merged import read_merged, read_merged_records
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.sides import SIDES, only
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError, UnsupportedFormatError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """``sagemakerCaptureJson``: what data capture wrote, output columns first.

    Attributes
    ----------
    sides : tuple of str or None
        What to read of an event; None is all of it.
    """

    sides: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MergeFormat:
    """``sagemakerMergeJson``: what the merge job wrote, the label last.

    Attributes
    ----------
    sides : tuple of str or None
        What to read of an event; None is all of it.
    """

    sides: tuple[str, ...] | None = None


AnyFormat = CaptureFormat | MergeFormat | DatasetFormat


def parse_format(value: Any) -> AnyFormat:
    """Read the variable ``dataset_format``.

    Raises
    ------
    UnsupportedFormatError
        If it names no format that can be read.

    Examples
    --------
    >>> parse_format('{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}')
    CaptureFormat(sides=('endpointInput', 'endpointOutput'))
    >>> parse_format('{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"], "originalDatasetFormat": null}}')
    MergeFormat(sides=('endpointOutput',))
    """
    try:
        decoded = json.loads(value)
    except (TypeError, ValueError):
        return DatasetFormat.parse(value)
    match decoded:
        case {"sagemakerCaptureJson": options}:
            return CaptureFormat(_sides(options))
        case {"sagemakerMergeJson": options}:
            return MergeFormat(_sides(options))
    return DatasetFormat.parse(decoded)


def _sides(options: Any) -> tuple[str, ...] | None:
    given = options.get("captureIndexNames") if isinstance(options, dict) else options
    if given is None:
        return None
    if not isinstance(given, list) or not given or not all(side in SIDES for side in given):
        raise UnsupportedFormatError(
            f"captureIndexNames {given} is not supported; allowed are {' and '.join(SIDES)}, one of them, or null"
        )
    return tuple(given)


def find_files(source: Path) -> list[Path]:
    """Return the files below a folder in the order of their paths, which is that of time in captured data.

    Raises
    ------
    DataError
        If there is nothing at `source`.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise DataError(f"dataset_source {source} does not exist; mount the data set there")
    return sorted(path for path in source.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))


def read_batches(
    data_format: AnyFormat,
    files: Sequence[Path],
    *,
    names: Sequence[str],
    window: Window | None,
    quarantine: Quarantine,
    script: RecordScript | None = None,
) -> Iterator[Batch]:
    """Read the files in order.

    Parameters
    ----------
    names : sequence of str
        Columns of captured rows, output columns first; empty: ``_c0``, ``_c1`` ...
    window : Window or None
        Captured events outside are left out.
    script : RecordScript, optional
        Makes the rows of every record.

    Raises
    ------
    ConfigError
        If the script failed on every record, or cannot work on such files.
    """
    sources, columns = [Source.of(path) for path in files], SchemaSpec(features=tuple(names))
    match data_format:
        case CaptureFormat(sides):
            reader = read_records if script is None else script.around(read_records)
            yield from read_capture(sources, columns, window, quarantine, reader=only(sides, reader))
        case MergeFormat(sides):
            reader = read_merged_records if script is None else script.around(read_merged_records)
            yield from read_merged(sources, columns, window, quarantine, sides=sides, reader=reader)
        case DatasetFormat() if script is not None:
            reader = script.around(line_reader(data_format), line_argument)
            yield from read_capture(sources, columns, None, quarantine, reader=reader)
        case DatasetFormat():
            for source in sources:
                yield from read_dataset(source, data_format, quarantine=quarantine)
    if script is not None:
        script.check()
