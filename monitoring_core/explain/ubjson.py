"""Universal Binary JSON, as XGBoost writes it (``model.ubj``)."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

from monitoring_core.errors import UnsupportedFormatError

_NUMBERS: Final = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_CONSTANTS: Final = {"Z": None, "T": True, "F": False}
MAX_DEPTH: Final = 100


def decode_ubjson(data: bytes) -> Any:
    r"""Decode one document.

    Arrays of one number type become lists, as from JSON.

    Raises
    ------
    UnsupportedFormatError
        If it is cut off or is something else.

    Examples
    --------
    >>> decode_ubjson(b"{U\x01aSU\x02hi}")
    {'a': 'hi'}
    """
    try:
        reader = _Reader(data)
        return reader.value(reader.mark(), 0)
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise UnsupportedFormatError(
            f"not a Universal Binary JSON document: {error!r}; save the model again"
        ) from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def mark(self) -> str:
        self._place += 1
        return chr(self._data[self._place - 1])

    def value(self, mark: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in _NUMBERS:
            return self._numbers(mark, 1)[0]
        if mark in {"S", "C"}:
            return self._text(1 if mark == "C" else None)
        if mark == "[":
            return self._array(depth)
        if mark == "{":
            return self._object(depth)
        raise ValueError(f"unknown mark {mark!r} at byte {self._place}")

    def _take(self, size: int) -> bytes:
        if size < 0 or self._place + size > len(self._data):
            raise ValueError("it is cut off")
        self._place += size
        return self._data[self._place - size : self._place]

    def _numbers(self, mark: str, count: int) -> list[Any]:
        kind = np.dtype(_NUMBERS[mark])
        values: list[Any] = np.frombuffer(self._take(kind.itemsize * count), kind).tolist()
        return values

    def _text(self, size: int | None = None) -> str:
        return self._take(self._length() if size is None else size).decode()

    def _length(self) -> int:
        return int(self._numbers(self.mark(), 1)[0])

    def _header(self) -> tuple[str | None, int | None]:
        """Return the type of all items and their number, where the container declares them."""
        kind = count = None
        if self._peek() == "$":
            self._place += 1
            kind = self.mark()
        if self._peek() == "#":
            self._place += 1
            count = self._length()
        return kind, count

    def _peek(self) -> str:
        return chr(self._data[self._place])

    def _array(self, depth: int) -> list[Any]:
        kind, count = self._header()
        if kind in _NUMBERS and kind is not None and count is not None:
            return self._numbers(kind, count)
        items: list[Any] = []
        while len(items) < count if count is not None else self._peek() != "]":
            items.append(self.value(kind or self.mark(), depth + 1))
        self._place += count is None
        return items

    def _object(self, depth: int) -> dict[str, Any]:
        kind, count = self._header()
        items: dict[str, Any] = {}
        while len(items) < count if count is not None else self._peek() != "}":
            name = self._text()
            items[name] = self.value(kind or self.mark(), depth + 1)
        self._place += count is None
        return items
