"""CSV, JSON, Parquet and tables in memory."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset import (
    Batch,
    DatasetFormat,
    FileKind,
    Quarantine,
    Reason,
    Source,
    read_csv,
    read_dataset,
    read_json,
    read_json_lines,
    read_parquet,
    read_table,
)
from monitoring_core.errors import DataError, UnsupportedFormatError
from tests.unit.dataset.captures import Values, values


def csv(data: bytes | str, **options: Any) -> tuple[Values, Quarantine]:
    quarantine = Quarantine()
    content = data.encode() if isinstance(data, str) else data
    found = values(list(read_csv(Source("a.csv", content), quarantine=quarantine, **{"header": True, **options})))
    return found, quarantine


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_csv_with_a_header_any_line_end_and_a_byte_order_mark(end: str, last: str) -> None:
    found, quarantine = csv("\ufeff" + end.join(["x,y", "1,a", "", "2,"]) + last)
    assert found == {"x": [1.0, 2.0], "y": ["a", None]}
    assert quarantine.count == 0


def test_csv_without_a_header_is_numbered_or_takes_names() -> None:
    assert csv("1,2\n3,4", header=False)[0] == {"_c0": [1, 3], "_c1": [2, 4]}
    assert csv("1,2\n3,4", header=False, names=["p", "q"])[0] == {"p": [1, 3], "q": [2, 4]}
    assert csv("x,y\n3,4", names=["p", "q"])[0] == {"p": [3], "q": [4]}


def test_csv_quotes_hold_commas_quotes_and_line_ends() -> None:
    found, quarantine = csv('x,y\n"a,b","say ""hi"""\n"two\n\nlines","c"\r\n5" pipe,d\n')
    assert found == {"x": ["a,b", "two\n\nlines", '5" pipe'], "y": ['say "hi"', "c", "d"]}
    assert quarantine.count == 0


def test_a_stray_quote_costs_its_own_line_only() -> None:
    found, quarantine = csv('x,y\n1,a\n2,"b\n3,c\n4,"d"x\n5,"e"\n6,f\n')
    assert found == {"x": [1, 3, 5, 6], "y": ["a", "c", "e", "f"]}
    assert quarantine.by_reason == {Reason.NOT_CSV: 2}
    assert [example.line for example in quarantine.examples] == [3, 5]


def test_a_quoted_field_may_cross_blocks() -> None:
    long = "line\n" * 900
    filler = "1,a\n" * 300_000
    found, quarantine = csv(f'x,y\n{filler}2,"{long}"\n3,c\n')
    assert found["x"][-2:] == [2, 3]
    assert found["y"][-2] == long
    assert (len(found["x"]), quarantine.count) == (300_002, 0)


def test_ragged_and_unreadable_rows_go_to_the_quarantine() -> None:
    found, quarantine = csv(b"x,y\n1,a\n2\n3,b,c\n4,\xff\n5,\x00\n1e999,f\n7,g\n")
    assert found == {"x": [1, 7], "y": ["a", "g"]}
    assert quarantine.by_reason == {
        Reason.COLUMNS_DIFFER: 2,
        Reason.NOT_UTF8: 1,
        Reason.NUL: 1,
        Reason.NUMBER_OUT_OF_RANGE: 1,
    }
    details = {example.line: example.detail for example in quarantine.examples}
    assert (details[3], details[4]) == ("1 instead of 2", "3 instead of 2")


def test_the_first_row_does_not_decide_the_width_alone() -> None:
    found, quarantine = csv("1,2,3\n4,5\n6,7\n", header=False)
    assert found == {"_c0": [4, 6], "_c1": [5, 7]}
    assert quarantine.count == 1


def test_csv_says_which_names_are_wrong() -> None:
    with pytest.raises(DataError, match="column name 'x' twice"):
        csv("x,x\n1,2")
    with pytest.raises(DataError, match="has 2 columns, but 3 names: p, q, r"):
        csv("1,2\n3,4", header=False, names=["p", "q", "r"])


