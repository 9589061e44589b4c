from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from functions.common.baselines import BaselineStore, Pointer
from functions.common.contract import Manifest, RunSpec
from functions.common.storage import read, sha256
from functions.evaluate.handler import handler as evaluate
from functions.plan.handler import handler as plan
from monitoring_core.artifacts import make_baseline
from monitoring_core.dataset import Source, read_dataset

BUCKET = "watch-bucket"
NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)
REPORT = f"s3://{BUCKET}/reports/flights-prod/flights-prod-data-quality/2013/04/01/13/"
HISTORY = (
    f"s3://{BUCKET}/history/endpoint=flights-prod/monitor=data-quality/date=2013-04-01/"
    "20130401T120000Z_20130401T130000Z.parquet"
)
Build = Callable[..., Any]


class MonitorError(Exception):
    """One monitor of the pass failed."""


Run = Callable[[], Manifest]


def rows(n: int, shift: float = 0.0) -> list[str]:
    return [f"{i % 40 + shift + 0.5},{('EWR', 'JFK', 'LGA')[i % 3]}" for i in range(n)]


@pytest.fixture
def baseline(s3: Any, run_spec: RunSpec) -> str:  # noqa: ARG001 - the bucket
    body = "late,temp,origin\n" + "".join(f"{i % 2},{row}\n" for i, row in enumerate(rows(2000)))
    made = make_baseline(
        run_spec.spec,
        read_dataset(Source("train.csv", body.encode())),
        model="model-1",
        dataset="s3://b/train.csv",
        dataset_sha256=sha256(body.encode()),
        created_at=datetime(2013, 3, 1, tzinfo=UTC),
    )
    store = BaselineStore(run_spec.baselines)
    store.save(made)
    store.move(Pointer(baseline_id=made.baseline_id, model="model-1", moved_at=datetime(2013, 3, 1, tzinfo=UTC)))
    return made.baseline_id


@pytest.fixture
def run(run_spec: RunSpec, context: Any, baseline: str) -> Run:  # noqa: ARG001 - it must be in force
    """Plan and evaluate the hour from noon, as the state machine does; return the manifest."""

    def go() -> Manifest:
        event = {
            "runs": {"data-quality": run_spec.model_dump(mode="json")},
            "request": {"monitors": ["data-quality"], "scheduled_time": "2013-04-01T13:10:00Z"},
        }
        [planned] = plan(event, context)["passes"]
        [result] = evaluate(json.loads(json.dumps(planned)), context)["runs"]
        if "error" in result:
            raise MonitorError(json.loads(result["error"]["Cause"])["errorMessage"])
        assert (result["monitor"], result["manifest"]) == ("data-quality", f"{REPORT}manifest.json")
        manifest = Manifest.model_validate_json(read(result["manifest"]))
        assert manifest.status == result["status"]
        return manifest

    return go


def stored(s3: Any, prefix: str = "") -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
    return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}


def test_a_quiet_hour_completes_with_amazons_files_and_ours(put_capture: Build, baseline: str, run: Run) -> None:
    put_capture(NOON, rows(300))
    manifest = run()
    assert (manifest.status, manifest.rows, manifest.violations, manifest.quarantined) == ("Completed", 300, 0, 0)
    assert manifest.baseline_id == baseline
    assert manifest.baseline_age_days == pytest.approx(31 + 13 / 24)
    assert {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
        "evaluation.json",
        "report.html",
    } == set(manifest.files)
    assert {name: sha256(read(REPORT + name)) for name in manifest.files} == manifest.files
    assert json.loads(read(REPORT + "statistics.json"))["dataset"]["item_count"] == 300
    assert json.loads(read(REPORT + "constraint_violations.json"))["violations"] == []
    assert manifest.run_id in read(REPORT + "report.html").decode()


def test_drift_is_found_named_and_kept_in_the_history(put_capture: Build, run: Run, tmp_path: Any) -> None:
    put_capture(NOON, rows(300, shift=30.0))
    manifest = run()
    assert manifest.status == "CompletedWithViolations"
    assert manifest.drift_excess is not None
    assert manifest.drift_excess > 1
    worst = manifest.worst[0]
    assert (worst.feature, worst.check) == ("temp", "baseline_drift_check")
    assert worst.value is not None
    assert worst.limit is not None
    assert worst.value > worst.limit
    path = tmp_path / "history.parquet"
    path.write_bytes(read(HISTORY))
    found = duckdb.read_parquet(str(path)).filter("outcome = 'violated'").project("run_id, feature").fetchall()
    assert (manifest.run_id, "temp") in found


def test_a_second_run_writes_the_same_bytes(put_capture: Build, run: Run, s3: Any) -> None:
    put_capture(NOON, rows(300), extra=b"garbage\n")
    run()
    first = stored(s3)
    run()
    assert stored(s3) == first


