"""``dataset_format``: captured records, or a data set of files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from functions.analyzer.record_lines import line_reader
from functions.analyzer.scripts import RecordScript, line_argument
from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture import read_capture
from monitoring_core.dataset.capture_record import read_records
from monitoring_core.dataset.formats import DatasetFormat, read_dataset
from monitoring_core.dataset.merged import read_merged, read_merged_records
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError, UnsupportedFormatError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

_BOTH_SIDES: Final = frozenset({"endpointInput", "endpointOutput"})


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """``sagemakerCaptureJson``: what data capture wrote, output columns first."""


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
    CaptureFormat()
    >>> parse_format('{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"], "originalDatasetFormat": null}}')
    MergeFormat(sides=('endpointOutput',))
    """
    try:
        decoded = json.loads(value)
    except (TypeError, ValueError):
        return DatasetFormat.parse(value)
    if isinstance(decoded, dict) and "sagemakerMergeJson" in decoded:
        sides = _sides(decoded["sagemakerMergeJson"])
        return MergeFormat(None if sides is None else tuple(sides))
    if not isinstance(decoded, dict) or "sagemakerCaptureJson" not in decoded:
        return DatasetFormat.parse(decoded)
    sides = _sides(decoded["sagemakerCaptureJson"])
    if sides is not None and set(sides) != _BOTH_SIDES:
        raise UnsupportedFormatError(
            f"captureIndexNames {sides} is not supported; allowed are both endpointInput and endpointOutput, or null"
        )
    return CaptureFormat()


def _sides(options: dict[str, Any] | None) -> list[str] | None:
    return (options or {}).get("captureIndexNames")


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
        case CaptureFormat():
            reader = read_records if script is None else script.around(read_records)
            yield from read_capture(sources, columns, window, quarantine, reader=reader)
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
