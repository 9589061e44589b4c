"""Source: one object or file, and its bytes as a stream."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from monitoring_core.dataset.quarantine import Reason
from monitoring_core.errors import DataError

CHUNK_BYTES: Final = 1 << 20
MAX_EXPANSION: Final = 500
"""Largest accepted ratio of decompressed to compressed bytes; real capture files stay below 50."""
FREE_BYTES: Final = 4 << 20
"""Decompressed bytes below which the ratio is not looked at."""
MAX_BYTES: Final = 64 << 30
"""Largest accepted decompressed size of one object."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's code for a gzip header and trailer


class DamagedSourceError(DataError):
    """The compressed bytes of an object cannot be read to their end.

    What was read before stays good: readers keep it, and put the rest into the quarantine.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


@dataclass(frozen=True, slots=True)
class Source:
    """One object or file.

    Attributes
    ----------
    name : str
        Where it came from, for messages; for captured data its key, which names variant and hour.
    data : bytes or Path
        The content, or where to read it. Gzip is recognised by its first bytes, not by the name.

    Examples
    --------
    >>> import gzip
    >>> b"".join(Source("a.csv.gz", gzip.compress(b"x,y")).chunks())
    b'x,y'
    """

    name: str
    data: bytes | Path

    @classmethod
    def of(cls, path: str | Path) -> Source:
        """Return the source of a file, named by its path."""
        return cls(str(path), Path(path))

    def size(self) -> int:
        """Return the stored size in bytes."""
        return len(self.data) if isinstance(self.data, bytes) else self.data.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in order, decompressed.

        Raises
        ------
        DamagedSourceError
            After the last good bytes, if compressed data is cut off, damaged or expands too much.
        DataError
            If a file cannot be opened.
        """
        stored = self._stored()
        first = next(stored, b"")
        everything = chain([first], stored)
        return _decompressed(everything) if first.startswith(_GZIP_MAGIC) else everything

    def _stored(self) -> Iterator[bytes]:
        if isinstance(self.data, bytes):
            for start in range(0, len(self.data), CHUNK_BYTES):
                yield self.data[start : start + CHUNK_BYTES]
            return
        try:
            with self.data.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise DataError(f"cannot read {self.name}: {error.strerror}; check the path") from error


def _decompressed(stored: Iterator[bytes]) -> Iterator[bytes]:
    """Yield gzip members one after the other; never holds more than a chunk of output."""
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    size_in = size_out = 0
    for chunk in stored:
        size_in += len(chunk)
        rest = chunk
        while rest:
            if inflate.eof:
                rest = rest.lstrip(b"\0")  # padding between or after members
                if not rest:
                    break
                inflate = zlib.decompressobj(_GZIP_WINDOW)
            try:
                out = inflate.decompress(rest, CHUNK_BYTES)
            except zlib.error as error:
                raise DamagedSourceError(Reason.DAMAGED, str(error)) from error
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            size_out += len(out)
            _check_expansion(size_in - len(rest), size_out)
            yield out
    if not inflate.eof:
        raise DamagedSourceError(Reason.TRUNCATED, f"{size_in} bytes and no end")


def _check_expansion(size_in: int, size_out: int) -> None:
    if size_out > MAX_BYTES or (size_out > FREE_BYTES and size_out > MAX_EXPANSION * size_in):
        allowed = f"at most {MAX_EXPANSION}:1 and {MAX_BYTES >> 30} GiB are allowed"
        raise DamagedSourceError(Reason.EXPANDS_TOO_MUCH, f"{size_in} bytes became more than {size_out}; {allowed}")
