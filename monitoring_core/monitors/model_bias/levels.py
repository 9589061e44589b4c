"""Columns as levels: below, equal or above what was chosen, or every value by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Column, TypeCode
from monitoring_core.dataset.types import infer_type
from monitoring_core.spec.model_bias import CategoryValue, ColumnSelection
from monitoring_core.stats.group_tally import Levels

MISSING: Final = ""
OTHER: Final = "<"
EQUAL: Final = "="
ABOVE: Final = ">"

_CHOSEN: Final = (MISSING, OTHER, EQUAL, ABOVE)
_FEW: Final = 1 << 10
"""Within such a range, names are cheaper than finding out which of them occur."""
_NARROW: Final = 1 << 16
"""Integers within such a range are counted without sorting them."""

Codes = NDArray[np.int32]


def levels_of(column: Column, selection: ColumnSelection) -> Levels:
    """Return the level of every value of a column.

    With `equals` or several values: equal or other. With a threshold: above or other; what is no number is missing.
    With one value whose meaning is not decided yet: equal, above or other. Without a choice: each value by its name.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> column = column_from_texts(["1", "2", None, "3"])
    >>> def chosen(**how):
    ...     codes, names = levels_of(column, ColumnSelection(column="x", **how))
    ...     return [names[code] for code in codes]
    >>> chosen(equals=[2]), chosen(greater_than=2), chosen(value_or_threshold=["2"])
    (['<', '=', '', '<'], ['<', '<', '', '>'], ['<', '=', '', '>'])
    >>> chosen()
    ['1', '2', '', '3']
    """
    if selection.is_every_value:
        return every_value(column)
    values = selection.equals or selection.value_or_threshold
    by_number = selection.greater_than is not None or any(as_number(value) is not None for value in values)
    numbers = numeric(column) if by_number else column.numbers
    if selection.greater_than is not None:
        codes = np.where(numbers > selection.greater_than, np.uint8(3), np.uint8(1))
        missing = np.isnan(numbers)
    else:
        codes = _equal(column, numbers, values).view(np.uint8) + np.uint8(1)
        missing = column.codes == TypeCode.MISSING
        if len(selection.value_or_threshold) == 1 and (threshold := as_number(values[0])) is not None:
            np.putmask(codes, numbers > threshold, 3)
    if missing.any():
        np.putmask(codes, missing, 0)
    return Levels(codes, _CHOSEN)


def group_levels(column: Column) -> Levels:
    """Return the value of every row as its level, in any order; levels that no row has may be among the names.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> group_levels(column_from_texts(["7", "5"])).names
    ('', '5', '6', '7')
    """
    if column.texts is None and len(column) and bool((column.codes == TypeCode.INTEGRAL).all()):
        low, high = float(column.numbers.min()), float(column.numbers.max())
        if high - low < _FEW:
            names = (MISSING, *(spell(low + place) for place in range(int(high - low) + 1)))
            return Levels((column.numbers - (low - 1)).astype(np.int32), names)
    return every_value(column)


def every_value(column: Column) -> Levels:
    """Return the value of every row as its level, in the order of first appearance; numbers have one spelling.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> codes, names = every_value(column_from_texts(["b", "1.0", "1", None]))
    >>> [names[code] for code in codes]
    ['b', '1', '1', '']
    """
    if column.texts is None:
        return _distinct_numbers(column.numbers)
    places: dict[str, int] = {MISSING: 0}
    by_text: dict[str | None, int] = {}
    for text in dict.fromkeys(column.texts.tolist()):
        by_text[text] = places.setdefault(canonical(text), len(places))
    codes = np.fromiter(map(by_text.__getitem__, column.texts.tolist()), dtype=np.int64, count=len(column))
    return Levels(codes, tuple(places))


def canonical(text: str | None) -> str:
    """Return the one spelling of a value.

    Examples
    --------
    >>> canonical("1.0"), canonical("007"), canonical("a"), canonical(None)
    ('1', '7', 'a', '')
    """
    if text is not None and infer_type(text) in (TypeCode.INTEGRAL, TypeCode.FRACTIONAL):
        return spell(float(text.replace(" ", "")))
    return text or MISSING


def spell(number: float) -> str:
    """Spell a number without a needless fraction.

    Examples
    --------
    >>> spell(3.0), spell(0.5)
    ('3', '0.5')
    """
    return str(int(number)) if number.is_integer() else repr(float(number))


def numeric(column: Column) -> NDArray[np.float64]:
    """Return the numbers of a column, with booleans (also ``True``, ``False``) as 1 and 0."""
    if column.texts is None:
        return column.numbers
    numbers = column.numbers.copy()
    for spelling, number in (("true", 1.0), ("True", 1.0), ("false", 0.0), ("False", 0.0)):
        numbers[(column.texts == spelling).astype(np.bool_)] = number
    return numbers


def as_number(value: CategoryValue) -> float | None:
    """Return a configured value as a number, None if it is none.

    Examples
    --------
    >>> as_number("40"), as_number(True), as_number("male")
    (40.0, 1.0, None)
    """
    try:
        return float(value)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(str(value).lower())


def _equal(column: Column, numbers: NDArray[np.float64], values: Sequence[CategoryValue]) -> NDArray[np.bool_]:
    found = np.zeros(len(column), dtype=np.bool_)
    for value in values:
        number = as_number(value)
        if number is not None:
            found |= numbers == number
        elif column.texts is not None:
            found |= (column.texts == value).astype(np.bool_)
    return found


def _distinct_numbers(numbers: NDArray[np.float64]) -> Levels:
    present = ~np.isnan(numbers)
    complete = bool(present.all())
    known = numbers if complete else numbers[present]
    if not known.size:
        return Levels(np.zeros(numbers.size, dtype=np.int32), (MISSING,))
    values, first, inverse = _narrow(known) or np.unique(known, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(1, len(order) + 1)
    names = (MISSING, *(spell(value) for value in values[order].tolist()))
    if complete:
        return Levels(rank[inverse], names)
    codes = np.zeros(numbers.size, dtype=np.int32)
    codes[present] = rank[inverse]
    return Levels(codes, names)


def _narrow(known: NDArray[np.float64]) -> tuple[NDArray[np.float64], Codes, Codes] | None:
    """Return what `np.unique` does, without sorting: integers of a narrow range; None for other numbers."""
    low, high = float(known.min()), float(known.max())
    if high - low >= _NARROW or not low.is_integer():
        return None
    places = (known - low).astype(np.int32)
    if not np.array_equal(places, known - low):
        return None
    first = np.full(int(high - low) + 1, -1, dtype=np.int32)
    first[places[::-1]] = np.arange(
        places.size - 1, -1, -1, dtype=np.int32
    )  # the last assignment, the first row, stays
    found = np.flatnonzero(first >= 0)
    rank = np.zeros(first.size, dtype=np.int32)
    rank[found] = np.arange(found.size)
    return found.astype(np.float64) + low, first[found], rank[places]
