"""``dataset_format``: captured records, or a data set of files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.capture import read_capture
from monitoring_core.dataset.formats import DatasetFormat, read_dataset
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError, UnsupportedFormatError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window

_BOTH_SIDES: Final = frozenset({"endpointInput", "endpointOutput"})


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """``sagemakerCaptureJson``: what data capture wrote, output columns first."""


AnyFormat = CaptureFormat | DatasetFormat


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
    """
    try:
        decoded = json.loads(value)
    except (TypeError, ValueError):
        return DatasetFormat.parse(value)
    if not isinstance(decoded, dict) or "sagemakerCaptureJson" not in decoded:
        return DatasetFormat.parse(decoded)
    sides = (decoded["sagemakerCaptureJson"] or {}).get("captureIndexNames")
    if sides is not None and set(sides) != _BOTH_SIDES:
        raise UnsupportedFormatError(
            f"captureIndexNames {sides} is not supported; allowed are both endpointInput and endpointOutput, or null"
        )
    return CaptureFormat()


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
) -> Iterator[Batch]:
    """Read the files in order.

    Parameters
    ----------
    names : sequence of str
        Columns of captured rows, output columns first; empty: ``_c0``, ``_c1`` ...
    window : Window or None
        Captured events outside are left out.
    """
    sources = [Source.of(path) for path in files]
    if isinstance(data_format, CaptureFormat):
        yield from read_capture(sources, SchemaSpec(features=tuple(names)), window, quarantine)
        return
    for source in sources:
        yield from read_dataset(source, data_format, quarantine=quarantine)
