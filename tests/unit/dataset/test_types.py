"""Type inference on texts (contract 4.2)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitoring_core.dataset import TypeCode, column_from_texts, infer_type

F, I, B, S, M = TypeCode.FRACTIONAL, TypeCode.INTEGRAL, TypeCode.BOOLEAN, TypeCode.STRING, TypeCode.MISSING  # noqa: E741

TABLE = [
    ("18", I), ("-18", I), ("+18", I), ("- 18", I), (" 18", I), ("007", I), ("-0", I), ("9" * 400, I),
    ("18.00", F), ("3.0", F), ("-3.5", F), ("+ 3.5", F), ("1e5", F), ("1E+5", F), ("1.5e-7", F), ("1e999", F),
    ("true", B), ("false", B), ("True", S), ("TRUE", S), ("1.", S), (".5", S), ("5.", S), ("1,000", S),
    ("NaN", S), ("nan", S), ("Infinity", S), ("inf", S), ("null", S), ("None", S), ("1e", S), ("e5", S),
    ("0x10", S), ("1_000", S), ("18 ", S), ("  18", S), ("\t18", S), ("18\n", S), ("--1", S), ("1-2", S),
    ("\u0661", S), ("1.5.2", S), (" ", S), ("[1]", S), ("1],[2", S), ("", M), (None, M),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), TABLE)
def test_each_text_has_the_type_amazons_analyzer_gives_it(text: str | None, code: TypeCode) -> None:
    assert infer_type(text) is code
    assert column_from_texts([text]).codes.tolist() == [code]


def test_a_column_of_numbers_keeps_no_texts() -> None:
    column = column_from_texts(["1", "2.50", "", "1e3"])
    assert column.texts is None
    assert column.codes.tolist() == [I, F, M, F]
    np.testing.assert_array_equal(column.numbers, [1, 2.5, math.nan, 1000])
    assert column_from_texts(["007", "+5", "- 3"]).numbers.tolist() == [7, 5, -3]


def test_a_column_with_a_text_keeps_all_texts() -> None:
    column = column_from_texts(["1", "x", None, "true", ""])
    assert column.texts is not None
    assert column.texts.tolist() == ["1", "x", None, "true", None]
    np.testing.assert_array_equal(column.numbers, [1, math.nan, math.nan, math.nan, math.nan])


def test_a_number_beyond_a_double_is_infinite_for_the_reader_to_set_aside() -> None:
    assert column_from_texts(["1", "-1e999"]).numbers.tolist() == [1.0, -math.inf]


def test_no_values_make_an_empty_column() -> None:
    column = column_from_texts([])
    assert len(column) == 0
    assert column.texts is None


number_like = st.text(alphabet="0123456789+-.eE ,tn", max_size=6)
texts = st.lists(st.one_of(st.none(), st.sampled_from([text for text, _ in TABLE]), number_like, st.text(max_size=3)))


@given(texts)
@example(["1,2", "", "3"])
@example(["1", "null", ""])
@example(["", "1,2"])
def test_a_column_is_typed_value_by_value(values: list[str | None]) -> None:
    column = column_from_texts(values)
    assert column.codes.tolist() == [infer_type(text) for text in values]
    numeric = [code in (F, I) for code in column.codes]
    assert [not math.isnan(number) for number in column.numbers] == numeric
    expected = [float(text.replace(" ", "")) for text in values if text and infer_type(text) in (F, I)]
    assert column.numbers[numeric].tolist() == expected
    assert (column.texts is None) == all(code <= I for code in column.codes)
