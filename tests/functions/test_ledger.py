"""The ledger of each day, and what `watchkeeper verify` says about changes since."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from typer.testing import CliRunner

from functions.common.storage import sha256
from functions.ledger.handler import handler
from functions.ledger.model import Ledger
from watchkeeper.cli import app
from watchkeeper.evidence.stored import BucketOf
from watchkeeper.evidence.verify import Verification, verify

BUCKET, ENDPOINT = "watch-bucket", "flights-prod"
FIRST = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Seal = Callable[..., str]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, s3: Any) -> None:  # noqa: ARG001 - a fixture
    monkeypatch.setenv("BUCKET", BUCKET)
    monkeypatch.setenv("ENDPOINT", ENDPOINT)


@pytest.fixture
def put(s3: Any) -> Callable[[str, bytes, datetime], None]:
    """Write an object at a moment."""

    def write(key: str, body: bytes, at: datetime) -> None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        stored = get_backend("s3")["123456789012"]["aws"].buckets[BUCKET].keys[key]
        stored.last_modified = at.replace(tzinfo=None)

    return write


@pytest.fixture
def seal(put: Any) -> Seal:
    """Write the report of an hour and its manifest; return the manifest's key."""

    def write(hour: int, at: datetime, report: bytes = b"<html>", status: str = "Completed") -> str:
        folder = f"reports/{ENDPOINT}/{ENDPOINT}-data-quality/2013/04/01/{hour:02}/"
        files = {} if status == "Failed" else {"report.html": report}
        for name, body in files.items():
            put(folder + name, body, at)
        named = {name: sha256(body) for name, body in files.items()}
        manifest = {"status": status, "engine": "function", "files": named}
        put(f"{folder}manifest.json", json.dumps(manifest).encode(), at)
        return f"{folder}manifest.json"

    return write


@pytest.fixture
def close(context: Any) -> Callable[[datetime], dict[str, str]]:
    """Close the ledger of the day before a moment."""
    return lambda now: handler({"scheduled_time": now.isoformat()}, context)


def check(**options: Any) -> Verification:
    return verify(BucketOf(BUCKET, ENDPOINT), FIRST + 10 * DAY, **options)


def found(**options: Any) -> set[tuple[str, str]]:
    return {(one.kind, one.key.rpartition("/")[2]) for one in check(**options).findings}


