"""Labels: CSV, JSON, several rows, duplicates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring_core.dataset import (
    GroundTruth,
    Quarantine,
    QuarantinedRecord,
    Reason,
    Source,
    read_ground_truth,
    upload_order,
)
from monitoring_core.dataset.ground_truth import collection_hour
from tests.unit.dataset.labels import label


@pytest.mark.parametrize(
    ("data", "encoding", "labels"),
    [
        ("1", "CSV", ("1",)),
        ("1\n", "CSV", ("1",)),
        ("0\n1\n0\n", "CSV", ("0", "1", "0")),
        ('"a,b"', "CSV", ("a,b",)),
        ('""', "CSV", (None,)),
        ("1", "JSON", ("1",)),
        ('"late"', "JSON", ("late",)),
        ('{"label": 0}', "JSON", ("0",)),
        ('{"label": null}', "JSON", (None,)),
        ('{"instances": [{"label": 0}, {"label": 1.5}]}', "JSON", ("0", "1.5")),
        ('{"instances": [0, 1]}', "JSON", ("0", "1")),
        ('{"label": 0}\n{"label": 1}', "JSON", ("0", "1")),
        ("MQ==", "BASE64", ("1",)),
    ],
)
def test_labels_of_every_encoding(data: str, encoding: str, labels: tuple[str | None, ...]) -> None:
    quarantine = Quarantine()
    found = read_ground_truth([Source("gt", label(data, encoding).encode())], quarantine)
    assert quarantine.examples == []
    assert found == GroundTruth({"e1": labels})


def test_the_last_label_of_an_event_wins_across_objects_and_repeats_are_counted() -> None:
    first = "\n".join([label("0"), label("1", event_id="e2"), label("1")])
    found = read_ground_truth([Source("a", first.encode()), Source("b", label("2").encode())])
    assert found == GroundTruth({"e1": ("2",), "e2": ("1",)}, duplicates=2)


def test_bad_labels_are_set_aside_with_their_line() -> None:
    lines = [
        label("0,1"),
        label("1", "XML"),
        label("", event_id="e9"),
        '{"eventMetadata":{"eventId":"e3"}}',
        label("1").replace("eventMetadata", "metadata"),
        "{",
        label('{"label": 1, "label": 2}', "JSON"),
        label("5", event_id="good"),
    ]
    quarantine = Quarantine()
    found = read_ground_truth([Source("gt", "\n".join(lines).encode())], quarantine)
    assert found == GroundTruth({"good": ("5",)})
    assert {example.line: example.reason for example in quarantine.examples} == {
        1: Reason.NOT_A_GROUND_TRUTH_RECORD,
        2: Reason.UNKNOWN_ENCODING,
        3: Reason.PAYLOAD_EMPTY,
        4: Reason.NOT_A_GROUND_TRUTH_RECORD,
        5: Reason.NOT_A_GROUND_TRUTH_RECORD,
        6: Reason.NOT_JSON,
        7: Reason.DUPLICATE_KEY,
    }
    assert quarantine.count == 7


@pytest.mark.parametrize(("name", "events"), [("reconstructed_churn_334", 334), ("test_gt", 334)])
def test_recorded_labels_are_read_whole(corpus: Path, name: str, events: int) -> None:
    quarantine = Quarantine()
    found = read_ground_truth([Source.of(corpus / "ground_truth" / f"{name}.jsonl")], quarantine)
    assert (len(found.labels), found.duplicates, quarantine.count) == (events, 0, 0)


def test_quarantines_of_two_shards_add_up() -> None:
    left, right = Quarantine(max_examples=1), Quarantine()
    left.add("a", 1, Reason.NOT_JSON)
    right.add("b", 2, Reason.NOT_JSON)
    right.add("b", 3, Reason.NUL)
    right.out_of_window = 4
    both = left.merge(right)
    assert (both.count, both.by_reason[Reason.NOT_JSON], both.out_of_window) == (3, 2, 4)
    assert both.examples == [QuarantinedRecord("a", 1, Reason.NOT_JSON)]
    assert left.count == 1


def test_labels_know_the_hour_in_which_they_were_collected() -> None:
    earlier, later = "a/2024/01/01/05/x.jsonl", "b/2024/01/01/06/x.jsonl"
    found = read_ground_truth([Source(earlier, label("0").encode()), Source(later, label("1").encode())])
    assert (found.labels, found.collected) == ({"e1": ("1",)}, {"e1": datetime(2024, 1, 1, 6, tzinfo=UTC)})
    found = read_ground_truth([Source(earlier, label("0").encode()), Source("by-hand.jsonl", label("1").encode())])
    assert (found.labels, found.collected) == ({"e1": ("1",)}, {})
    assert collection_hour("a/2024/13/01/05/x.jsonl") is None


def test_objects_of_several_prefixes_are_put_in_the_order_of_their_hours() -> None:
    names = ["b/2024/01/01/05/1000.jsonl", "a/2024/01/01/06/0100.jsonl", "a/2024/01/01/05/0900.jsonl"]
    assert sorted(names, key=upload_order) == [names[2], names[0], names[1]]
