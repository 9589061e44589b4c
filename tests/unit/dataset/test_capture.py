"""Every encoding of data capture, and how its rows become columns."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset import Quarantine, Reason, Source, read_capture, read_events
from monitoring_core.dataset.capture_record import FORMAT, align_each, join_plain
from monitoring_core.dataset.json_rows import Row
from monitoring_core.dataset.types import column_from_texts, columns_from_rows
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from tests.unit.dataset.captures import SCHEMA, read, record, side, values

ONE_ROW = {"score": [0.5], "a": [1.0], "b": [2.0], "c": [3.0]}
TWO_ROWS = {"score": [0.5, 0.6], "a": [1.0, 4.0], "b": [2.0, 5.0], "c": [3.0, 6.0]}


def json_side(document: object, content_type: str = "application/json") -> dict[str, Any]:
    text = document if isinstance(document, str) else json.dumps(document)
    return side(text, "JSON", content_type)


def base64_side(text: str, content_type: str | None) -> dict[str, Any]:
    return side(base64.b64encode(text.encode()).decode(), "BASE64", content_type)


@pytest.mark.parametrize(
    ("request_side", "answer_side"),
    [
        ("1,2,3", "0.5"),
        ("1,2,3\n", "0.5\r\n"),
        (base64_side("1,2,3", "text/csv"), base64_side("0.5", "text/csv; charset=utf-8")),
        (json_side([1, 2, 3]), json_side([0.5])),
        (json_side({"instances": [[1, 2, 3]]}), json_side({"predictions": [[0.5]]})),
        (json_side({"instances": [{"features": [1, 2, 3]}]}), json_side({"predictions": [{"probability": 0.5}]})),
        (json_side({"a": 1, "b": 2, "c": 3}), "0.5"),
        (json_side({"c": 3, "b": 2, "a": 1}), json_side({"score": 0.5})),
        (json_side('{"a": 1, "b": 2, "c": 3}\n', "application/jsonlines"), "0.5"),
        (base64_side('{"a": 1, "b": 2, "c": 3}', "application/json"), base64_side("[0.5]", None)),
        (base64_side("1,2,3", None), base64_side('{"score": 0.5}', "application/json; charset=utf-8")),
    ],
)
def test_one_row_reads_alike_in_every_encoding(request_side: Any, answer_side: Any) -> None:
    batches, quarantine = read([record(request_side, answer_side)])
    assert quarantine.examples == []
    assert values(batches) == ONE_ROW
    assert list(batches[0].columns) == ["score", "a", "b", "c"]


@pytest.mark.parametrize(
    ("request_side", "answer_side"),
    [
        ("1,2,3\n4,5,6", "0.5\n0.6\n"),
        ("1,2,3\r\n4,5,6\r\n", "0.5,0.6"),
        ('"1",2,3\n4,5,6', json_side([0.5, 0.6])),
        (json_side([[1, 2, 3], [4, 5, 6]]), json_side({"predictions": [0.5, 0.6]})),
        (json_side({"instances": [{"a": 1, "b": 2, "c": 3}, {"a": 4, "b": 5, "c": 6}]}), "0.5\n0.6"),
        (
            json_side({"rows": [{"a": 1, "b": 2, "c": 3}, {"a": 4, "b": 5, "c": 6}]}),
            json_side([{"p": 0.5}, {"p": 0.6}]),
        ),
        (
            json_side('{"features":[1,2,3]}\n{"features":[4,5,6]}', "application/jsonlines"),
            json_side('{"score":0.5}\n{"score":0.6}\n', "application/jsonlines"),
        ),
    ],
)
def test_a_request_with_two_rows_gives_two_rows(request_side: Any, answer_side: Any) -> None:
    batches, quarantine = read([record(request_side, answer_side)])
    assert quarantine.examples == []
    assert values(batches) == TWO_ROWS


@pytest.mark.parametrize(
    ("request_side", "answer_side"),
    [
        ("1,2,3\n4,5,6", "0.5,0.6,0.7"),
        ("1,2,3\n4,5,6", "0.5"),
        ("1,2,3", "0.5\n0.6"),
        (json_side({"instances": [[1, 2, 3], [4, 5, 6]]}), json_side([0.5])),
        (json_side('{"a":1}\n{"a":2}'), json_side('{"score":1}\n{"score":2}\n{"score":3}')),
    ],
)
def test_rows_that_cannot_be_paired_are_never_guessed(request_side: Any, answer_side: Any) -> None:
    batches, quarantine = read([record(request_side, answer_side), record()])
    assert quarantine.by_reason == {Reason.ROWS_DIFFER: 1}
    assert values(batches) == ONE_ROW


def test_an_answer_to_one_row_may_be_a_list_of_objects() -> None:
    answer = json_side([{"label": "x", "score": 0.9}, {"label": "y", "score": 0.1}])
    batches, _ = read([record(json_side({"text": "hi"}), answer)], None)
    assert values(batches) == {"0_label": ["x"], "0_score": [0.9], "1_label": ["y"], "1_score": [0.1], "text": ["hi"]}


def test_columns_without_a_schema_are_numbered_outputs_first() -> None:
    batches, _ = read([record()], None)
    assert values(batches) == {"_c0": [0.5], "_c1": [1.0], "_c2": [2.0], "_c3": [3.0]}


def test_features_alone_name_the_whole_row_by_position() -> None:
    batches, _ = read([record()], SchemaSpec(features=("p", "x", "y", "z")))
    assert values(batches) == {"p": [0.5], "x": [1.0], "y": [2.0], "z": [3.0]}


def test_a_missing_json_key_is_a_missing_value_and_a_new_key_a_new_column() -> None:
    lines = [record(json_side({"a": 1, "c": 3}), "0.5"), record(json_side({"a": 1, "b": None, "c": ""}), "0.6")]
    batches, quarantine = read(lines)
    assert values(batches) == {"score": [0.5, 0.6], "a": [1.0, 1.0], "b": [None, None], "c": [3.0, None]}
    assert quarantine.count == 0
    batches, _ = read([record(json_side({"a": 1, "b": 2, "c": 3, "d": 4}), "0.5")])
    assert list(batches[0].columns) == ["score", "a", "b", "c", "d"]


def test_without_a_schema_keys_may_differ_from_row_to_row() -> None:
    batches, quarantine = read([record(json_side({"a": 1})), record(json_side({"a": 2, "b": 3})), record("1,2")], None)
    assert values(batches) == {"_c0": [0.5, 0.5], "a": [1.0, 2.0], "b": [3.0]}
    assert quarantine.by_reason == {Reason.COLUMNS_DIFFER: 1}


def test_each_side_may_be_missing() -> None:
    batches, quarantine = read([record(answer=None), record(request=None), record()])
    assert values(batches) == {"score": [0.5, 0.5], "a": [1.0, 1.0], "b": [2.0, 2.0], "c": [3.0, 3.0]}
    assert (quarantine.count, sum(map(len, batches))) == (0, 3)


def test_a_few_rows_of_another_width_are_set_aside_but_not_if_all_are_so() -> None:
    batches, quarantine = read([record(), record("1,2"), record("1,2,3,4")])
    assert values(batches) == ONE_ROW
    assert quarantine.by_reason == {Reason.COLUMNS_DIFFER: 2}
    assert [example.line for example in quarantine.examples] == [2, 3]
    batches, quarantine = read([record("1,2,3,4"), record("5,6,7,8"), record("1,2")])
    assert values(batches) == {"score": [0.5, 0.5], "a": [1, 5], "b": [2, 6], "c": [3, 7], "_c4": [4, 8]}
    assert quarantine.by_reason == {Reason.COLUMNS_DIFFER: 1}


def test_texts_keep_the_form_they_were_sent_in() -> None:
    batches, _ = read([record('1.0,"a, ""b""",007'), record(json_side({"a": 1.50, "b": True, "c": "x"}), "0.5")])
    assert batches[0]["a"].codes.tolist() == [1, 1]
    assert batches[0]["b"].texts is not None
    assert batches[0]["b"].texts.tolist() == ['a, "b"', "true"]
    assert batches[0]["c"].codes.tolist() == [2, 4]


