"""Protocol buffers' wire format, as far as ONNX files need it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from monitoring_core.errors import UnsupportedFormatError
from monitoring_core.explain.model import Floats

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN: Final = 1 << 63
_MAX_SHIFT: Final = 63


class Message:
    r"""Fields of one message by number, undecoded.

    Raises
    ------
    UnsupportedFormatError
        If the bytes are no message.

    Examples
    --------
    >>> message = Message(b"\x08\x96\x01\x12\x02hi")
    >>> message.integers(1), message.texts(2)
    ([150], ['hi'])
    """

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, list[int | bytes]] = {}
        try:
            for number, value in _read(data):
                self._fields.setdefault(number, []).append(value)
        except (IndexError, ValueError) as error:
            raise UnsupportedFormatError(f"not an ONNX file: {error}; save the model again") from error

    def messages(self, number: int) -> list[Message]:
        """Return the messages in a field."""
        return [Message(value) for value in self.blobs(number)]

    def blobs(self, number: int) -> list[bytes]:
        """Return the byte strings in a field."""
        return [value for value in self._fields.get(number, ()) if isinstance(value, bytes)]

    def texts(self, number: int) -> list[str]:
        """Return the texts in a field."""
        return [value.decode(errors="replace") for value in self.blobs(number)]

    def integers(self, number: int) -> list[int]:
        """Return the signed integers in a field, packed or not."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            found += _varints(value) if isinstance(value, bytes) else [value]
        return [value - 2 * _SIGN if value >= _SIGN else value for value in found]

    def floats(self, number: int, *, double: bool = False) -> Floats:
        """Return the numbers in a field, packed or not."""
        kind = np.dtype("<f8" if double else "<f4")
        layout = "<Q" if double else "<I"
        parts = [
            value if isinstance(value, bytes) else struct.pack(layout, value) for value in self._fields.get(number, ())
        ]
        return np.frombuffer(b"".join(parts), kind).astype(np.float64)


def _read(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        size, place = _size(data, place, wire)
        if place + size > len(data):
            raise ValueError("it is cut off")
        part = data[place : place + size]
        yield number, part if wire == _BYTES else int.from_bytes(part, "little")
        place += size


def _size(data: bytes, place: int, wire: int) -> tuple[int, int]:
    if wire == _BYTES:
        return _varint(data, place)
    if wire not in {_FIXED32, _FIXED64}:
        raise ValueError(f"unknown wire type {wire}")
    return (4 if wire == _FIXED32 else 8), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, place
        shift += 7
        if shift > _MAX_SHIFT:
            raise ValueError("a number is too long")


def _varints(data: bytes) -> list[int]:
    found, place = [], 0
    while place < len(data):
        value, place = _varint(data, place)
        found.append(value)
    return found
