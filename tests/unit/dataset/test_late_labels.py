"""How the runs of one window are told apart by the labels they were made of."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from monitoring_core.dataset import Source, read_ground_truth, read_labelled
from monitoring_core.dataset.late_labels import revision_of, revision_prefix


def digest(labels: dict[str, str], order: list[str], answers: int = 3) -> str:
    side = {"data": "0.5", "encoding": "CSV"}
    events = [{"captureData": {"endpointOutput": side}, "eventMetadata": {"eventId": str(i)}} for i in range(answers)]
    truth = [
        {"groundTruthData": {"data": labels[name], "encoding": "CSV"}, "eventMetadata": {"eventId": name}}
        for name in order
    ]
    capture, ground = ("\n".join(map(json.dumps, lines)).encode() for lines in (events, truth))
    batches, report = read_labelled([Source("c", capture)], read_ground_truth([Source("g", ground)]))
    list(batches)
    return report.digest


@given(st.permutations(["0", "1", "2"]))
def test_a_digest_knows_no_order(order: list[str]) -> None:
    labels = {"0": "a", "1": "b", "2": "a"}
    assert digest(labels, order) == digest(labels, sorted(labels))


def test_a_digest_is_of_the_labels_that_met_an_event() -> None:
    labels = {"0": "a", "1": "b", "9": "a"}
    met = digest(labels, ["0", "1"])
    assert digest(labels, ["0", "1", "9"]) == met  # the event 9 is not of this window
    assert digest(labels, ["0"]) != met
    assert digest({"0": "a", "1": "a"}, ["0", "1"]) != met
    assert digest({"0": "b", "1": "a"}, ["0", "1"]) != met


def test_the_same_labels_are_the_same_revision_and_others_the_next() -> None:
    assert [revision_of(name, ["x", "y"]) for name in ("x", "y", "z")] == [1, 2, 3]
    assert [revision_prefix("r/", number) for number in (1, 2)] == ["r/", "r/rev-2/"]