def test_an_empty_csv_has_no_batches() -> None:
    assert csv("")[0] == {}
    assert csv("x,y\n")[0] == {}


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    usable = [(x, y) for x, y in rows if "\0" not in x + y]
    frame = pd.DataFrame([("k", "k"), *usable], columns=["x", "y"])
    text = frame.to_csv(index=False, lineterminator="\n", quoting=1)
    quarantine = Quarantine()
    found = list(read_csv(Source("a.csv", text.encode("utf-8", "surrogatepass")), header=True, quarantine=quarantine))
    assert sum(map(len, found)) + quarantine.count == len(frame)


def test_json_lines_are_flattened_and_absent_keys_are_missing() -> None:
    lines = b'{"x": 1.0, "y": {"z": [true, null]}}\n{"x": 2, "new": "n"}\nbad\n{"x": 1, "x": 2}\n[7]\n\xff\n'
    quarantine = Quarantine()
    (batch,) = read_json_lines(Source("a.jsonl", lines), quarantine)
    assert values([batch]) == {
        "x": [1.0, 2.0, None],
        "y_z_0": ["true", None, None],
        "y_z_1": [None, None, None],
        "new": [None, "n", None],
        "_c0": [None, None, 7.0],
    }
    assert batch["x"].codes.tolist() == [1, 2, 0]
    assert quarantine.by_reason == {Reason.NOT_JSON: 1, Reason.DUPLICATE_KEY: 1, Reason.NOT_UTF8: 1}


def test_a_json_document_has_one_row_per_element() -> None:
    (batch,) = read_json(
        Source("a.json", gzip.compress(b'{"instances": [{"features": [1, 2]}, {"features": [3, 4]}]}'))
    )
    assert values([batch]) == {"features_0": [1, 3], "features_1": [2, 4]}
    quarantine = Quarantine()
    assert list(read_json(Source("a.json", b"{"), quarantine)) == []
    assert quarantine.by_reason == {Reason.NOT_JSON: 1}


TABLE = pa.table(
    {
        "i": pa.array([1, None, 3], pa.int32()),
        "u": pa.array([1, 2, 3], pa.uint64()),
        "f": pa.array([1.0, float("nan"), None], pa.float32()),
        "d": pa.array([1, 2, None], pa.decimal128(10, 2)),
        "b": pa.array([True, None, False]),
        "s": pa.array(["x", "", "12"]),
        "c": pa.array(["u", "v", None]).dictionary_encode(),
        "t": pa.array([0, None, 0], pa.timestamp("s")),
        "l": pa.array([[1, 2], None, []]),
        'odd "name"': pa.array([None, None, None], pa.int8()),
    }
)
EXPECTED = {
    "i": [2, 0, 2],
    "u": [2, 2, 2],
    "f": [1, 0, 0],
    "d": [1, 1, 0],
    "b": [3, 0, 3],
    "s": [4, 0, 2],
    "c": [4, 4, 0],
    "t": [4, 0, 4],
    "l": [4, 0, 4],
    'odd "name"': [0, 0, 0],
}


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def codes(batches: list[Batch]) -> dict[str, list[int]]:
    return {name: [code for batch in batches for code in batch[name].codes.tolist()] for name in batches[0].columns}


