"""Lines: an object as blocks of whole lines, and JSON Lines as decoded records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Self, TypeVar

import msgspec
import numpy as np

from monitoring_core.dataset.quarantine import Quarantine, Reason, UnreadableRecordError
from monitoring_core.dataset.source import DamagedSourceError, Source

MAX_LINE_BYTES: Final = 64 << 20
"""Longest accepted line: two payloads of 25 MB, escaped."""

BOM: Final = b"\xef\xbb\xbf"
"""Byte order mark that some tools write before UTF-8."""

T = TypeVar("T")
C_co = TypeVar("C_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of an object; the last line of an object may lack its line end."""

    first_line: int
    data: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank with its number."""
        for number, line in enumerate(self.data.split(b"\n"), start=self.first_line):
            stripped = line.rstrip(b"\r")
            if stripped and not stripped.isspace():
                yield number, stripped


def read_blocks(source: Source, quarantine: Quarantine) -> Iterator[Block]:
    r"""Yield the lines of `source` in blocks of about a megabyte.

    A line that is too long, and the line in which damaged data ends, go to the quarantine.

    Examples
    --------
    >>> [block.data for block in read_blocks(Source("a", b"1\n2"), Quarantine())]
    [b'1\n', b'2']
    """
    number, rest, skipping = 1, bytearray(), False
    try:
        for chunk in source.chunks():
            data = chunk
            if skipping:
                _, newline, data = chunk.partition(b"\n")
                if not newline:
                    continue
                number, skipping = number + 1, False
            cut = data.rfind(b"\n") + 1
            if cut:
                whole = b"".join((rest, memoryview(data)[:cut])) if rest else data[:cut]
                yield _block(number, whole)
                number += whole.count(b"\n")
                rest.clear()
            rest += memoryview(data)[cut:]
            if len(rest) > MAX_LINE_BYTES:
                detail = f"a line may have {MAX_LINE_BYTES} bytes"
                quarantine.add(source.name, number, Reason.TOO_LARGE, detail=detail, excerpt=bytes(rest[:256]))
                skipping = True
                rest.clear()
    except DamagedSourceError as error:
        quarantine.add(source.name, number, error.reason, detail=error.detail, excerpt=bytes(rest[:256]))
        return
    if rest:
        yield _block(number, bytes(rest))


def _block(number: int, data: bytes) -> Block:
    return Block(number, data.removeprefix(BOM) if number == 1 else data)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[C_co]):
    """Records with the lines they stand in.

    Examples
    --------
    >>> list(Numbered(range(7, 9), ["a", "b"]))
    [(7, 'a'), (8, 'b')]
    """

    lines: Sequence[int]
    records: Sequence[C_co]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[tuple[int, C_co]]:
        return zip(self.lines, self.records, strict=True)

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, C_co]]) -> Self:
        """Return the records of (line, record) pairs."""
        held = list(pairs)
        return cls([line for line, _ in held], [record for _, record in held])


@dataclass(frozen=True, slots=True)
class RecordFormat(Generic[T]):
    """One kind of JSON Lines record.

    Attributes
    ----------
    decoder : msgspec.json.Decoder
        Decodes and checks one line.
    wrong_shape : Reason
        Why valid JSON of another shape is set aside.
    count_quotes : callable
        Gives the number of quotes around the keys and values of some decoded records. Where a text has more,
        a key may be there twice.
    """

    decoder: msgspec.json.Decoder[T]
    wrong_shape: Reason
    count_quotes: Callable[[Sequence[T]], int]

    def read(self, source: Source, quarantine: Quarantine) -> Iterator[Numbered[T]]:
        """Yield the good records with their line numbers, a block at a time; bad ones go to the quarantine."""
        for block in read_blocks(source, quarantine):
            records = self._decode_at_once(block.data)
            if records is None:
                yield Numbered.of(self._decode_each(source, block, quarantine))
            else:
                yield Numbered(range(block.first_line, block.first_line + len(records)), records)

    def _decode_each(self, source: Source, block: Block, quarantine: Quarantine) -> Iterator[tuple[int, T]]:
        for number, line in block.lines():
            try:
                yield number, self.decode(line)
            except UnreadableRecordError as error:
                quarantine.add(source.name, number, error.reason, detail=error.detail, excerpt=line)

    def _decode_at_once(self, data: bytes) -> list[T] | None:
        """Return one record per line, or None if any line may be bad."""
        if b"\0" in data or not _is_utf8(data):
            return None
        try:
            records = self.decoder.decode_lines(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if len(records) != data.count(b"\n") + (not data.endswith(b"\n")):
            return None
        return records if self.count_quotes(records) == count_quotes(data) else None

    def decode(self, line: bytes) -> T:
        """Decode one line.

        Raises
        ------
        UnreadableRecordError
            With the reason.
        """
        if not _is_utf8(line):
            raise UnreadableRecordError(Reason.NOT_UTF8)
        if b"\0" in line:
            raise UnreadableRecordError(Reason.NUL)
        try:
            record = self.decoder.decode(line)
        except msgspec.ValidationError as error:
            raise UnreadableRecordError(self.wrong_shape, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableRecordError(Reason.NOT_JSON, str(error)) from error
        except RecursionError as error:
            raise UnreadableRecordError(Reason.TOO_DEEP) from error
        if self.count_quotes([record]) != count_quotes(line):
            check_keys(line)
        return record


def count_quotes(data: bytes) -> int:
    r"""Count the quotes that begin and end strings in JSON text, leaving out those inside strings.

    Examples
    --------
    >>> count_quotes(b'{"a": "say \\"hello\\"", "path": "c:\\\\"}')
    8
    """
    quotes = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord('"')))
    if b"\\" in data:
        quotes -= data.replace(b"\\\\", b"").count(b'\\"')
    return quotes


def check_keys(document: str | bytes) -> None:
    """Raise `UnreadableRecordError` if an object of a valid JSON document has a key twice.

    Examples
    --------
    >>> check_keys('{"a": 1, "b": {"a": 2}}')
    >>> check_keys('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    monitoring_core.dataset.quarantine.UnreadableRecordError: the record has the same key twice: 'a'
    """
    try:
        json.loads(document, object_pairs_hook=_refuse_twice)
    except RecursionError as error:
        raise UnreadableRecordError(Reason.TOO_DEEP) from error


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise UnreadableRecordError(Reason.DUPLICATE_KEY, repr(twice[:50]))
    return found


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
