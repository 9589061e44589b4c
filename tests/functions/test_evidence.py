"""The bundle of a run: everything about it in one file, which is checked without AWS."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from typer.testing import CliRunner

from functions.common.storage import sha256
from functions.ledger.chain import close_day
from watchkeeper.cli import app

BUCKET, ENDPOINT = "watch-bucket", "flights-prod"
FIRST = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RUN = f"{ENDPOINT}/data-quality/20130401T030000Z_20130401T040000Z"
FOLDER = f"reports/{ENDPOINT}/{ENDPOINT}-data-quality/2013/04/01/04/"
BASELINE = f"baselines/{ENDPOINT}/data-quality/0123456789abcdef/"
Edit = Callable[[dict[str, bytes]], None]


def put(objects: Mapping[str, bytes], at: datetime) -> None:
    """Write objects at a moment."""
    for key, body in objects.items():
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        stored = get_backend("s3")["123456789012"]["aws"].buckets[BUCKET].keys[key]
        stored.last_modified = at.replace(tzinfo=None)


def sealed(folder: str, name: str, files: Mapping[str, bytes], **facts: Any) -> dict[str, bytes]:
    seal = {**facts, "files": {file: sha256(body) for file, body in files.items()}}
    return {**{folder + file: body for file, body in files.items()}, folder + name: json.dumps(seal).encode()}


@pytest.fixture
def stored(s3: Any) -> None:  # noqa: ARG001 - the bucket
    """A baseline, a run and its revision, a run of another window, and the ledgers of three days."""
    put(sealed(BASELINE, "baseline.json", {"statistics.json": b"{}"}), FIRST)
    put({f"baselines/{ENDPOINT}/data-quality/moves/20130401T000000Z_0123456789abcdef.json": b"{}"}, FIRST)
    facts = {"status": "Completed", "engine": "function", "baseline_id": "0123456789abcdef"}
    report = {"report.html": b"<html>", "evaluation.json": b"{}"}
    put(sealed(FOLDER, "manifest.json", report, **facts), FIRST + timedelta(hours=5))
    put(sealed(f"{FOLDER}30/", "manifest.json", report, **facts), FIRST + timedelta(hours=5))
    close_day(BUCKET, ENDPOINT, FIRST + DAY)
    put(sealed(f"{FOLDER}rev-2/", "manifest.json", report, **facts), FIRST + DAY)
    put({f"identity/{ENDPOINT}/v2@x.json": b"{}", f"identity/{ENDPOINT}/told.json": b"{}"}, FIRST + DAY)
    put({f"retraining/{ENDPOINT}/alarm@x/decisions/vetoed.json": b"{}"}, FIRST + DAY)
    put({f"experiments/{ENDPOINT}/offers/steps/0001.json": b"{}"}, FIRST + DAY)
    close_day(BUCKET, ENDPOINT, FIRST + 2 * DAY)
    close_day(BUCKET, ENDPOINT, FIRST + 3 * DAY)


@pytest.fixture
def bundle(stored: None, tmp_path: Path) -> Path:  # noqa: ARG001 - what it is made of
    path = tmp_path / "evidence.zip"
    asked = ["evidence", RUN, "--bucket", BUCKET, "--zip", str(path)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    return path


def verified(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Check a bundle where there is no bucket any more."""
    s3 = boto3.resource("s3").Bucket(BUCKET)
    s3.objects.delete()
    result = CliRunner().invoke(app, ["verify", str(path), "--json", *options])
    return result.exit_code, json.loads(result.output)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as source:
        return {name: source.read(name) for name in source.namelist()}


def forge(path: Path, edit: Edit) -> None:
    """Change a bundle, with a list of contents that fits."""
    objects = contents(path)
    index = json.loads(objects.pop("bundle.json"))
    edit(objects)
    index["files"] = {name: sha256(body) for name, body in objects.items()}
    with zipfile.ZipFile(path, "w") as target:
        for name, body in {**objects, "bundle.json": json.dumps(index).encode()}.items():
            target.writestr(name, body)


def test_a_bundle_holds_all_about_one_run_and_nothing_of_others(bundle: Path) -> None:
    assert set(contents(bundle)) == {
        "bundle.json",
        *(f"{FOLDER}{part}{name}" for part in ("", "rev-2/") for name in ("manifest.json", "report.html")),
        *(f"{FOLDER}{part}evaluation.json" for part in ("", "rev-2/")),
        f"{BASELINE}baseline.json",
        f"{BASELINE}statistics.json",
        f"baselines/{ENDPOINT}/data-quality/moves/20130401T000000Z_0123456789abcdef.json",
        *(f"ledger/{ENDPOINT}/2013-04-0{day}.json" for day in (1, 2, 3)),
    }


