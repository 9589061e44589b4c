"""Amazon's merged records, in and out, and the output of batch transforms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitoring_core.dataset import (
    Quarantine,
    Reason,
    Source,
    read_labelled,
    read_merged,
    write_merged,
)
from monitoring_core.dataset.batch_output import manifest_objects, read_batch_records
from monitoring_core.errors import DataError
from monitoring_core.spec import SchemaSpec
from monitoring_core.window import Window
from tests.unit.dataset.captures import SCHEMA, record, side, values
from tests.unit.dataset.labels import label, truth

KEY = "capture/flights/AllTraffic/2024/01/01/00/00-00-000-x.jsonl"


def merged(data: dict[str, Any], labels: str = "1", **metadata: str) -> str:
    return json.dumps(
        {
            "eventVersion": "0",
            "groundTruthData": {"data": labels, "encoding": "CSV"},
            "captureData": data,
            "eventMetadata": {"eventId": "e1", **metadata},
        }
    )


def read(lines: list[str], columns: SchemaSpec | None = None, **options: Any) -> tuple[dict[str, Any], Quarantine]:
    quarantine = Quarantine()
    source = Source(KEY, "\n".join(lines).encode())
    return values(list(read_merged([source], columns, quarantine=quarantine, **options))), quarantine


def test_recorded_merged_records_are_read_with_their_labels(corpus: Path) -> None:
    lines = (corpus / "merged" / "records.jsonl").read_text().splitlines()
    for line in lines:
        truth_of = json.loads(line)["groundTruthData"]
        n_rows = truth_of["data"].count('"label"') if truth_of["encoding"] == "JSON" else 1
        found, quarantine = read([line], sides=None)
        assert quarantine.count == 0
        assert len(found["ground_truth"]) == n_rows
        assert set(found["ground_truth"]) <= {0.0, 1.0}


def test_a_quality_job_reads_the_answer_alone() -> None:
    line = merged({"endpointInput": side("1,2,3"), "endpointOutput": side("0.5")})
    assert read([line], SCHEMA)[0] == {"score": [0.5], "ground_truth": [1.0]}
    everything = {"score": [0.5], "a": [1.0], "b": [2.0], "c": [3.0], "ground_truth": [1.0]}
    assert read([line], SCHEMA, sides=None)[0] == everything
    assert read([line], SCHEMA, sides=["endpointInput", "endpointOutput"])[0] == everything


def test_an_unreadable_request_does_not_matter_where_the_answer_alone_is_read() -> None:
    line = merged({"endpointInput": side("x", "BINARY"), "endpointOutput": side("0.5,0.6")}, "0\n1")
    assert read([line], SCHEMA)[0] == {"score": [0.5, 0.6], "ground_truth": [0.0, 1.0]}
    assert read([line], SCHEMA, sides=None)[1].by_reason == {Reason.UNKNOWN_ENCODING: 1}


@pytest.mark.parametrize(
    ("output", "columns", "expected"),
    [
        (side("1,2,0.5"), None, {"_c0": [1.0], "_c1": [2.0], "_c2": [0.5]}),
        (side("1,2,0.5"), SchemaSpec(outputs=("p",), features=("a", "b")), {"p": [0.5], "a": [1.0], "b": [2.0]}),
        (side("0.5"), SchemaSpec(outputs=("p",), features=("a", "b")), {"p": [0.5]}),
        (
            side('{"SageMakerOutput": {"p": 0.5}, "features": [1, 2]}', "JSON"),
            None,
            {"p": [0.5], "features_0": [1.0], "features_1": [2.0]},
        ),
        (
            side('{"SageMakerOutput": [0.5], "b": 2, "a": 1}', "JSON"),
            SchemaSpec(outputs=("p",), features=("a", "b")),
            {"p": [0.5], "a": [1.0], "b": [2.0]},
        ),
    ],
)
def test_a_batch_transforms_answer_stands_beside_its_input(
    output: dict[str, Any], columns: SchemaSpec | None, expected: dict[str, Any]
) -> None:
    found, quarantine = read([merged({"batchTransformOutput": output})], columns)
    assert (found, quarantine.count) == (expected | {"ground_truth": [1.0]}, 0)


def test_a_batch_document_with_several_rows_pairs_them_with_its_labels() -> None:
    document = {"SageMakerOutput": {"predictions": [{"p": 0.5}, {"p": 0.6}]}, "instances": [{"x": [1]}, {"x": [2]}]}
    output = side(json.dumps(document), "JSON")
    found, _ = read([merged({"batchTransformOutput": output}, "0\n1")])
    assert found == {"p": [0.5, 0.6], "x_0": [1.0, 2.0], "ground_truth": [0.0, 1.0]}
    document["instances"].append({"x": [3]})  # type: ignore[attr-defined]
    _, quarantine = read([merged({"batchTransformOutput": side(json.dumps(document), "JSON")}, "0\n1")])
    assert quarantine.by_reason == {Reason.ROWS_DIFFER: 1}


def test_bad_merged_records_are_set_aside_with_their_reason() -> None:
    good = merged({"endpointOutput": side("0.5")})
    lines = [
        good,
        record(),
        merged({"endpointOutput": side("0.5")}, "0,1"),
        merged({"endpointOutput": side("0.5")}, ""),
        merged({}),
        good.replace('{"data"', '{"data": "7", "data"', 1),
        good,
    ]
    found, quarantine = read(lines)
    assert found["ground_truth"] == [1.0, 1.0]
    assert [(each.line, each.reason) for each in sorted(quarantine.examples, key=lambda each: each.line)] == [
        (2, Reason.NOT_A_MERGED_RECORD),
        (3, Reason.NOT_A_GROUND_TRUTH_RECORD),
        (4, Reason.PAYLOAD_EMPTY),
        (5, Reason.NOT_A_CAPTURE_RECORD),
        (6, Reason.DUPLICATE_KEY),
    ]


def test_the_window_applies_to_records_that_have_a_time() -> None:
    window = Window.parse("2024-01-01T00:00:00Z/2024-01-01T01:00:00Z")
    answer = {"endpointOutput": side("0.5")}
    lines = [
        merged(answer, inferenceTime="2024-01-01T00:30:00Z"),
        merged(answer, inferenceTime="2024-01-01T01:00:00Z"),
        merged(answer),
        merged({"batchTransformOutput": side("0.7")}),
    ]
    found, quarantine = read(lines, window=window)
    assert found["_c0"] == [0.5, 0.7]
    assert (quarantine.out_of_window, quarantine.by_reason) == (1, {Reason.NO_TIME: 1})


LABELS = [
    label("1", event_id="order-7"),
    label("0\n1", event_id="e2"),
    label('{"label": 1}', "JSON", event_id="e3"),
    label("1", event_id="other"),
]
EVENTS = [
    record(event_id="e1", inferenceId="order-7"),
    record("1,2,3\n4,5,6", "0.5,0.6", event_id="e2", time="2024-01-01T01:30:00Z"),
    record(side('{"a": 1, "b": 2.50, "c": null}', "JSON", "application/json"), event_id="e3"),
    record(event_id="unlabelled"),
]


def test_reading_what_was_merged_gives_the_joined_rows() -> None:
    source = Source(KEY, "\n".join(EVENTS).encode())
    columns = SCHEMA.model_copy(update={"label": "y"})
    joined, _ = read_labelled([source], truth(LABELS), columns, with_variant=True)
    objects, report = write_merged([source], truth(LABELS), prefix="merge/flights")
    written = dict(objects)
    folders = {key.rpartition("/")[0] for key in written}
    assert folders == {"merge/flights/AllTraffic/2024/01/01/00", "merge/flights/AllTraffic/2024/01/01/01"}
    assert (report.matched, report.unmatched, report.labels_without_event) == (3, 1, 1)
    again = read_merged([Source(*each) for each in written.items()], columns, sides=None, with_variant=True)
    found, expected = values(list(again)), values(list(joined))
    assert list(found) == ["score", "a", "b", "c", "variant", "y"]
    assert sorted(zip(*found.values(), strict=True), key=str) == sorted(zip(*expected.values(), strict=True), key=str)


def test_merged_records_have_amazons_form() -> None:
    objects, _ = write_merged([Source(KEY, EVENTS[0].encode())], truth(LABELS), prefix="merge/flights")
    ((key, lines),) = objects
    assert key.startswith("merge/flights/AllTraffic/2024/01/01/00/part-00000-")
    assert key.endswith(".c000.jsonl")
    assert lines.decode() == (
        '{"eventVersion":"0","groundTruthData":{"data":"1","encoding":"CSV"},"captureData":{'
        '"endpointInput":{"data":"1,2,3","encoding":"CSV","mode":"INPUT","observedContentType":"text/csv"},'
        '"endpointOutput":{"data":"0.5","encoding":"CSV","mode":"OUTPUT","observedContentType":"text/csv"}},'
        '"eventMetadata":{"eventId":"e1","inferenceId":"order-7","inferenceTime":"2024-01-01T00:00:00Z"}}\n'
    )


def test_merging_again_writes_the_same_and_more_labels_a_new_object() -> None:
    source = Source(KEY, "\n".join(EVENTS).encode())
    runs = [dict(write_merged([source], truth(labels), prefix="m")[0]) for labels in (LABELS[:1], LABELS[:1], LABELS)]
    assert runs[0] == runs[1]
    assert not runs[0].keys() & runs[2].keys()


BATCH = SchemaSpec(outputs=("p",), features=("a", "b"), label="y")
CSV_OUTPUT = (
    '1,2,0.5,id-1,2023-01-19T05:32:51Z\n3,4,0.6,"id-2","2023-01-19T05:32:51Z"\r\n5,6,0.7,id-3,2023-01-19T05:32:52Z\n'
)
JSON_OUTPUT = "\n".join(
    json.dumps(
        {
            "SageMakerInferenceId": f"id-{row}",
            "SageMakerInferenceTime": "2023-01-19T05:32:51Z",
            "SageMakerOutput": {"p": 0.4 + row / 10},
            "features": [2 * row - 1, 2 * row],
        }
    )
    for row in (1, 2, 3)
)


@pytest.mark.parametrize("text", [CSV_OUTPUT, JSON_OUTPUT])
def test_batch_output_is_joined_by_the_ids_it_was_given(text: str) -> None:
    labels = truth([label("0", event_id="id-1"), label("1", event_id="id-3")])
    source, quarantine = Source("out/test.csv.out", text.encode()), Quarantine()
    batches, report = read_labelled([source], labels, BATCH, None, quarantine, reader=read_batch_records)
    assert values(list(batches)) == {"p": [0.5, 0.7], "a": [1.0, 5.0], "b": [2.0, 6.0], "y": [0.0, 1.0]}
    assert (report.events, report.matched, quarantine.count) == (3, 2, 0)
    objects, _ = write_merged([source], labels, prefix="merge/nightly", reader=read_batch_records)
    ((key, lines),) = objects
    assert key.startswith("merge/nightly/2023/01/19/05/part-00000-")
    first = json.loads(lines.splitlines()[0])
    assert list(first) == ["eventMetadata", "eventVersion", "groundTruthData", "captureData"]
    assert (first["eventMetadata"], list(first["captureData"])) == ({"eventId": "id-1"}, ["batchTransformOutput"])
    found = values(list(read_merged([Source(key, lines)], BATCH)))
    assert found == {"p": [0.5, 0.7], "a": [1.0, 5.0], "b": [2.0, 6.0], "y": [0.0, 1.0]}


def test_recorded_batch_output_has_ids_and_times(corpus: Path) -> None:
    quarantine = Quarantine()
    source = Source.of(corpus / "batch" / "output_records.jsonl")
    records = [record for block in read_batch_records(source, None, quarantine, quarantine) for _, record in block]
    assert (len(records), quarantine.count) == (6, 0)
    assert records[0].event_metadata.event_id == "94bcc22a-0462-4bd1-92c9-b46a5aaec1aa"
    assert all("SageMakerInference" not in record.capture_data.batch_transform_output.data for record in records)  # type: ignore[union-attr]


def test_batch_rows_without_id_or_time_are_set_aside() -> None:
    quarantine = Quarantine()
    bad_csv = b"1,2\n1,2,0.5,id-1,yesterday\n\xff,2,0.5,id-1,2023-01-19T05:32:51Z\n" + CSV_OUTPUT.encode()
    blocks = list(read_batch_records(Source("a", bad_csv), None, quarantine, quarantine))
    assert [record.event_metadata.event_id for block in blocks for _, record in block] == ["id-1", "id-2", "id-3"]
    assert quarantine.by_reason == {Reason.NOT_A_BATCH_OUTPUT: 2, Reason.NOT_UTF8: 1}
    quarantine = Quarantine()
    first = JSON_OUTPUT.splitlines()[0]
    bad_json = "\n".join(
        [first, '{"a": 1}', "{", first.replace('"id-1"', "7"), first[:-1] + ', "features": 1}', '{"a":' * 100_000]
    )
    blocks = list(read_batch_records(Source("a", bad_json.encode()), None, quarantine, quarantine))
    assert sum(map(len, blocks)) == 1
    assert quarantine.by_reason == {
        Reason.NOT_A_BATCH_OUTPUT: 2,
        Reason.NOT_JSON: 1,
        Reason.TOO_DEEP: 1,
        Reason.DUPLICATE_KEY: 1,
    }


def test_batch_rows_outside_the_window_are_counted() -> None:
    quarantine = Quarantine()
    window = Window.parse("2023-01-19T05:32:51Z/2023-01-19T05:32:52Z")
    (records,) = read_batch_records(Source("a", CSV_OUTPUT.encode()), window, quarantine, quarantine)
    assert (len(records), quarantine.out_of_window) == (2, 1)


def test_recorded_manifests_of_batch_capture_name_their_objects(corpus: Path) -> None:
    manifests = [path for path in (corpus / "recorded" / "batch_manifest").rglob("*.json") if path.is_file()]
    assert manifests
    for path in manifests:
        assert all(uri.startswith("s3://") for uri in manifest_objects(path.read_bytes()))


@pytest.mark.parametrize("manifest", [b"{}", b"[]", b'["s3://bucket/x"]', b'[{"prefix": "a"}, 5]', b"nothing"])
def test_what_is_no_manifest_is_refused(manifest: bytes) -> None:
    with pytest.raises(DataError, match="not a manifest"):
        manifest_objects(manifest)