def ledger(s3: Any, key: str) -> Ledger:
    return Ledger.model_validate_json(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_a_ledger_names_what_was_sealed_since_the_one_before_and_its_hash(s3: Any, seal: Seal, close: Any) -> None:
    early = seal(3, FIRST + timedelta(hours=3))
    first = close(FIRST + DAY)
    late = seal(2, FIRST + DAY + timedelta(hours=5))  # a window of the first day, run on the second
    second = close(FIRST + 2 * DAY + timedelta(minutes=20))
    assert first["key"] == f"ledger/{ENDPOINT}/2013-04-01.json"
    assert [one.key for one in ledger(s3, first["key"]).sealed] == [early]
    closed = ledger(s3, second["key"])
    assert [one.key for one in closed.sealed] == [late]
    assert closed.previous is not None
    assert closed.previous.model_dump() == first
    assert (closed.since, closed.until) == (FIRST + DAY, FIRST + 2 * DAY)
    verification = check()
    assert (verification.findings, verification.seals, verification.files) == ([], 2, 2)
    assert verification.head == second["sha256"]


def test_closing_a_day_again_changes_nothing(s3: Any, seal: Seal, close: Any) -> None:
    seal(3, FIRST + timedelta(hours=3))
    first = close(FIRST + DAY)
    seal(4, FIRST + timedelta(hours=4))  # what S3 showed late
    assert close(FIRST + DAY + timedelta(hours=7)) == {}
    assert [name["Key"] for name in s3.list_objects_v2(Bucket=BUCKET, Prefix="ledger/")["Contents"]] == [first["key"]]
    assert found() == {("added", "manifest.json")}


def test_days_without_a_ledger_are_in_the_next_one(s3: Any, seal: Seal, close: Any) -> None:
    close(FIRST + DAY)
    lost = seal(3, FIRST + DAY + timedelta(hours=3))
    later = close(FIRST + 4 * DAY)
    assert [one.key for one in ledger(s3, later["key"]).sealed] == [lost]
    assert check().findings == []


@pytest.fixture
def chained(seal: Seal, close: Any) -> list[str]:
    """Three days with one run each, closed."""
    for day in range(3):
        seal(3 + day, FIRST + day * DAY + timedelta(hours=3))
    return [close(FIRST + (day + 1) * DAY)["key"] for day in range(3)]


def test_what_was_changed_is_named(s3: Any, chained: list[str]) -> None:  # noqa: ARG001 - written by the fixture
    folder = f"reports/{ENDPOINT}/{ENDPOINT}-data-quality/2013/04/01/"
    s3.put_object(Bucket=BUCKET, Key=f"{folder}03/report.html", Body=b"nicer")
    s3.put_object(Bucket=BUCKET, Key=f"{folder}03/extra.json", Body=b"{}")
    s3.delete_object(Bucket=BUCKET, Key=f"{folder}04/report.html")
    s3.put_object(Bucket=BUCKET, Key=f"{folder}05/manifest.json", Body=b'{"status": "Completed", "files": {}}')
    assert found() == {
        ("changed", "report.html"),
        ("added", "extra.json"),
        ("missing", "report.html"),
        ("changed", "manifest.json"),
    }
    assert found(until=date(2013, 4, 1)) == {("changed", "report.html"), ("added", "extra.json")}
    assert found(since=date(2013, 4, 3)) == {("changed", "manifest.json")}


def test_a_manifest_that_is_gone_is_missing_unless_the_bucket_deletes_reports(s3: Any, chained: list[str]) -> None:  # noqa: ARG001
    s3.delete_object(Bucket=BUCKET, Key=f"reports/{ENDPOINT}/{ENDPOINT}-data-quality/2013/04/01/03/manifest.json")
    assert found() == {("missing", "manifest.json")}
    rule = {"ID": "reports", "Status": "Enabled", "Filter": {"Prefix": "reports/"}, "Expiration": {"Days": 5}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert (found(), check().expired) == (set(), 1)


def test_a_ledger_that_is_changed_removed_or_put_in_between_breaks_the_chain(s3: Any, chained: list[str]) -> None:
    bodies = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in chained]
    s3.put_object(Bucket=BUCKET, Key=chained[1], Body=bodies[1].replace(b"Completed", b"Failed"))
    assert ("changed", "2013-04-02.json") in found()
    s3.delete_object(Bucket=BUCKET, Key=chained[1])
    assert ("missing", "2013-04-02.json") in found()
    s3.put_object(Bucket=BUCKET, Key=chained[1], Body=bodies[1])
    assert found() == set()
    between = f"ledger/{ENDPOINT}/2013-04-02a.json"
    s3.put_object(Bucket=BUCKET, Key=between, Body=bodies[1])
    assert ("added", "2013-04-02a.json") in found()


def test_a_chain_that_was_cut_is_told_by_a_hash_that_was_noted(s3: Any, chained: list[str]) -> None:
    noted = check().head
    assert found(head=noted) == set()
    s3.delete_object(Bucket=BUCKET, Key=chained[2])
    assert ("missing", "ledger") in found(head=noted)


def test_a_verdict_that_is_sealed_anew_is_told_and_a_failed_run_may_be_repeated(seal: Seal, close: Any) -> None:
    seal(3, FIRST + timedelta(hours=3), status="Failed")
    seal(4, FIRST + timedelta(hours=4))
    seal(5, FIRST + timedelta(hours=5))
    close(FIRST + DAY)
    seal(3, FIRST + DAY + timedelta(hours=3))  # repeated after the failure
    seal(4, FIRST + DAY + timedelta(hours=3))  # repeated, with the same bytes
    assert found() == set()
    changed = seal(5, FIRST + DAY + timedelta(hours=3), report=b"other")
    assert [(one.kind, one.key) for one in check().findings] == [("changed", changed)]
    close(FIRST + 2 * DAY)
    assert [(one.kind, one.key) for one in check().findings] == [("changed", changed)]


def test_the_command_says_what_it_found_and_by_its_exit_code(s3: Any, chained: list[str]) -> None:  # noqa: ARG001
    asked = ["verify", "--bucket", BUCKET, "--endpoint", ENDPOINT]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "3 ledgers from 2013-04-01 to 2013-04-03; compared 3 manifests and 3 files" in result.output
    s3.put_object(
        Bucket=BUCKET, Key=f"reports/{ENDPOINT}/{ENDPOINT}-data-quality/2013/04/01/03/report.html", Body=b"nicer"
    )
    result = CliRunner().invoke(app, [*asked, "--json"])
    assert result.exit_code == 1
    (finding,) = json.loads(result.output)["findings"]
    assert finding["kind"] == "changed"
    assert CliRunner().invoke(app, ["verify", "--bucket", BUCKET]).exit_code == 2
    assert CliRunner().invoke(app, [*asked[:-1], "other"]).exit_code == 3
