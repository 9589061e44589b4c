"""Bad input: each kind has its reason, and never costs a good record."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.dataset import Quarantine, Reason, Source, read_capture
from monitoring_core.dataset.json_rows import MAX_COLUMNS, MAX_DEPTH
from monitoring_core.dataset.lines import count_quotes
from monitoring_core.dataset.payload import MAX_PAYLOAD_BYTES
from monitoring_core.window import Window
from tests.unit.dataset.captures import SCHEMA, read, record, side, values

GOOD = record().encode()
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def with_bytes(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


BAD = [
    (b"{", Reason.NOT_JSON),
    (b"garbage", Reason.NOT_JSON),
    (GOOD[:-1], Reason.NOT_JSON),
    (GOOD + GOOD, Reason.NOT_JSON),
    (with_bytes(b'"0"', b"NaN"), Reason.NOT_JSON),
    (b"null", Reason.NOT_A_CAPTURE_RECORD),
    (b"[]", Reason.NOT_A_CAPTURE_RECORD),
    (b"{}", Reason.NOT_A_CAPTURE_RECORD),
    (record(None, None).encode(), Reason.NOT_A_CAPTURE_RECORD),
    (with_bytes(b'"data":"1,2,3"', b'"data":5'), Reason.NOT_A_CAPTURE_RECORD),
    (with_bytes(b'"data":"1,2,3",', b""), Reason.NOT_A_CAPTURE_RECORD),
    (with_bytes(b"2024-01-01T", b"2024-13-01T"), Reason.NOT_A_CAPTURE_RECORD),
    (with_bytes(b"00:00Z", b"00:00"), Reason.NOT_A_CAPTURE_RECORD),
    (with_bytes(b"1,2,3", b"1,\xff,3"), Reason.NOT_UTF8),
    (with_bytes(b'"0"', b'"\xe9"'), Reason.NOT_UTF8),
    (with_bytes(b"1,2,3", b"1,\x00,3"), Reason.NUL),
    (with_bytes(b"1,2,3", b"1,\\u0000,3"), Reason.NUL),
    (with_bytes(b"1,2,3", b"1,\\ud800,3"), Reason.NOT_JSON),
    (with_bytes(b'"eventId":"e1"', b'"eventId":"e1","eventId":"e2"'), Reason.DUPLICATE_KEY),
    (with_bytes(b'"eventId":"e1"', b'"eventId":"e1","\\u0065ventId":"e2"'), Reason.DUPLICATE_KEY),
    (with_bytes(b'"data":"0.5"', b'"data":"0.5","data":"0.9"'), Reason.DUPLICATE_KEY),
    (with_bytes(b'"eventVersion":"0"', b'"other":"0","other":"1"'), Reason.DUPLICATE_KEY),
    (with_bytes(b'"eventVersion":"0"', b'"x":' + b"[" * 5000 + b"]" * 5000), Reason.TOO_DEEP),
    (record(side("1,2,3", "XML")).encode(), Reason.UNKNOWN_ENCODING),
    (record(side("!!!", "BASE64")).encode(), Reason.PAYLOAD_NOT_BASE64),
    (record(side("MSwyLDM", "BASE64")).encode(), Reason.PAYLOAD_NOT_BASE64),
    (record(side("AAEC/w==", "BASE64", "application/x-npy")).encode(), Reason.UNREADABLE_CONTENT_TYPE),
    (record(side("MSwyLDM=", "BASE64", "image/png")).encode(), Reason.UNREADABLE_CONTENT_TYPE),
    (record('1,"2,3').encode(), Reason.PAYLOAD_NOT_CSV),
    (record("").encode(), Reason.PAYLOAD_EMPTY),
    (record("\n").encode(), Reason.PAYLOAD_EMPTY),
    (record(side(" ", "JSON")).encode(), Reason.PAYLOAD_EMPTY),
    (record(side('{"instances": []}', "JSON")).encode(), Reason.PAYLOAD_EMPTY),
    (record(side('{"a": 1', "JSON")).encode(), Reason.PAYLOAD_NOT_JSON),
    (record(side('{"a": NaN}', "JSON")).encode(), Reason.PAYLOAD_NOT_JSON),
    (record(side('{"a": Infinity}', "JSON")).encode(), Reason.PAYLOAD_NOT_JSON),
    (record(side('{"a": 1, "b": 2, "a": 3}', "JSON")).encode(), Reason.DUPLICATE_KEY),
    (record(side('{"a": {"x": 1, "x" : 1}}', "JSON")).encode(), Reason.DUPLICATE_KEY),
    (record(side('{"a": "\\u0000"}', "JSON")).encode(), Reason.NUL),
    (record(side("[" * 900 + "]" * 900, "JSON")).encode(), Reason.TOO_DEEP),
    (record(side("[" * 50_000, "JSON")).encode(), Reason.TOO_DEEP),
    (record(side("[" * (MAX_DEPTH + 2) + "1" + "]" * (MAX_DEPTH + 2), "JSON")).encode(), Reason.TOO_DEEP),
    (record("1,2,1e999").encode(), Reason.NUMBER_OUT_OF_RANGE),
    (record("1,2," + "9" * 400).encode(), Reason.NUMBER_OUT_OF_RANGE),
    (record(side('{"a": 1, "b": 2, "c": -1e999}', "JSON")).encode(), Reason.NUMBER_OUT_OF_RANGE),
    (record("1,2,3\n4,5,6", "1").encode(), Reason.ROWS_DIFFER),
    (record("1,2").encode(), Reason.COLUMNS_DIFFER),
    (record("," * MAX_COLUMNS).encode(), Reason.TOO_MANY_COLUMNS),
    (record(side("[" + "1," * MAX_COLUMNS + "1]", "JSON")).encode(), Reason.TOO_MANY_COLUMNS),
    (record("1" * (MAX_PAYLOAD_BYTES + 1)).encode(), Reason.TOO_LARGE),
    (record("," * 4_000_001).encode(), Reason.TOO_LARGE),
]
SMALL = [(line, reason) for line, reason in BAD if len(line) < 100_000]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[f"{i}-{reason.name}" for i, (_, reason) in enumerate(BAD)])
def test_each_kind_has_its_reason_and_leaves_its_neighbours(line: bytes, reason: Reason) -> None:
    batches, quarantine = read(b"\n".join([record("1,2,3").encode(), line, record("4,5,6").encode()]))
    assert quarantine.by_reason == {reason: 1}
    assert values(batches)["a"] == [1.0, 4.0]
    (example,) = quarantine.examples
    assert (example.source, example.line) == ("capture.jsonl", 2)
    assert len(example.excerpt) <= 200


@pytest.mark.parametrize(("line", "reason"), [*SMALL, (record(time=None).encode(), Reason.NO_TIME)])
def test_a_bad_record_counts_in_one_window_wherever_its_object_was_begun(line: bytes, reason: Reason) -> None:
    begun_in = Window.parse("2023-12-31T23:00:00Z/2024-01-01T00:00:00Z")
    stands_in = Window.parse("2024-01-01T00:00:00Z/2024-01-01T01:00:00Z")
    source = Source("capture.jsonl", line + b"\n" + GOOD)
    own, near = Quarantine(), Quarantine()

    assert list(read_capture([source], SCHEMA, begun_in, own)) == []
    (batch,) = read_capture([], SCHEMA, stands_in, near, neighbours=[source])

    assert len(batch) == 1
    assert own.by_reason + near.by_reason == {reason: 1}


def test_an_unterminated_last_line_blank_lines_and_byte_order_marks_are_fine() -> None:
    batches, quarantine = read(b"\xef\xbb\xbf" + GOOD + b"\r\n\n  \n" + GOOD)
    assert (values(batches)["a"], quarantine.count) == ([1.0, 1.0], 0)


def test_key_names_inside_values_are_no_duplicate_keys() -> None:
    odd = record(side('{"data": 1, "b": "eventId", "c": "x\\": 1"}', "JSON"), mode="data", eventId="eventId")
    batches, quarantine = read([odd, odd], SCHEMA)
    assert quarantine.count == 0
    assert sum(map(len, batches)) == 2


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_a_cut_gzip_keeps_the_records_before_the_cut(cut: int) -> None:
    lines = [record(f"{i},2,3", event_id=str(uuid4())) for i in range(2000)]
    data = gzip.compress("".join(line + "\n" for line in lines).encode())
    batches, quarantine = read(data[:-cut])
    found = values(batches)["a"]
    assert quarantine.by_reason == {Reason.TRUNCATED: 1}
    assert found == list(range(len(found)))
    assert 1900 < len(found) <= 2000
    assert quarantine.examples[0].line == len(found) + 1


def test_damaged_gzip_keeps_the_records_before_the_damage() -> None:
    lines = [record(f"{i},2,3", event_id=str(uuid4())) for i in range(40_000)]
    data = bytearray(gzip.compress("".join(line + "\n" for line in lines).encode()))
    data[-1000:-900] = bytes(100)
    batches, quarantine = read(bytes(data))
    found = values(batches)["a"]
    assert quarantine.by_reason == {Reason.DAMAGED: 1}
    assert len(found) > 10_000
    assert found == list(range(len(found)))


def test_a_gzip_bomb_is_refused_and_the_next_object_is_read() -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(200)) + squeeze.flush()
    assert (200 << 20) / len(bomb) > 900
    quarantine = Quarantine()
    batches = list(read_capture([Source("bomb", bomb), Source("good", GOOD)], SCHEMA, quarantine=quarantine))
    assert quarantine.by_reason == {Reason.EXPANDS_TOO_MUCH: 1}
    assert values(batches)["a"] == [1.0]


def test_a_line_without_end_is_skipped_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring_core.dataset.lines.MAX_LINE_BYTES", 3 << 20)
    batches, quarantine = read(GOOD + b"\n" + b"x" * (7 << 20) + b"\n" + GOOD + b"\n" + b"y" * (4 << 20))
    assert quarantine.by_reason == {Reason.TOO_LARGE: 2}
    assert [example.line for example in quarantine.examples] == [2, 4]
    assert values(batches)["a"] == [1.0, 1.0]


def test_a_payload_of_six_megabytes_is_read() -> None:
    rows = 200_000
    request = "\n".join(["10,200,3000.25678901234567890"] * rows)
    assert len(request) > 5_500_000
    batches, quarantine = read([record(request, "\n".join(["0.5"] * rows))])
    assert (sum(map(len, batches)), quarantine.count) == (rows, 0)


def test_a_file_with_ten_percent_garbage_is_counted_exactly() -> None:
    rng = np.random.default_rng(7)
    lines, expected, good = [], Counter[Reason](), 0
    for i in range(20_000):
        if rng.random() < 0.1:
            line, reason = SMALL[rng.integers(len(SMALL))]
            expected[reason] += 1
        else:
            line = record(f"{i},2,3").encode()
            good += 1
        lines.append(line)
    batches, quarantine = read(b"\n".join(lines))
    assert sum(map(len, batches)) == good
    assert quarantine.by_reason == expected
    assert quarantine.count == expected.total()
    assert len(quarantine.examples) == 1000


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 10**6), st.sampled_from(SMALL)), min_size=1, max_size=30),
    st.booleans(),
    st.booleans(),
)
def test_any_mixture_of_good_and_bad_lines_is_told_apart(
    mixture: list[int | tuple[bytes, Reason]], terminated: bool, zipped: bool
) -> None:
    good = [part for part in mixture if isinstance(part, int)]
    bad = Counter(part[1] for part in mixture if not isinstance(part, int))
    lines = [record(f"{part},2,3").encode() if isinstance(part, int) else part[0] for part in mixture]
    if not good:  # rows of another width are odd only beside others
        lines, good = [*lines, GOOD], [1]
    data = b"\n".join(lines) + b"\n" * terminated
    batches, quarantine = read(gzip.compress(data) if zipped else data)
    assert values(batches)["a"] == good
    assert quarantine.by_reason == bad


def test_mutated_lines_never_crash_and_never_cost_a_good_one() -> None:
    rng = np.random.default_rng(11)
    corpus = [GOOD, *(line for line, _ in SMALL), record(side('{"a":[1,{"b":2.5}],"c":"x"}', "JSON")).encode()]
    noise = [b"", b"\0", b"\xff", b'"', b"{", b"[", b",", b"\\", b"9e9"]
    good = record("77,2,3").encode()
    for _ in range(30):
        lines = []
        for _ in range(200):
            line = bytearray(corpus[rng.integers(len(corpus))])
            for _ in range(rng.integers(1, 5)):
                at = rng.integers(len(line) + 1)
                line[at : at + rng.integers(4)] = noise[rng.integers(len(noise))]
            lines += [bytes(line).replace(b"\n", b""), good]
        batches, quarantine = read(b"\n".join(lines))
        assert values(batches)["a"].count(77.0) >= 200
        assert sum(map(len, batches)) >= 200
        assert quarantine.count <= 200


def test_a_record_whose_rows_are_bad_in_several_ways_counts_once() -> None:
    rows = '{"instances": [{"a": 1, "b": 2, "c": 3, "x": 0}, {"a": 1, "b": 2, "c": 3, "y": 0}, {"a": 1e999}]}'
    batches, quarantine = read([record(side(rows, "JSON"), "1\n2\n3"), record()])
    assert (sum(map(len, batches)), quarantine.count) == (1, 1)


JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x, max_size=3)
)


@given(JSON, st.booleans())
def test_quotes_of_strings_are_told_from_those_inside(document: object, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert count_quotes(text) == len(STRING.findall(text)) * 2