def test_a_bundle_is_checked_without_the_bucket(bundle: Path) -> None:
    code, told = verified(bundle)
    assert (code, told["findings"], told["seals"], told["files"], told["ledgers"]) == (0, [], 3, 5, 3)
    assert verified(bundle, "--head", told["head"])[0] == 0
    assert verified(bundle, "--head", "0" * 64)[0] == 1


def test_the_same_run_gives_the_same_bytes(bundle: Path) -> None:
    again = bundle.with_name("again.zip")
    CliRunner().invoke(app, ["evidence", RUN, "--bucket", BUCKET, "--zip", str(again)])
    assert again.read_bytes() == bundle.read_bytes()


def replace_report(objects: dict[str, bytes]) -> None:
    objects[f"{FOLDER}report.html"] = b"nicer"


def replace_report_and_manifest(objects: dict[str, bytes]) -> None:
    replace_report(objects)
    manifest = json.loads(objects[f"{FOLDER}manifest.json"])
    manifest["files"]["report.html"] = sha256(b"nicer")
    objects[f"{FOLDER}manifest.json"] = json.dumps(manifest).encode()


def replace_the_ledger_too(objects: dict[str, bytes]) -> None:
    before = sha256(objects[f"{FOLDER}manifest.json"])
    replace_report_and_manifest(objects)
    after = sha256(objects[f"{FOLDER}manifest.json"])
    key = f"ledger/{ENDPOINT}/2013-04-01.json"
    objects[key] = objects[key].replace(before.encode(), after.encode())


def lose_a_file(objects: dict[str, bytes]) -> None:
    del objects[f"{BASELINE}statistics.json"]


def add_a_file(objects: dict[str, bytes]) -> None:
    objects[f"{FOLDER}extra.json"] = b"{}"


def lose_a_ledger(objects: dict[str, bytes]) -> None:
    del objects[f"ledger/{ENDPOINT}/2013-04-02.json"]


@pytest.mark.parametrize(
    ("edit", "kind", "name"),
    [
        (replace_report, "changed", "report.html"),
        (replace_report_and_manifest, "changed", "manifest.json"),
        (replace_the_ledger_too, "changed", "2013-04-01.json"),
        (lose_a_file, "missing", "statistics.json"),
        (add_a_file, "added", "extra.json"),
        (lose_a_ledger, "missing", "2013-04-02.json"),
    ],
)
def test_a_bundle_that_was_forged_is_found_out(bundle: Path, edit: Edit, kind: str, name: str) -> None:
    forge(bundle, edit)
    code, told = verified(bundle)
    assert code == 1
    assert (kind, name) in {(one["kind"], one["key"].rpartition("/")[2]) for one in told["findings"]}


def test_a_member_that_does_not_fit_the_list_of_contents_is_found_out(bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as target:
        target.writestr("more.json", b"{}")
    code, told = verified(bundle)
    assert (code, [(one["kind"], one["key"]) for one in told["findings"]]) == (1, [("added", "more.json")])


def test_what_is_no_bundle_or_no_run_is_told(stored: None, tmp_path: Path) -> None:  # noqa: ARG001 - the bucket
    path = tmp_path / "x.zip"
    path.write_bytes(b"no zip")
    assert CliRunner().invoke(app, ["verify", str(path)]).exit_code == 4
    assert CliRunner().invoke(app, ["verify", str(path), "--bucket", BUCKET]).exit_code == 2
    asked = ["--bucket", BUCKET, "--zip", str(path)]
    assert CliRunner().invoke(app, ["evidence", "the last one", *asked]).exit_code == 2
    assert CliRunner().invoke(app, ["evidence", RUN.replace("0401T04", "0401T05"), *asked]).exit_code == 3


def test_ledgers_list_deployments_and_decisions(stored: None, s3: Any) -> None:  # noqa: ARG001 - the bucket
    body = s3.get_object(Bucket=BUCKET, Key=f"ledger/{ENDPOINT}/2013-04-02.json")["Body"].read()
    listed = {one["key"].partition("/")[0] for one in json.loads(body)["sealed"]}
    assert listed == {"experiments", "identity", "reports", "retraining"}
    assert b"told.json" not in body