def test_window_is_half_open_and_events_outside_are_counted() -> None:
    times = ["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "2024-01-01T00:59:59.999Z", "2024-01-01T01:00:00Z"]
    lines = [record(f"{i},2,3", time=time) for i, time in enumerate(times)]
    lines += [record(time=None)]
    batches, quarantine = read(lines, window=Window.parse("2024-01-01T00:00:00Z/2024-01-01T01:00:00Z"))
    assert values(batches)["a"] == [1.0, 2.0]
    assert quarantine.out_of_window == 2
    assert quarantine.by_reason == {Reason.NO_TIME: 1}
    assert len(read(lines)[0][0]) == 5  # without a window nobody needs the time


def test_gzip_is_recognised_by_its_bytes_and_members_may_follow_each_other() -> None:
    data = gzip.compress(record("1,2,3").encode() + b"\n") + gzip.compress(record("4,5,6").encode())
    batches, quarantine = read(data)
    assert values(batches)["a"] == [1.0, 4.0]
    assert quarantine.count == 0


def test_small_objects_share_a_batch_in_their_order() -> None:
    sources = [Source(f"{i}.jsonl", record(f"{i},2,3").encode()) for i in range(50)]
    (batch,) = read_capture(sources, SCHEMA)
    assert batch["a"].numbers.tolist() == list(range(50))


plain = st.lists(
    st.sampled_from(["", "1", "2.5", "-7e3", "x", " 3", "+1", "007", "9" * 30, "9" * 400, "1e999", "true"]),
    min_size=3,
    max_size=4,
).map(",".join)


@given(st.lists(st.tuples(plain, st.sampled_from(["0.5", "0.5\n", "1", "a,b"])), min_size=1, max_size=8))
def test_records_read_at_once_and_one_by_one_give_the_same(pairs: list[tuple[str, str]]) -> None:
    lines = "".join(record(*pair) + "\n" for pair in pairs).encode()
    source, quarantine = Source("x", lines), Quarantine()
    (records,) = FORMAT.read(source, quarantine)
    events = list(align_each(records, source, quarantine))
    rows = [[*(e.outputs[0] or Row([])).values, *(e.inputs[0] or Row([])).values] for e in events]
    together = join_plain(records)
    widths = {(answer.count(","), request.count(",")) for request, answer in pairs}
    assert (together is None) == (len(widths) > 1)
    assert quarantine.count == 0
    if together is not None:
        assert together.text.split("\n") == [",".join(value or "" for value in row) for row in rows]
        width = together.output_width + together.input_width
        for found, texts in zip(columns_from_rows(together.text, width), zip(*rows, strict=True), strict=True):
            expected = column_from_texts(texts)
            assert found.codes.tolist() == expected.codes.tolist()
            np.testing.assert_array_equal(found.numbers, expected.numbers)
            assert (found.texts is None) == (expected.texts is None)
            assert found.texts is None or expected.texts is None or found.texts.tolist() == expected.texts.tolist()


def test_events_carry_identity_rows_and_variant() -> None:
    line = record("1,2,3\n4,,6", "0.5,0.6", "e7", inferenceId="order-42", customAttributes=["team=a"])
    key = "capture/flights/blue/2024/01/01/00/07-21-267-ca5fa9e7.jsonl"
    (event,) = read_events([Source(key, line.encode())], SCHEMA)
    assert (event.event_id, event.inference_id, event.join_id, event.variant) == ("e7", "order-42", "order-42", "blue")
    assert event.time == datetime(2024, 1, 1, tzinfo=UTC)
    assert event.output_rows == ({"score": "0.5"}, {"score": "0.6"})
    assert event.input_rows == ({"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": None, "c": "6"})
    assert event.custom_attributes == ("team=a",)


def test_events_of_input_only_capture_have_no_outputs() -> None:
    (event,) = read_events([Source("x", record(json_side({"a": 1}), None).encode())], SCHEMA)
    assert event.output_rows == ({},)
    assert event.input_rows == ({"a": "1", "b": None, "c": None},)
    assert event.variant == ""


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("reconstructed_churn_334", 334, 70), ("records_jsonlines", 6, 16)],
)
def test_recorded_captures_are_read_whole(corpus: Path, name: str, rows: int, columns: int) -> None:
    quarantine = Quarantine()
    batches = list(read_capture([Source.of(corpus / "captured" / f"{name}.jsonl")], quarantine=quarantine))
    assert (sum(map(len, batches)), quarantine.count) == (rows, 0)
    assert {len(batch.columns) for batch in batches} == {columns}