class Exported:
    """Knows nothing but the Arrow C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table",
    [TABLE, TABLE.to_reader(max_chunksize=2), Exported()],
    ids=["pyarrow table", "record batch reader", "any arrow stream"],
)
def test_types_of_an_arrow_table_come_from_its_schema(table: Any) -> None:
    assert codes(list(read_table(table))) == EXPECTED


def test_types_of_a_parquet_file_come_from_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "part[0]*.parquet"  # no pattern
    path.write_bytes(parquet_bytes(TABLE))
    for source in (Source.of(path), Source("a.parquet", path.read_bytes())):
        batches = list(read_parquet(source))
        assert codes(batches) == EXPECTED
        assert values(batches)["b"] == ["true", None, "false"]
        assert batches[0]["i"].texts is None


def test_types_of_a_pandas_frame_come_from_its_dtypes() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [1.0, None],
            "n": pd.array([1, None], dtype="Int64"),
            "b": [True, False],
            "s": ["x", None],
            "o": [1, "x"],
            "c": pd.Categorical(["u", None]),
        }
    )
    batches = list(read_table(frame))
    assert codes(batches) == {
        "i": [2, 2], "f": [1, 0], "n": [2, 0], "b": [3, 3], "s": [4, 0], "o": [2, 4], "c": [4, 0]
    }  # fmt: skip
    with pytest.raises(UnsupportedFormatError, match="cannot read a dict"):
        list(read_table({"x": [1]}))


def test_parquet_is_read_in_chunks_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring_core.dataset.typed.CHUNK_VALUES", 2000)
    numbers = np.arange(10_500)
    table = pa.table({"x": numbers, "y": numbers / 2})
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet_bytes(table, row_group_size=700))
    for batches in (list(read_parquet(Source.of(path))), list(read_table(table)), list(read_table(table.to_pandas()))):
        assert len(batches) == 11
        assert np.array_equal(np.concatenate([batch["x"].numbers for batch in batches]), numbers)


def test_infinite_numbers_are_set_aside_with_their_row() -> None:
    quarantine = Quarantine()
    (batch,) = read_parquet(Source("a", parquet_bytes(pa.table({"x": [1.0, float("inf"), 3.0]}))), quarantine)
    assert batch["x"].numbers.tolist() == [1.0, 3.0]
    assert [(example.line, example.reason) for example in quarantine.examples] == [(2, Reason.NUMBER_OUT_OF_RANGE)]


def test_a_damaged_parquet_file_is_named() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"a\.parquet is not a readable Parquet file"):
        list(read_parquet(Source("a.parquet", parquet_bytes(TABLE)[:-10])))
    with pytest.raises(DataError, match=r"cannot read /nowhere/a\.csv: No such file"):
        list(read_csv(Source.of("/nowhere/a.csv"), header=True))


@pytest.mark.parametrize(
    ("given", "kind", "header", "outputs_last"),
    [
        ({"csv": {"header": True, "output_columns_position": "START"}}, FileKind.CSV, True, False),
        ('{"csv": {"header": "false", "output_columns_position": "END"}}', FileKind.CSV, False, True),
        ({"json": {"lines": True}}, FileKind.JSON_LINES, False, False),
        ({"json": {"line": False}}, FileKind.JSON, False, False),
        ('{"parquet": {}}', FileKind.PARQUET, False, False),
    ],
)
def test_amazons_dataset_format_is_understood(given: Any, kind: FileKind, header: bool, outputs_last: bool) -> None:
    assert DatasetFormat.parse(given) == DatasetFormat(kind, header, outputs_last)


@pytest.mark.parametrize(
    "given", ["", "[]", "{}", '{"xml": {}}', '{"csv": {"header": "yes"}}', '{"csv": {"sep": ";"}}', '{"csv": 5}']
)
def test_an_unknown_dataset_format_says_what_is_allowed(given: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"unknown dataset_format .*allowed are"):
        DatasetFormat.parse(given)


def test_a_data_set_is_read_by_its_ending_and_outputs_come_first() -> None:
    table = pa.table({"x": [1], "y": [2]})
    sources = [
        Source("a.csv", b"x,y\n1,2"),
        Source("a.CSV.gz", gzip.compress(b"x,y\n1,2")),
        Source("a.jsonl", b'{"x":1,"y":2}'),
        Source("a.json", b'[{"x":1,"y":2}]'),
        Source("a.parquet", parquet_bytes(table)),
    ]
    for source in sources:
        assert values(list(read_dataset(source))) == {"x": [1], "y": [2]}
    (batch,) = read_dataset(sources[0], DatasetFormat(FileKind.CSV, header=True, outputs_last=True))
    assert list(batch.columns) == ["y", "x"]
    with pytest.raises(UnsupportedFormatError, match=r"cannot tell the format of 'a\.xlsx'"):
        list(read_dataset(Source("a.xlsx", b"")))
