"""JSON data sets: one object per line, or one document with many rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.builder import BATCH_VALUES, BatchBuilder
from monitoring_core.dataset.json_rows import Row, decode_json, flatten, rows_of
from monitoring_core.dataset.lines import BOM, read_blocks
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import DamagedSourceError, Source

MAX_DOCUMENT_BYTES: Final = 256 << 20
MAX_KEYS: Final = 10_000
"""Different keys in one data set; every row has a value, or a missing one, for each."""


def read_json_lines(source: Source, quarantine: Quarantine | None = None) -> Iterator[Batch]:
    r"""Read JSON Lines; nested lists and objects are flattened to one column per leaf.

    Parameters
    ----------
    source : Source
        One JSON object or list per line, plain or gzip.
    quarantine : Quarantine, optional
        Takes lines that cannot be read.

    Yields
    ------
    Batch
        Columns in the order of their first appearance, all that were seen so far; a key that a line
        does not have is a missing value. List elements are named by their position.

    Examples
    --------
    >>> (batch,) = read_json_lines(Source("a.jsonl", b'{"x": 1.0, "y": {"z": "b"}}\n{"x": 2}\n'))
    >>> {name: column.codes.tolist() for name, column in batch.columns.items()}
    {'x': [1, 2], 'y_z': [4, 0]}
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    table = _Table(source.name, quarantine)
    for block in read_blocks(source, quarantine):
        for number, line in block.lines():
            try:
                table.add(number, flatten(_decode(line)))
            except UnreadableRecordError as error:
                quarantine.add(source.name, number, error.reason, detail=error.detail, excerpt=line)
        if table.full:
            yield from table.flush()
    yield from table.flush()


def read_json(source: Source, quarantine: Quarantine | None = None) -> Iterator[Batch]:
    """Read one JSON document with many rows: a list, or an object with one list (``instances``).

    Parameters, columns and values are those of `read_json_lines`.

    Examples
    --------
    >>> (batch,) = read_json(Source("a.json", b'{"instances": [{"x": 1}, {"x": 2}]}'))
    >>> batch["x"].numbers.tolist()
    [1.0, 2.0]
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    table = _Table(source.name, quarantine)
    try:
        rows = rows_of(_decode(_whole(source)))
    except (UnreadableRecordError, DamagedSourceError) as error:
        quarantine.add(source.name, 1, error.reason, detail=error.detail)
        return
    for number, row in enumerate(rows, start=1):
        try:
            table.add(number, row)
        except UnreadableRecordError as error:
            quarantine.add(source.name, number, error.reason, detail=error.detail)
        if table.full:
            yield from table.flush()
    yield from table.flush()


def _whole(source: Source) -> bytes:
    document = bytearray()
    for chunk in source.chunks():
        document += chunk
        if len(document) > MAX_DOCUMENT_BYTES:
            raise UnreadableRecordError(Reason.TOO_LARGE, f"a document may have {MAX_DOCUMENT_BYTES} bytes")
    return bytes(document).removeprefix(BOM)


def _decode(data: bytes) -> Any:
    try:
        return decode_json(data.decode())
    except UnicodeDecodeError as error:
        raise UnreadableRecordError(Reason.NOT_UTF8, error.reason) from error
    except UnreadableRecordError as error:
        if error.reason is Reason.PAYLOAD_NOT_JSON:
            raise UnreadableRecordError(Reason.NOT_JSON, error.detail) from error
        raise


class _Table:
    """Collects named rows; every batch has all columns seen so far."""

    def __init__(self, source: str, quarantine: Quarantine) -> None:
        self._source, self._quarantine = source, quarantine
        self._names: dict[str, None] = {}
        self._rows: list[tuple[int, Row]] = []
        self._size = 0

    @property
    def full(self) -> bool:
        return self._size >= BATCH_VALUES

    def add(self, line: int, row: Row) -> None:
        names = row.names or ()
        new = [name for name in names if name not in self._names]
        if len(self._names) + len(new) > MAX_KEYS:
            raise UnreadableRecordError(Reason.TOO_MANY_COLUMNS, f"a data set may have {MAX_KEYS} different keys")
        self._names.update(dict.fromkeys(new))
        self._rows.append((line, row))
        self._size += len(names)

    def flush(self) -> Iterator[Batch]:
        """Yield the collected rows and begin anew."""
        builder, paths = BatchBuilder(self._quarantine), tuple(self._names)
        names = tuple(f"_c{path}" if path.replace("_", "0").isdigit() or not path else path for path in paths)
        for line, row in self._rows:
            values = row.values
            if row.names != paths:
                found = dict(zip(row.names or (), row.values, strict=True))
                values = [found.get(path) for path in paths]
            builder.add(self._source, line, names, values)
            if builder.full:
                yield from builder.flush()
        yield from builder.flush()
        self._rows, self._size = [], 0
