from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.contract import Engine, Limits, Pass, RunSpec, Runtime
from functions.plan.choice import Size, choose_by_size
from functions.plan.estimate import HEAD_BYTES, sample_of
from functions.plan.handler import handler
from functions.plan.record_rows import rows_in
from monitoring_core.dataset.payload import Payload, decode
from monitoring_core.errors import ConfigError

BUCKET = "watch-bucket"
NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)
LIMITS = Limits(function_bytes=1000, function_rows=10, processing_bytes=5000, processing_rows=50)
ALL = (Engine.FUNCTION, Engine.PROCESSING, Engine.SPARK)


@pytest.mark.parametrize(
    ("size", "engine", "why"),
    [
        (Size(1000, 10), "function", "function: up to function_bytes (1,000) and function_rows (10)"),
        (Size(1001, 10), "processing", "processing: more than function_bytes (1,000)"),
        (Size(1000, 11), "processing", "processing: more than function_rows (10)"),
        (Size(5000, 50), "processing", "processing: more than function_bytes (1,000) and function_rows (10)"),
        (Size(5001, 50), "spark", "spark: more than processing_bytes (5,000)"),
        (Size(5000, 51), "spark", "spark: more than processing_rows (50)"),
    ],
)
def test_each_threshold_decides_and_is_named(size: Size, engine: str, why: str) -> None:
    choice = choose_by_size(size, LIMITS, ALL)
    assert (choice.engine, choice.reason, choice.note) == (engine, why, "")


@pytest.mark.parametrize(
    ("engines", "engine"),
    [
        ((Engine.FUNCTION,), "function"),
        ((Engine.FUNCTION, Engine.PROCESSING), "processing"),
        ((Engine.FUNCTION, Engine.SPARK), "spark"),
    ],
)
def test_an_engine_that_is_not_there_is_replaced_and_the_run_says_so(engines: tuple[Engine, ...], engine: str) -> None:
    too_much_for_a_function = choose_by_size(Size(2000, 5), LIMITS, engines)
    assert too_much_for_a_function.engine == engine
    assert bool(too_much_for_a_function.note) == (engine == "function")
    assert "processing" in too_much_for_a_function.reason


@given(rows=st.lists(st.integers(1, 60), min_size=3, max_size=300))
def test_lines_are_estimated_as_they_are_from_a_whole_object(rows: list[int]) -> None:
    body = b"".join(b"x" * length + b"\n" for length in rows)
    for stored in (body, gzip.compress(body)):
        sample = sample_of(stored)
        assert len(stored) * sample.rows / sample.stored == pytest.approx(len(rows))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PAYLOADS = [
    Payload("1,2", "CSV"),
    Payload("1,2\n3,4\n\n5,6\r\n", "CSV"),
    Payload('{"instances": [[1, 2], [3, 4]]}', "JSON"),
    Payload('{"predictions": [0.1, 0.2, 0.3]}', "JSON"),
    Payload('{"rows": [{"a": 1}, {"a": 2}]}', "JSON"),
    Payload('{"features": [1, 2]}', "JSON"),
    Payload("[[1], [2], [3], [4]]", "JSON"),
    Payload('{"a": 1}\n{"a": 2}\n', "JSON"),
    Payload(encoded("1,2\n3,4\n"), "BASE64", "text/csv"),
    Payload(encoded('{"instances": [[1], [2]]}'), "BASE64", "application/json"),
    Payload(encoded("7\n8\n9"), "BASE64"),
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("side", ["endpointInput", "endpointOutput", "batchTransformOutput"])
def test_rows_of_a_record_are_counted_as_the_engines_read_them(payload: Payload, side: str) -> None:
    content = {"data": payload.data, "encoding": payload.encoding, "observedContentType": payload.content_type}
    line = json.dumps({"captureData": {side: content}, "eventMetadata": {"eventId": "1"}}).encode()
    assert rows_in(line) == len(decode(payload).rows)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b'{"captureData": {}}',
        b'{"captureData": {"endpointInput": {"data": "%", "encoding": "BASE64"}}}',
    ],
)
def test_what_cannot_be_read_counts_as_one_row(line: bytes) -> None:
    assert rows_in(line) == 1


def test_a_record_that_is_longer_than_the_sample_is_counted_as_far_as_it_goes() -> None:
    rows = "1,2,3\n" * 200_000
    line = json.dumps({"captureData": {"endpointInput": {"data": rows, "encoding": "CSV"}}}).encode() + b"\n"
    sample = sample_of(line[:HEAD_BYTES])
    assert len(line) * sample.rows / sample.stored == pytest.approx(200_000, rel=0.01)


def plan(run: RunSpec, context: Any, limits: dict[str, int], engines: list[str]) -> Pass:
    event = {
        "runs": {run.monitor: run.model_dump(mode="json")},
        "request": {"scheduled_time": "2013-04-01T13:10:00Z"},
        "limits": limits,
        "engines": engines,
        "execution": "exec-1",
    }
    [planned] = handler(event, context)["passes"]
    return Pass.model_validate(planned)


def test_auto_tells_bytes_rows_and_the_limit_that_decided(
    put_capture: Callable[..., str], run_spec: RunSpec, context: Any
) -> None:
    put_capture(NOON, ["1,a"] * 40)
    put_capture(NOON + timedelta(hours=1), ["1,a"] * 10)
    small = plan(run_spec, context, {"function_rows": 50}, ["function", "processing"])
    assert (small.engine, small.job) == ("function", None)
    large = plan(run_spec, context, {"function_rows": 49}, ["function", "processing"])
    assert large.engine == "processing"
    size = large.runs[0].plan.bytes
    assert large.engine_reason == (
        f"processing: more than function_rows (49); 1 capture objects begun in the window, {size:,} bytes, "
        f"1 near it, {size // 4:,} bytes, about 50 rows in all, 1 to a record in the first 40 of the largest"
    )
    lonely = plan(run_spec, context, {"function_rows": 49}, ["function"])
    assert lonely.engine == "function"
    assert "configure runtime.processing and deploy again" in lonely.runs[0].plan.note
    assert lonely.runs[0].plan.metrics


def test_a_wish_is_followed_whatever_the_size(put_capture: Callable[..., str], run_spec: RunSpec, context: Any) -> None:
    put_capture(NOON, ["1,a"])
    wish = run_spec.model_copy(update={"runtime": Runtime.SPARK})
    planned = plan(wish, context, {}, ["function", "spark"])
    assert planned.engine == "spark"
    assert planned.engine_reason.startswith("spark, as the configuration says; 1 capture objects")
    with pytest.raises(ConfigError, match="runtime spark is asked for, but this state machine has only: function"):
        plan(wish, context, {}, ["function"])


def test_nothing_is_written_for_a_function(
    put_capture: Callable[..., str], run_spec: RunSpec, context: Any, s3: Any
) -> None:
    put_capture(NOON, ["1,a"])
    plan(run_spec, context, {}, ["function", "processing"])
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="work/")["KeyCount"] == 0


def test_requests_of_many_rows_are_planned_by_their_rows(
    put_capture: Callable[..., str], run_spec: RunSpec, context: Any
) -> None:
    put_capture(NOON, ["1,a\n" * 100] * 20)
    many = plan(run_spec, context, {"function_rows": 1999}, ["function", "processing"])
    assert many.engine == "processing"
    assert many.engine_reason.endswith("about 2,000 rows in all, 100 to a record in the first 20 of the largest")