def test_recorded_captures_of_many_endpoints_are_each_read(corpus: Path) -> None:
    rows = 0
    for name in ("records_csv", "records_json"):
        for line in (corpus / "captured" / f"{name}.jsonl").read_bytes().splitlines():
            quarantine = Quarantine()
            rows += sum(map(len, read_capture([Source(name, line)], quarantine=quarantine)))
            assert quarantine.count == 0
    assert rows == 63 + 17


def test_synthetic_edge_cases_are_read(corpus: Path) -> None:
    found = {}
    for line in (corpus / "captured" / "SYNTHETIC_edge_cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        batches, quarantine = read([json.dumps(case["record"])], None)
        assert quarantine.count == 0
        found[case["case"]] = list(values(batches).values())
    two_rows = [[0.5, 0.6], [1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    assert found["base64 both sides (no CaptureContentTypeHeader)"] == [[0.5], [1.0], [2.0], [3.0]]
    assert found["mixed encodings: first-party analyzer rejects it"] == [[0.5], [1.0]]
    assert found["multi-row CSV request, newline separated answer"] == two_rows
    assert found["multi-row CSV request, comma separated answer (older XGBoost container)"] == two_rows
    assert found["json lines request"] == [[0.5, 0.6], [1.0, 3.0], [2.0, 4.0]]
    assert found["null output content type"] == [["x"], ["hi"]]
    assert found["empty and quoted csv fields"] == [[0.5], [1.0], [None], ["a,b"], ["NaN"]]
    assert found["input only (CaptureMode Input)"] == [[1.0], [2.0], [3.0]]
