"""Captured events joined to their labels."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset import Batch, GroundTruth, JoinReport, Quarantine, Reason, Source, read_labelled
from monitoring_core.engines.partial import Partial, merge_partials
from monitoring_core.errors import ConfigError, DataError, IncompatibleStatesError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from tests.unit.dataset.captures import SCHEMA, record, side, values
from tests.unit.dataset.labels import label, truth

LABELLED = SCHEMA.model_copy(update={"label": "y"})
KEY = "capture/flights/blue/2024/01/01/00/00-00-000-x.jsonl"


def join(
    lines: list[str], labels: GroundTruth, columns: SchemaSpec | None = LABELLED, name: str = KEY, **options: object
) -> tuple[list[Batch], JoinReport, Quarantine]:
    quarantine = Quarantine()
    source = Source(name, "\n".join(lines).encode())
    batches, report = read_labelled([source], labels, columns, None, quarantine, **options)  # type: ignore[arg-type]
    return list(batches), report, quarantine


def test_the_label_is_the_last_column_and_events_without_label_vanish() -> None:
    lines = [record(event_id="e1"), record("4,5,6", "0.6", event_id="e2"), record(event_id="e3")]
    batches, report, quarantine = join(lines, truth([label("1", event_id="e2"), label("0", event_id="e9")]))
    assert values(batches) == {"score": [0.6], "a": [4.0], "b": [5.0], "c": [6.0], "y": [1.0]}
    assert [list(batch.columns) for batch in batches] == [["score", "a", "b", "c", "y"]]
    assert (report.events, report.matched, report.unmatched, report.labels_without_event) == (3, 1, 2, 1)
    assert (report.coverage, quarantine.count) == (1 / 3, 0)


def test_the_callers_id_comes_before_the_services_and_may_be_used_again() -> None:
    lines = [record(event_id="e1", inferenceId="order"), record(event_id="e2", inferenceId="order")]
    batches, report, _ = join(lines, truth([label("1", event_id="order"), label("0", event_id="e1")]))
    assert values(batches)["y"] == [1.0, 1.0]
    assert (report.matched, report.labels_without_event) == (2, 1)


@pytest.mark.parametrize(
    "labels",
    [
        label("0\n1"),
        label("0\n1\n"),
        label('{"instances": [{"label": 0}, {"label": 1}]}', "JSON"),
        label('{"label": 0}\n{"label": 1}', "JSON"),
    ],
)
def test_every_row_of_a_request_gets_its_own_label(labels: str) -> None:
    requests = [record("1,2,3\n4,5,6", "0.5\n0.6"), record("1,2,3\n4,5,6", "0.5,0.6", event_id="e2")]
    batches, report, quarantine = join(requests, truth([labels]))
    assert values(batches) == {"score": [0.5, 0.6], "a": [1.0, 4.0], "b": [2.0, 5.0], "c": [3.0, 6.0], "y": [0.0, 1.0]}
    assert (report.matched, quarantine.count) == (1, 0)


def test_a_null_label_is_a_missing_value_and_the_row_stays() -> None:
    batches, report, _ = join([record("1,2,3\n4,5,6", "0.5\n0.6")], truth([label('{"l": [[null], [1]]}', "JSON")]))
    assert (values(batches)["y"], report.matched) == ([None, 1.0], 1)


def test_an_event_with_another_number_of_labels_than_rows_is_set_aside() -> None:
    lines = [record(event_id="e1"), record(event_id="e2")]
    batches, report, quarantine = join(lines, truth([label("0\n1"), label("1", event_id="e2")]))
    assert (values(batches)["y"], report.matched) == ([1.0], 2)
    assert quarantine.by_reason == {Reason.LABELS_DIFFER: 1}
    assert quarantine.examples[0].detail == "1 rows, 2 labels"


def test_without_its_request_an_answer_has_as_many_rows_as_labels() -> None:
    batches, _, _ = join([record(None, "0.5,0.6")], truth([label("0\n1")]))
    assert values(batches) == {"score": [0.5, 0.6], "y": [0.0, 1.0]}


def test_texts_stay_texts() -> None:
    batches, _, _ = join([record(), record(event_id="e2")], truth([label("late"), label("on-time", event_id="e2")]))
    assert values(batches)["y"] == ["late", "on-time"]


def test_late_labels_are_used_and_counted() -> None:
    labels = truth([label("1")])
    for deadline, late in [(datetime(2024, 1, 1, 5, tzinfo=UTC), 1), (datetime(2024, 1, 1, 6, tzinfo=UTC), 0)]:
        batches, report, _ = join([record()], labels, deadline=deadline)
        assert (values(batches)["y"], report.late) == ([1.0], late)


def test_labels_given_again_are_counted() -> None:
    batches, report, _ = join([record()], truth([label("1"), label("0")]))
    assert (values(batches)["y"], report.duplicates) == ([0.0], 1)


@pytest.mark.parametrize("answer", ["0.5", side("[0.5]", "JSON", "application/json")])
def test_the_variant_is_a_column_before_the_label(answer: str) -> None:
    batches, _, _ = join([record(answer=answer)], truth([label("1")]), with_variant=True)
    assert list(batches[0].columns) == ["score", "a", "b", "c", "variant", "y"]
    assert values(batches)["variant"] == ["blue"]
    batches, _, _ = join([record(answer=answer)], truth([label("1")]), name="capture.jsonl", with_variant=True)
    assert values(batches)["variant"] == [None]


def test_only_events_of_the_window_are_events() -> None:
    window = Window.parse("2024-01-01T00:00:00Z/2024-01-01T01:00:00Z")
    inside, outside = record(event_id="e1"), record(event_id="e2", time="2024-01-01T01:00:00Z")
    quarantine = Quarantine()
    labels = truth([label("1"), label("1", event_id="e2")])
    batches, report = read_labelled(
        [Source(KEY, inside.encode())], labels, LABELLED, window, quarantine, [Source("n", outside.encode())]
    )
    assert sum(map(len, batches)) == 1
    assert (report.events, report.labels_without_event, quarantine.out_of_window) == (1, 1, 1)


def shards(events: list[list[str]], labels: GroundTruth) -> JoinReport:
    lines = (
        [record(event_id=f"{i}-{j}", inferenceId=id_) for j, id_ in enumerate(ids)] for i, ids in enumerate(events)
    )
    return reduce(JoinReport.merge, [join(own, labels)[1] for own in lines])


def test_reports_of_shards_are_the_report_of_the_whole_though_an_id_is_in_two_shards() -> None:
    events = [["a", "b"], [], ["b", "c", "x"], ["b"]]
    labels = truth([label("1", event_id=id_) for id_ in ("z", "a", "b", "c", "y", "a")])

    merged = shards(events, labels)

    assert merged == shards([[id_ for ids in events for id_ in ids]], labels)
    assert (merged.events, merged.matched, merged.labels_without_event, merged.duplicates) == (6, 5, 2, 1)
    read = Partial.load(Partial({}, labels=merged).dump()).labels
    assert read == merged
    assert read is not None
    assert read.merge(merged).labels_without_event == 2


def test_reports_of_other_labels_are_not_merged() -> None:
    one, other = (join([], truth([label("1", event_id=id_)]))[1] for id_ in "ab")

    with pytest.raises(IncompatibleStatesError, match="give all labels to each part"):
        one.merge(other)


def test_bad_labels_that_every_shard_has_read_are_counted_once() -> None:
    partials = []
    for shard in range(3):
        own, common = Quarantine(), Quarantine()
        own.add(f"capture-{shard}.jsonl", 7, Reason.NOT_JSON, excerpt="{")
        common.add("labels.jsonl", 1, Reason.NOT_A_GROUND_TRUTH_RECORD)
        partials.append(Partial.load(Partial({}, own, label_quarantine=common).dump()))

    quarantine = merge_partials({}, partials).quarantine

    assert dict(quarantine.by_reason) == {Reason.NOT_A_GROUND_TRUTH_RECORD: 1, Reason.NOT_JSON: 3}
    assert [record.source for record in quarantine.examples] == [
        "labels.jsonl",
        *(f"capture-{i}.jsonl" for i in range(3)),
    ]


def test_no_events_have_no_coverage() -> None:
    batches, report, _ = join([], truth([label("1")]))
    assert (batches, report.labels_without_event) == ([], 1)
    assert math.isnan(report.coverage)


def test_a_label_never_replaces_a_captured_column() -> None:
    with pytest.raises(ConfigError, match="'score' has the name of a captured column"):
        join([record()], truth([label("1")]), SCHEMA.model_copy(update={"label": "score"}))
    event = record(side(json.dumps({"ground_truth": 1}), "JSON"))
    with pytest.raises(DataError, match="already has a column 'ground_truth'"):
        join([event], truth([label("1")]), None)


EVENTS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 3), st.sampled_from(["CSV", "JSON"])), max_size=8)
TRUTH = st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.integers(0, 9), min_size=1, max_size=3))


@given(EVENTS, TRUTH)
def test_the_join_is_that_of_two_loops(events: list[tuple[str, int, str]], known: dict[str, list[int]]) -> None:
    lines = [
        record(
            "\n".join([f"{row},2,3" for row in range(rows)])
            if encoding == "CSV"
            else side(json.dumps([[row, 2, 3] for row in range(rows)]), "JSON"),
            "\n".join(["0.5"] * rows),
            event_id=event_id,
        )
        for event_id, rows, encoding in events
    ]
    labels = truth([label("\n".join(map(str, each)), event_id=event_id) for event_id, each in known.items()])
    batches, report, quarantine = join(lines, labels)
    matched = [(known[event_id], rows) for event_id, rows, _ in events if event_id in known]
    expected = [float(value) for each, rows in matched if len(each) == rows for value in each]
    assert values(batches).get("y", []) == expected
    assert (report.events, report.matched) == (len(events), len(matched))
    assert report.labels_without_event == len(known.keys() - {event_id for event_id, _, _ in events})
    assert quarantine.count == sum(len(each) != rows for each, rows in matched)
