"""DatasetFormat: which reader a data set needs, as Amazon's ``dataset_format`` says it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.delimited import read_csv
from monitoring_core.dataset.jsonlines import read_json, read_json_lines
from monitoring_core.dataset.parquet import read_parquet
from monitoring_core.dataset.quarantine import Quarantine
from monitoring_core.dataset.source import Source
from monitoring_core.errors import UnsupportedFormatError


class FileKind(StrEnum):
    """Encoding of a data set's files."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "json lines"
    PARQUET = "parquet"


_BY_ENDING: Final = {
    ".csv": FileKind.CSV,
    ".json": FileKind.JSON,
    ".jsonl": FileKind.JSON_LINES,
    ".ndjson": FileKind.JSON_LINES,
    ".parquet": FileKind.PARQUET,
}


@dataclass(frozen=True, slots=True)
class DatasetFormat:
    """How a data set is written.

    Attributes
    ----------
    kind : FileKind
        Encoding.
    header : bool
        Whether a CSV file begins with column names.
    outputs_last : bool
        Whether output columns stand at the end (``output_columns_position: END``); captured
        data has them first.

    Examples
    --------
    >>> DatasetFormat.parse('{"csv": {"header": "true", "output_columns_position": "START"}}')
    DatasetFormat(kind=<FileKind.CSV: 'csv'>, header=True, outputs_last=False)
    >>> DatasetFormat.guess("train.csv.gz").kind, DatasetFormat.parse({"json": {"line": True}}).kind
    (<FileKind.CSV: 'csv'>, <FileKind.JSON_LINES: 'json lines'>)
    """

    kind: FileKind
    header: bool = False
    outputs_last: bool = False

    @classmethod
    def parse(cls, dataset_format: str | Mapping[str, Any]) -> DatasetFormat:
        """Read Amazon's ``dataset_format`` (contract 3.2), as JSON text or decoded.

        Raises
        ------
        UnsupportedFormatError
            If it is none of csv, json and parquet, or has an unknown option.
        """
        try:
            decoded = json.loads(dataset_format) if isinstance(dataset_format, str) else dataset_format
            ((name, given),) = decoded.items()
            options = dict(given or {})
            outputs_last = {"START": False, "END": True}[options.pop("output_columns_position", "START")]
            kind, header = FileKind(name), False
            if kind is FileKind.CSV:
                header = _flag(options.pop("header", False))
            if kind is FileKind.JSON and _flag(options.pop("line", options.pop("lines", True))):
                kind = FileKind.JSON_LINES
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise _unknown(dataset_format) from error
        if options:
            raise _unknown(dataset_format)
        return cls(kind, header, outputs_last)

    @classmethod
    def guess(cls, name: str, *, header: bool = True) -> DatasetFormat:
        """Choose by the ending of a file name, with or without ``.gz``.

        Raises
        ------
        UnsupportedFormatError
            If the ending is unknown.
        """
        ending = PurePosixPath(name.lower().removesuffix(".gz")).suffix
        if ending not in _BY_ENDING:
            raise UnsupportedFormatError(
                f"cannot tell the format of {name!r} from its ending; known are {', '.join(_BY_ENDING)}, also with .gz"
            )
        kind = _BY_ENDING[ending]
        return cls(kind, header=header and kind is FileKind.CSV)


def _flag(value: object) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


def _unknown(given: object) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        f"unknown dataset_format {given}; allowed are "
        '{"csv": {"header": true}}, {"json": {"lines": true}} and {"parquet": {}}, '
        'each with "output_columns_position": "START" or "END"'
    )


def read_dataset(
    source: Source,
    dataset_format: DatasetFormat | None = None,
    *,
    names: Sequence[str] | None = None,
    quarantine: Quarantine | None = None,
) -> Iterator[Batch]:
    """Read one file of a data set.

    Parameters
    ----------
    source : Source
        The file.
    dataset_format : DatasetFormat, optional
        How it is written; by default guessed from its name, a CSV file with a header.
    names : sequence of str, optional
        Column names of a CSV file, instead of its own or ``_c0`` ...
    quarantine : Quarantine, optional
        Takes what cannot be read.

    Yields
    ------
    Batch
        In the order of the file. With `outputs_last` the last column comes first, where captured data has it.
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    dataset_format = dataset_format or DatasetFormat.guess(source.name)
    for batch in _read(source, dataset_format, names, quarantine):
        yield _last_first(batch) if dataset_format.outputs_last else batch


def _read(
    source: Source, dataset_format: DatasetFormat, names: Sequence[str] | None, quarantine: Quarantine
) -> Iterator[Batch]:
    match dataset_format.kind:
        case FileKind.CSV:
            return read_csv(source, header=dataset_format.header, names=names, quarantine=quarantine)
        case FileKind.JSON_LINES:
            return read_json_lines(source, quarantine)
        case FileKind.JSON:
            return read_json(source, quarantine)
        case FileKind.PARQUET:
            return read_parquet(source, quarantine)


def _last_first(batch: Batch) -> Batch:
    *others, last = batch.columns
    return Batch({name: batch.columns[name] for name in (last, *others)})
