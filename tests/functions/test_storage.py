from __future__ import annotations

import json
from typing import Any

import pytest

from functions.common import storage
from functions.common.clients import client

BUCKET = "watch-bucket"
pytestmark = pytest.mark.usefixtures("s3")


def test_what_was_written_is_read(s3: Any) -> None:
    storage.write(f"s3://{BUCKET}/a/../b c.json", b"{}")
    assert storage.read(f"s3://{BUCKET}/a/../b c.json") == b"{}"
    assert s3.head_object(Bucket=BUCKET, Key="a/../b c.json")["ContentType"] == "application/json"


def test_write_if_absent_keeps_the_first() -> None:
    uri = f"s3://{BUCKET}/once.json"
    assert storage.write_if_absent(uri, b"first")
    assert not storage.write_if_absent(uri, b"second")
    assert storage.read(uri) == b"first"


def test_a_missing_object_is_named() -> None:
    with pytest.raises(storage.ObjectNotFoundError, match=rf"s3://{BUCKET}/gone\.json: there is no such object"):
        storage.read(f"s3://{BUCKET}/gone.json")
    assert storage.read_if_present(f"s3://{BUCKET}/gone.json") is None


def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(storage.BucketNotFoundError, match=r"s3://nowhere-at-all/x\.json: the bucket does not exist"):
        storage.write("s3://nowhere-at-all/x.json", b"")


def test_a_missing_permission_is_named(s3: Any) -> None:
    storage.write(f"s3://{BUCKET}/x.json", b"")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    with pytest.raises(storage.AccessDeniedError, match="access denied; allow the function's role"):
        storage.read(f"s3://{BUCKET}/x.json")


@pytest.mark.parametrize("uri", ["bucket/key", "https://bucket/key", "s3:///key", ""])
def test_only_s3_uris_are_accepted(uri: str) -> None:
    with pytest.raises(storage.StorageError, match="is not an S3 URI; write s3://bucket/key"):
        storage.split_uri(uri)


def test_clients_are_made_once_and_slow_down_under_throttling() -> None:
    assert client("s3") is client("s3")
    assert client("s3").meta.config.retries["mode"] == "adaptive"
