"""The custom resource that empties a bucket, asked as CloudFormation asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
import urllib3
from botocore.stub import Stubber

from functions.common import clients
from functions.empty_bucket.emptying import TAG
from functions.empty_bucket.handler import handler

from .cloudformation import PLENTY, CloudFormation

BUCKET = "watch-bucket"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Send one request; return the answer."""
    cloudformation = CloudFormation(handler)
    monkeypatch.setattr(urllib3.PoolManager, "request", cloudformation.put)

    def send(request_type: str, bucket: str = BUCKET, milliseconds: int = PLENTY) -> dict[str, Any]:
        return cloudformation.ask(request_type, {"Bucket": bucket}, physical_id=bucket, milliseconds=milliseconds)

    return send


@pytest.fixture
def bucket(s3: Any) -> Any:
    """A versioned bucket with an old version, a delete marker and objects in folders, that may be emptied."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    key, value = TAG
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": key, "Value": value}]})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=BUCKET, Key="capture/a.jsonl", Body=body)
    s3.put_object(Bucket=BUCKET, Key="reports/b.json", Body=b"")
    s3.delete_object(Bucket=BUCKET, Key="reports/b.json")
    return s3


def left() -> int:
    answer = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    return len(answer.get("Versions", [])) + len(answer.get("DeleteMarkers", []))


def test_delete_leaves_nothing_so_that_the_bucket_can_be_deleted(bucket: Any, ask: Ask) -> None:
    answer = ask("Delete")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", BUCKET)
    bucket.delete_bucket(Bucket=BUCKET)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_nothing_else_deletes_anything(request_type: str, ask: Ask) -> None:
    answer = ask(request_type)
    assert (answer["Status"], answer["PhysicalResourceId"], left()) == ("SUCCESS", BUCKET, 4)


def test_a_bucket_that_went_over_to_retain_is_not_touched(bucket: Any, ask: Ask) -> None:
    bucket.delete_bucket_tagging(Bucket=BUCKET)
    assert (ask("Delete")["Status"], left()) == ("SUCCESS", 4)


def test_other_tags_are_no_leave(bucket: Any, ask: Ask) -> None:
    bucket.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": TAG[0], "Value": "retain"}]})
    assert (ask("Delete")["Status"], left()) == ("SUCCESS", 4)


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_gone_is_empty(ask: Ask) -> None:
    assert ask("Delete", "gone-bucket")["Status"] == "SUCCESS"


@pytest.mark.usefixtures("bucket")
def test_when_the_time_is_out_the_answer_says_how_to_go_on(ask: Ask) -> None:
    answer = ask("Delete", milliseconds=10_000)
    assert answer["Status"] == "FAILED"
    assert "0 objects of watch-bucket are deleted and more are left; delete the stack again" in answer["Reason"]


@pytest.mark.usefixtures("aws")
def test_an_object_that_s3_refuses_to_delete_is_named(ask: Ask) -> None:
    tags = {"TagSet": [dict(zip(("Key", "Value"), TAG, strict=True))]}
    version = {"Key": "held", "VersionId": "v"}
    error = {"Key": "held", "Code": "AccessDenied", "Message": "it is under legal hold"}
    with Stubber(clients.client("s3")) as stubbed:
        stubbed.add_response("get_bucket_tagging", tags)
        stubbed.add_response("list_object_versions", {"Versions": [version], "IsTruncated": False})
        stubbed.add_response("delete_objects", {"Errors": [error]})
        answer = ask("Delete")
    assert answer["Status"] == "FAILED"
    assert "S3 refused to delete 1 objects of watch-bucket, e.g. held: it is under legal hold" in answer["Reason"]


def test_more_than_one_page_of_objects_goes(s3: Any, ask: Ask) -> None:
    key, value = TAG
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": key, "Value": value}]})
    for number in range(1_001):
        s3.put_object(Bucket=BUCKET, Key=f"{number:04}", Body=b"")
    assert ask("Delete")["Status"] == "SUCCESS"
    assert "Versions" not in s3.list_object_versions(Bucket=BUCKET)
