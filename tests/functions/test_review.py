"""The review queue: what is asked, once, and how answers become labels of the next run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.common.storage import read
from functions.review import drawing
from functions.review.handler import handler
from functions.review.selection import Selection
from monitoring_core.dataset import Source, read_ground_truth
from monitoring_core.errors import DataError, NoDataError
from monitoring_core.window import Window
from watchkeeper.reviewing.answer import hand_in
from watchkeeper.reviewing.files import list_asked, place_of

BUCKET, ENDPOINT = "watch-bucket", "flights-prod"
WINDOW = Window.parse("2013-04-01T12:00:00Z/2013-04-01T13:00:00Z")
LABELS = f"s3://{BUCKET}/ground-truth/{ENDPOINT}/"
PLACE = place_of(BUCKET, ENDPOINT)
NOW = datetime(2013, 4, 2, 9, 30, tzinfo=UTC)
SELECTION: dict[str, Any] = {
    "columns": {"outputs": ["late"], "features": ["temp", "origin"]},
    "probability": "late",
    "between": [0.4, 0.6],
    "max_per_window": 5,
}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, s3: Any) -> Callable[[], list[dict[str, Any]]]:  # noqa: ARG001 - a fixture
    url = boto3.client("sqs").create_queue(QueueName="review")["QueueUrl"]
    for name, value in {
        "BUCKET": BUCKET,
        "ENDPOINT": ENDPOINT,
        "CAPTURE_PREFIX": f"s3://{BUCKET}/capture/{ENDPOINT}/",
        "QUEUE_URL": url,
        "SELECTION": json.dumps(SELECTION),
    }.items():
        monkeypatch.setenv(name, value)

    def messages() -> list[dict[str, Any]]:
        answer = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", ())]

    return messages


@pytest.fixture
def capture(s3: Any) -> Callable[..., None]:
    """Write calls with their answers, a second apart; an id each."""

    def put(answers: list[str], rows: list[str] | None = None, *, name: str = "00", **metadata: Any) -> None:
        lines = []
        for i, answer in enumerate(answers):
            row = rows[i] if rows else f"{i},EWR"
            sides = {"Input": row, "Output": answer}
            data = {
                f"endpoint{side}": {
                    "observedContentType": "text/csv",
                    "mode": side.upper(),
                    "data": text,
                    "encoding": "CSV",
                }
                for side, text in sides.items()
            }
            at = WINDOW.start + timedelta(seconds=i)
            event = {"eventId": f"event-{name}-{i}", "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", **metadata}
            lines.append(json.dumps({"captureData": data, "eventMetadata": event, "eventVersion": "0"}))
        key = f"capture/{ENDPOINT}/AllTraffic/2013/04/01/12/{name}-00-000-abc.jsonl"
        s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join(lines).encode() + b"\n")

    return put


def completed() -> dict[str, Any]:
    detail = {
        "endpoint": ENDPOINT,
        "monitor": "data-quality",
        "schedule": "flights-prod-data-quality",
        "run_id": "r",
        "window": {"start": "2013-04-01T12:00:00Z", "end": "2013-04-01T13:00:00Z"},
        "revision": 1,
        "status": "Completed",
        "violations": 0,
        "rows": 9,
        "drift_excess": None,
        "worst": [],
        "report": None,
        "manifest": None,
        "reason": "",
    }
    return {"source": "watchkeeper", "detail-type": "Monitor Run Completed", "detail": detail}


def items_of(uri: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read(uri).splitlines()]


def test_predictions_that_are_not_sure_go_to_the_queue_once(queue: Any, capture: Any, context: Any) -> None:
    capture(["0.1", "0.45", "0.9", "0.6"])
    for _ in range(3):
        handler(completed(), context)
    (order,) = queue()
    assert (order["items"], order["objects"], order["objects_read"]) == (2, 1, 1)
    items = items_of(order["file"])
    assert {item["event_id"] for item in items} == {"event-00-1", "event-00-3"}
    assert {item["why"][0] for item in items} == {
        "late 0.45 is between 0.4 and 0.6",
        "late 0.6 is between 0.4 and 0.6",
    }
    assert all(item["features"] is None and item["label"] is None for item in items)
    assert list(items[0]["prediction"]) == ["late"]


def test_raw_rows_are_in_the_file_only_where_the_configuration_says_so(
    queue: Any, capture: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELECTION", json.dumps(SELECTION | {"raw_rows": True}))
    capture(["0.5"])
    handler(completed(), context)
    assert items_of(queue()[0]["file"])[0]["features"] == {"temp": "0", "origin": "EWR"}


def test_segments_and_flags_of_callers_are_chosen_too(
    queue: Any, capture: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = [{"column": "origin", "equals": ["JFK"]}, {"column": "temp", "equals": [7]}]
    asked = SELECTION | {"between": None, "segments": segments, "custom_attribute": "review-me"}
    monkeypatch.setenv("SELECTION", json.dumps(asked))
    capture(["0.9", "0.9", "0.9"], ["1,JFK", "7.0,EWR", "2,EWR"])
    capture(["0.9"], name="01", customAttributes=["review-me"])
    handler(completed(), context)
    assert sorted(item["why"][0] for item in items_of(queue()[0]["file"])) == [
        "flagged by its caller: review-me",
        "origin is JFK",
        "temp is 7.0",
    ]


def test_of_many_the_same_ones_are_drawn_in_any_order_and_however_often_captured(
    queue: Any, capture: Any, context: Any, s3: Any
) -> None:
    capture(["0.5"] * 40)
    handler(completed(), context)
    first = {item["event_id"] for item in items_of(queue()[0]["file"])}
    assert len(first) == 5
    key = f"capture/{ENDPOINT}/AllTraffic/2013/04/01/12/00-00-000-abc.jsonl"
    lines = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().splitlines()
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"\n".join([*reversed(lines), *lines]) + b"\n")
    again = drawing.draw_window(f"s3://{BUCKET}/capture/{ENDPOINT}/", WINDOW, Selection.model_validate(SELECTION))
    assert {item.event_id for item in again.items} == first


def test_of_a_window_that_is_too_large_whole_objects_are_read(
    queue: Any, capture: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("00", "01", "02"):
        capture(["0.5"], name=name)
    monkeypatch.setattr(drawing, "MAX_BYTES", 1)
    handler(completed(), context)
    (order,) = queue()
    assert (order["items"], order["objects"], order["objects_read"]) == (1, 3, 1)


def answered(uri: str, label: Any) -> bytes:
    return b"".join(json.dumps(item | {"label": label, "reviewer": "ann"}).encode() + b"\n" for item in items_of(uri))


def test_answers_become_labels_that_the_reader_joins(queue: Any, capture: Any, context: Any) -> None:
    capture(["0.1", "0.45"], inferenceId="case-7")
    capture(["0.9\n0.5"], ["1,EWR\n2,JFK"], name="01")
    handler(completed(), context)
    (order,) = queue()
    done = hand_in(answered(order["file"], "late, very"), "f", PLACE, LABELS, NOW)
    assert done.uri.startswith(f"{LABELS}2013/04/02/09/review-")
    assert (done.labels, done.again) == (2, False)
    truth = read_ground_truth([Source(done.uri, read(done.uri))])
    assert truth.labels == {"case-7": ("late, very",), "event-01-0": (None, "late, very")}
    assert [one.answers for one in list_asked(PLACE)] == [1]


def test_the_same_answers_handed_in_later_are_written_to_the_same_place(
    queue: Any, capture: Any, context: Any, s3: Any
) -> None:
    capture(["0.5"])
    handler(completed(), context)
    body = answered(queue()[0]["file"], 1)
    first = hand_in(body, "f", PLACE, LABELS, NOW)
    s3.delete_object(Bucket=BUCKET, Key=first.uri.removeprefix(f"s3://{BUCKET}/"))  # as if it had stopped before
    second = hand_in(body, "f", PLACE, LABELS, NOW + timedelta(days=1))
    assert (second.uri, second.again) == (first.uri, True)
    assert read(second.uri)
    assert hand_in(body.replace(b'"label": 1', b'"label": 0'), "f", PLACE, LABELS, NOW).uri != first.uri


def test_a_file_without_answers_or_with_odd_ones_is_refused(queue: Any, capture: Any, context: Any) -> None:
    capture(["0.5"])
    handler(completed(), context)
    uri = queue()[0]["file"]
    with pytest.raises(NoDataError, match="no line has a `label`"):
        hand_in(read(uri), "f", PLACE, LABELS, NOW)
    with pytest.raises(DataError, match="f, line 1: label"):
        hand_in(answered(uri, True), "f", PLACE, LABELS, NOW)
