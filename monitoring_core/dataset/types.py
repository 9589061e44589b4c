r"""Type inference: the type of each value, decided on its text as Amazon's analyzer decides it.

=========== ==========================================================
fractional  ``^(-|\+)? ?\d+((\.\d+)|((?:\.\d+)?[Ee][-+]?\d+))$``
integral    ``^(-|\+)? ?\d+$``
boolean     ``^(true|false)$``
missing     null and the empty text
string      everything else, so ``.5``, ``5.``, ``NaN`` and ``1,000``
=========== ==========================================================

The regular expressions are those of Deequ's ``StatefulDataType``, which the analyzer is built on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Column, TypeCode

_FRACTIONAL = re.compile(r"[-+]? ?[0-9]+(?:\.[0-9]+|(?:\.[0-9]+)?[Ee][-+]?[0-9]+)")
_INTEGRAL = re.compile(r"[-+]? ?[0-9]+")
_BOOLEANS = frozenset({"true", "false"})

_CODES: Mapping[type, TypeCode] = {
    int: TypeCode.INTEGRAL,
    float: TypeCode.FRACTIONAL,
    type(None): TypeCode.MISSING,
}
_NUMBER_BYTES = b"0123456789+-.eE,"
_numbers = msgspec.json.Decoder(list[int | float])
_anything = msgspec.json.Decoder(list)  # in half the time; the characters leave only numbers and null


def infer_type(text: str | None) -> TypeCode:
    """Return the type of one value.

    Examples
    --------
    >>> [infer_type(text).name for text in ("18.00", "18", "1e5", "true", "", None, ".5", "True", "NaN")]
    ['FRACTIONAL', 'INTEGRAL', 'FRACTIONAL', 'BOOLEAN', 'MISSING', 'MISSING', 'STRING', 'STRING', 'STRING']
    """
    if not text:
        return TypeCode.MISSING
    if _INTEGRAL.fullmatch(text):
        return TypeCode.INTEGRAL
    if _FRACTIONAL.fullmatch(text):
        return TypeCode.FRACTIONAL
    return TypeCode.BOOLEAN if text in _BOOLEANS else TypeCode.STRING


def column_from_texts(texts: Sequence[str | None]) -> Column:
    """Build a column from the texts of its values.

    Parameters
    ----------
    texts : sequence of str or None
        None and the empty text are missing.

    Returns
    -------
    Column
        A number too large for a double has the number ``inf``; readers set such rows aside.

    Examples
    --------
    >>> column = column_from_texts(["1", "2.5", None])
    >>> column.codes.tolist(), column.numbers.tolist(), column.texts
    ([2, 1, 0], [1.0, 2.5, nan], None)
    >>> column_from_texts(["1", "x", ""]).texts.tolist()
    ['1', 'x', None]
    """
    return _column_of_json_numbers(texts) or _column_of_any(texts)


def columns_from_rows(text: str, width: int) -> list[Column]:
    r"""Build the columns of CSV without quotes, much faster than from the texts of each.

    Parameters
    ----------
    text : str
        One row per line; the last has no line end.
    width : int
        Values in every row.

    Examples
    --------
    >>> [column.numbers.tolist() for column in columns_from_rows("1,2.5\n3,", 2)]
    [[1.0, 3.0], [2.5, nan]]
    """
    flat = text.replace("\n", ",")
    size = width * (text.count("\n") + 1)
    try:
        values = _decode_numbers(flat, size)
        numbers = None if values is None else _as_floats(values).reshape(-1, width).T
    except (msgspec.MsgspecError, OverflowError):  # not JSON numbers, or beyond a double
        values = numbers = None
    if values is None or numbers is None:
        fields = flat.split(",")
        return [column_from_texts(fields[at::width]) for at in range(width)]
    codes: list[NDArray[np.uint8]]
    if flat.count(".") == size:  # no number has two points, so each has one
        codes = [np.full(size // width, TypeCode.FRACTIONAL, dtype=np.uint8)] * width
    else:
        codes = [_codes_of(values[at::width]) for at in range(width)]
    return [Column(*pair) for pair in zip(codes, np.ascontiguousarray(numbers), strict=True)]


def _decode_numbers(flat: str, size: int) -> list[int | float | None] | None:
    """Decode comma separated values as one JSON array; None if any is neither a number nor missing."""
    if flat.encode().translate(None, delete=_NUMBER_BYTES):
        return None
    if ",," in flat or flat[:1] in ("", ",") or flat[-1:] == ",":
        flat = ("," + flat + ",").replace(",,", ",null,").replace(",,", ",null,")[1:-1]
    values = _anything.decode(f"[{flat}]")
    return values if len(values) == size else None


def _column_of_json_numbers(texts: Sequence[str | None]) -> Column | None:
    """Decode the whole column as one JSON array; None unless every value is a JSON number or missing.

    Every JSON number is a number for the analyzer, but not the reverse (``+1``, ``007``).
    """
    missing = "" in texts or None in texts
    present = [text for text in texts if text] if missing else texts
    joined = ",".join(present).encode() if present else b""  # type: ignore[arg-type]
    if joined.translate(None, delete=_NUMBER_BYTES):
        return None
    try:
        values = _numbers.decode(b"[%b]" % joined)
        codes, numbers = _codes_of(values), _as_floats(values)
    except (msgspec.MsgspecError, OverflowError):  # not JSON numbers, or beyond a double
        return None
    if len(values) != len(present):
        return None
    if not missing:
        return Column(codes, numbers)
    mask = np.fromiter(map(bool, texts), dtype=bool, count=len(texts))
    all_codes = np.full(len(texts), TypeCode.MISSING, dtype=np.uint8)
    all_numbers = np.full(len(texts), np.nan)
    all_codes[mask], all_numbers[mask] = codes, numbers
    return Column(all_codes, all_numbers)


def _as_floats(values: Sequence[int | float | None]) -> NDArray[np.float64]:
    """Return numbers as an array, nan where missing."""
    try:
        return np.fromiter(values, np.float64, len(values))
    except TypeError:  # None, which the slower way takes
        return np.array(values, np.float64)


def _codes_of(values: Sequence[int | float | None]) -> NDArray[np.uint8]:
    """Return the type of each number."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return np.full(len(values), _CODES[kinds.pop()], dtype=np.uint8)
    return np.fromiter(map(_CODES.__getitem__, map(type, values)), dtype=np.uint8, count=len(values))


def _column_of_any(texts: Sequence[str | None]) -> Column:
    """Infer each distinct text once."""
    distinct = dict.fromkeys(texts)
    types = {text: infer_type(text) for text in distinct}
    values = {text: _number(text, types[text]) for text in distinct}
    size = len(texts)
    codes = np.fromiter(map(types.__getitem__, texts), dtype=np.uint8, count=size)
    numbers = np.fromiter(map(values.__getitem__, texts), dtype=np.float64, count=size)
    if np.all(codes <= TypeCode.INTEGRAL):
        return Column(codes, numbers)
    kept = np.empty(size, dtype=np.object_)
    kept[:] = texts
    kept[codes == TypeCode.MISSING] = None
    return Column(codes, numbers, kept)


def _number(text: str | None, code: TypeCode) -> float:
    if text is None or code not in (TypeCode.FRACTIONAL, TypeCode.INTEGRAL):
        return float("nan")
    return float(text.replace(" ", ""))