def test_records_are_taken_by_their_own_time(put_capture: Build, run: Run) -> None:
    put_capture(NOON - timedelta(minutes=2), rows(300))  # 120 of them before noon
    put_capture(NOON + timedelta(minutes=59), rows(300))  # 60 of them before one o'clock
    put_capture(NOON + timedelta(hours=1, minutes=5), rows(300))
    manifest = run()
    assert (manifest.rows, manifest.objects) == (180 + 60, 1)


def test_a_tenth_of_garbage_is_counted_and_all_good_records_are_too(put_capture: Build, run: Run) -> None:
    put_capture(NOON, rows(270), extra=b'{"captureData": \n' * 20 + b"\xff\xfe\n" * 10)
    manifest = run()
    assert (manifest.rows, manifest.quarantined, manifest.status) == (270, 30, "Completed")
    head, *examples = [json.loads(line) for line in read(REPORT + "quarantine.jsonl").splitlines()]
    assert head["count"] == 30
    assert sum(head["by_reason"].values()) == 30
    assert len(examples) == 30


def test_garbage_near_the_window_counts_in_its_own_window_only(put_capture: Build, run: Run) -> None:
    put_capture(NOON, rows(10), extra=b"garbage\n")
    put_capture(NOON - timedelta(minutes=5), [], extra=b"garbage\n" * 5)
    put_capture(NOON - timedelta(minutes=1), ['"unclosed'] * 3, first=NOON)  # of this hour by their own time
    assert run().quarantined == 1 + 3


def test_any_unreadable_payload_counts_in_the_hour_of_its_record(put_capture: Build, run: Run) -> None:
    bad = ["1.5,\0", "1.5," + "," * 20_000, '1.5,"']
    put_capture(NOON, rows(10))
    put_capture(NOON - timedelta(minutes=1), bad, first=NOON)
    put_capture(NOON + timedelta(minutes=5), bad, first=NOON + timedelta(hours=1))
    manifest = run()
    assert (manifest.rows, manifest.quarantined) == (10, len(bad))


def test_a_truncated_gzip_object_gives_what_came_before(put_capture: Build, run: Run, s3: Any) -> None:
    key = put_capture(NOON, rows(2000))
    whole = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(whole)[:-200])
    manifest = run()
    assert manifest.rows is not None
    assert 0 < manifest.rows < 2000
    assert manifest.quarantined == 1


def test_no_record_in_the_window_is_no_data(put_capture: Build, run: Run, s3: Any) -> None:
    put_capture(NOON - timedelta(minutes=10), rows(5))
    manifest = run()
    assert (manifest.status, manifest.rows, manifest.violations, manifest.report) == ("NoData", 0, None, None)
    assert manifest.reason == "no record in the window; 5 records near it lie outside"
    assert set(stored(s3, "reports/")) == {f"{REPORT.removeprefix(f's3://{BUCKET}/')}manifest.json"}


def test_nothing_but_garbage_is_a_failure_and_not_silence(put_capture: Build, run: Run) -> None:
    put_capture(NOON, [], extra=b"garbage\n" * 7)
    manifest = run()
    assert manifest.status == "Failed"
    assert "none of the window's 7 records could be read; 7 times: the record is not valid JSON" in manifest.reason
    assert set(manifest.files) == {"quarantine.jsonl"}


def test_a_verdict_outlives_its_capture_files(put_capture: Build, run: Run, s3: Any) -> None:
    key = put_capture(NOON, rows(100))
    put_capture(NOON - timedelta(minutes=10), rows(1))
    assert run().status == "Completed"
    first = stored(s3, "reports/")
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert run().status == "Completed"
    assert stored(s3, "reports/") == first


def test_late_data_replaces_every_file_of_the_earlier_run(put_capture: Build, run: Run, s3: Any) -> None:
    key = put_capture(NOON, rows(10), extra=b"garbage\n")
    assert "quarantine.jsonl" in run().files
    s3.delete_object(Bucket=BUCKET, Key=key)
    put_capture(NOON + timedelta(minutes=1), rows(10))
    run()
    assert f"{REPORT.removeprefix(f's3://{BUCKET}/')}quarantine.jsonl" not in stored(s3)


def test_a_missing_baseline_says_what_to_do(put_capture: Build, run: Run, s3: Any) -> None:
    put_capture(NOON, rows(10))
    s3.delete_object(Bucket=BUCKET, Key="baselines/flights-prod/data-quality/current.json")
    message = (
        "there is no baseline: s3://watch-bucket/baselines/flights-prod/data-quality/current.json does not exist; "
        "deploy the stack with a baseline data set, or make one with `watchkeeper baseline`"
    )
    with pytest.raises(MonitorError, match=message):
        run()


def test_a_wrong_number_of_columns_is_amazons_single_violation(put_capture: Build, run: Run) -> None:
    put_capture(NOON, ["1.5,EWR,surprise"] * 50)
    manifest = run()
    assert manifest.violations == 1
    assert manifest.worst[0].check == "extra_column_check"
    assert "statistics.json" not in manifest.files
