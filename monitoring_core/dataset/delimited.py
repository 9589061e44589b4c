"""CSV files: every value as text, quoting right, ragged rows set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Final, NamedTuple

from monitoring_core.dataset.batch import Batch
from monitoring_core.dataset.builder import BatchBuilder
from monitoring_core.dataset.json_rows import MAX_COLUMNS
from monitoring_core.dataset.lines import Block, read_blocks
from monitoring_core.dataset.payload import split_csv
from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import Source
from monitoring_core.errors import DataError

MAX_QUOTED_LINES: Final = 1000
"""Lines that one quoted field may span; a stray quote costs its own line, never the rest of the file."""


_Row = tuple[int, list[str]]
"""The line a row begins in, and its fields."""


class _Line(NamedTuple):
    number: int
    text: str


def read_csv(
    source: Source,
    *,
    header: bool,
    names: Sequence[str] | None = None,
    quarantine: Quarantine | None = None,
) -> Iterator[Batch]:
    r"""Read a CSV file.

    Parameters
    ----------
    source : Source
        Comma separated, UTF-8 with or without a byte order mark, plain or gzip, any line ends.
    header : bool
        Whether the first row holds the names of the columns.
    names : sequence of str, optional
        Names to use instead of the header's, or instead of ``_c0``, ``_c1`` ...
    quarantine : Quarantine, optional
        Takes rows that are not valid CSV or have another number of fields than the file's.

    Yields
    ------
    Batch
        In the order of the file; empty fields are missing values.

    Raises
    ------
    DataError
        If column names repeat, or `names` do not fit the file.

    Examples
    --------
    >>> (batch,) = read_csv(Source("a.csv", b'x,y\n1,"a,b"\n2,\n'), header=True)
    >>> {name: column.codes.tolist() for name, column in batch.columns.items()}
    {'x': [2, 2], 'y': [4, 0]}
    """
    quarantine = Quarantine() if quarantine is None else quarantine
    builder = BatchBuilder(quarantine)
    blocks = _read_rows(source, quarantine)
    first = next(blocks, [])
    if header and first:
        _, heading = first.pop(0)
        names = names or [name or f"_c{index}" for index, name in enumerate(heading)]
    columns = _column_names(source, names, first)
    for rows in chain([first], blocks):
        for number, fields in rows:
            if len(fields) != len(columns):
                detail = f"{len(fields)} instead of {len(columns)}"
                quarantine.add(source.name, number, Reason.COLUMNS_DIFFER, detail=detail, excerpt=",".join(fields[:50]))
                continue
            builder.add(source.name, number, columns, fields)
        if builder.full:
            yield from builder.flush()
    yield from builder.flush()


def _column_names(source: Source, names: Sequence[str] | None, rows: list[_Row]) -> tuple[str, ...]:
    """Return the names; without any, the width that most of the first rows have decides."""
    widths, named = Counter(len(fields) for _, fields in rows), len(names or ())
    width = max(widths, key=lambda width: (widths[width], width == named), default=named)
    columns = tuple(names or (f"_c{index}" for index in range(width)))
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise DataError(f"{source.name} has the column name {twice[0]!r} twice; give each column its own name")
    if len(columns) > MAX_COLUMNS:
        raise DataError(f"{source.name} has {len(columns)} columns; {MAX_COLUMNS} are allowed")
    if len(columns) != width:
        raise DataError(
            f"{source.name} has {width} columns, but {len(columns)} names: {', '.join(columns[:20])}; "
            "check `header` and the names"
        )
    return columns


def _read_rows(source: Source, quarantine: Quarantine) -> Iterator[list[_Row]]:
    """Yield the rows with the lines they begin in, a block at a time."""
    pending: list[_Line] = []
    for block in read_blocks(source, quarantine):
        rows = None if pending else _split_at_once(block)
        if rows is None:
            rows, pending = _parse([*pending, *_decoded(source, block, quarantine)], source, quarantine, end=False)
        yield rows
    if pending:
        yield _parse(pending, source, quarantine, end=True)[0]


def _split_at_once(block: Block) -> list[_Row] | None:
    """Split a block that has neither quotes nor anything odd; None for any other."""
    data = block.data.replace(b"\r\n", b"\n")
    if any(byte in data for byte in (b'"', b"\r", b"\0")):
        return None
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return None
    return [(number, line.split(",")) for number, line in enumerate(lines, start=block.first_line) if line]


def _decoded(source: Source, block: Block, quarantine: Quarantine) -> Iterator[_Line]:
    for number, line in enumerate(block.data.removesuffix(b"\n").split(b"\n"), start=block.first_line):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            quarantine.add(source.name, number, Reason.NOT_UTF8, detail=error.reason, excerpt=line)
            continue
        if "\0" in text:
            quarantine.add(source.name, number, Reason.NUL, excerpt=line)
        else:
            yield _Line(number, text)


def _parse(lines: list[_Line], source: Source, quarantine: Quarantine, *, end: bool) -> tuple[list[_Row], list[_Line]]:
    """Return the rows, and the lines of a quoted field that goes on in the next block."""
    rows: list[_Row] = []
    at = 0
    while at < len(lines):
        number, text = lines[at]
        if not text.rstrip("\r"):
            at += 1
            continue
        try:
            fields, span = _record(lines[at : at + MAX_QUOTED_LINES])
        except _UnfinishedError:
            if not end and len(lines) - at < MAX_QUOTED_LINES:
                return rows, lines[at:]
            quarantine.add(source.name, number, Reason.NOT_CSV, detail="a quote is never closed", excerpt=text)
            at += 1
            continue
        except UnreadableRecordError as error:
            quarantine.add(source.name, number, Reason.NOT_CSV, detail=error.detail, excerpt=text)
            at += 1
            continue
        rows.append((number, fields))
        at += span
    return rows, []


class _UnfinishedError(Exception):
    """A quoted field is still open at the last line."""


def _record(lines: Sequence[_Line]) -> tuple[list[str], int]:
    """Return the fields of the record that begins in the first line, and how many lines it takes."""
    text, quotes = "", 0
    for span, line in enumerate(lines, start=1):
        text += line.text + "\n"
        quotes += line.text.count('"')
        if quotes % 2 == 0:
            return _one_row(text), span
        if span == 1:
            with suppress(UnreadableRecordError):  # a quote inside an unquoted field needs no partner
                return _one_row(text), span
    raise _UnfinishedError


def _one_row(text: str) -> list[str]:
    rows = split_csv(text)
    if len(rows) != 1:
        raise UnreadableRecordError(Reason.NOT_CSV, "a carriage return splits it")
    return rows[0]
