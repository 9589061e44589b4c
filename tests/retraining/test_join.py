"""Joining captured requests with labels, and cutting them by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline_steps.faults import Times
from functions.pipeline_steps.join import LabelledRequest, join, split_by_time
from monitoring_core.dataset.capture import CapturedEvent
from monitoring_core.dataset.ground_truth import GroundTruth
from monitoring_core.errors import NoDataError
from monitoring_core.window import Window

START = datetime(2013, 4, 1, tzinfo=UTC)


def event(name: str, rows: int = 1, hour: int = 0, inference_id: str | None = None) -> CapturedEvent:
    inputs = tuple({"a": str(i), "b": None} for i in range(rows))
    outputs = tuple({"score": "0.5"} for _ in range(rows))
    return CapturedEvent(name, inference_id, START + timedelta(hours=hour), "v", inputs, outputs, ())


def request(hour: int, rows: int = 1) -> LabelledRequest:
    return LabelledRequest(f"r{hour}", START + timedelta(hours=hour), (("x",),) * rows, ("1",) * rows)


def test_rows_get_their_own_labels_in_request_order() -> None:
    joined, report = join([event("e", rows=3)], GroundTruth({"e": ("0", "1", "0")}), ["a", "b"])
    assert joined[0].rows == (("0", ""), ("1", ""), ("2", ""))
    assert joined[0].labels == ("0", "1", "0")
    assert (report.labelled_events, report.labelled_rows) == (1, 3)


def test_events_of_faulty_times_are_left_out_and_counted() -> None:
    events = [event("e1", hour=1), event("e2", hour=2), event("e2", hour=2), event("e3", hour=3)]
    truth = GroundTruth({"e1": ("1",), "e2": ("0",)})
    joined, report = join(events, truth, ["a"], {START + timedelta(hours=2)})
    assert [request.event_id for request in joined] == ["e1"]
    assert (report.repeated, report.faulty, report.without_label, report.labels_without_event) == (1, 1, 1, 1)


SPELL = st.tuples(st.integers(0, 60), st.integers(1, 12))


@given(st.lists(SPELL), st.integers(-1, 75))
def test_a_time_is_faulty_if_any_window_contains_it(spells: list[tuple[int, int]], hour: int) -> None:
    windows = [
        Window(START + timedelta(hours=start), START + timedelta(hours=start + length)) for start, length in spells
    ]
    time = START + timedelta(hours=hour)
    assert (time in Times(windows)) is any(window.contains(time) for window in windows)


def test_the_callers_id_joins_before_the_services() -> None:
    joined, _ = join([event("e", inference_id="mine")], GroundTruth({"mine": ("1",), "e": ("0",)}), ["a"])
    assert joined[0].labels == ("1",)


def test_nothing_is_lost_silently() -> None:
    events = [event("good", rows=2), event("good", rows=2), event("late"), event("short", rows=2)]
    truth = GroundTruth({"good": ("1", None), "short": ("1",), "stray": ("0",)}, duplicates=4)
    joined, report = join(events, truth, ["a"])
    assert [r.labels for r in joined] == [("1",)]
    assert (report.events, report.repeated, report.without_label, report.row_mismatch, report.labelled_events) == (
        4,
        1,
        1,
        1,
        1,
    )
    assert (report.labelled_rows, report.unlabelled_rows) == (1, 1)
    assert (report.labels_without_event, report.repeated_labels) == (2, 4)


def test_events_of_one_time_stay_on_one_side() -> None:
    requests = [request(0), request(1), request(1), request(1)]
    older, recent = split_by_time(requests, 0.1)
    assert (len(older), len(recent)) == (1, 3)


def test_one_time_only_cannot_be_split() -> None:
    with pytest.raises(NoDataError, match="2 labelled requests cannot be split by time with 20% held out"):
        split_by_time([request(5), request(5)], 0.2)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), min_size=2, max_size=40), st.floats(0.05, 0.95))
def test_the_cut_separates_times_and_keeps_everything(shapes: list[tuple[int, int]], share: float) -> None:
    requests = [request(hour, rows) for hour, rows in sorted(shapes)]
    try:
        older, recent = split_by_time(requests, share)
    except NoDataError:
        # only possible where every cut between two times holds out too little
        first = requests[0].time
        rest = sum(len(r.labels) for r in requests if r.time > first)
        assert rest < share * sum(len(r.labels) for r in requests)
        return
    assert older + recent == requests
    assert older[-1].time < recent[0].time
    assert sum(len(r.labels) for r in recent) >= share * sum(len(r.labels) for r in requests)
