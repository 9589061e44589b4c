"""Objects in S3 by URI, with errors that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from monitoring_core.errors import WatchkeeperError

MANIFEST: Final = "manifest.json"

_CONTENT_TYPES: Final = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "html": "text/html; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class StorageError(WatchkeeperError):
    """S3 refused; the message says which object, why, and what to do."""


class ObjectNotFoundError(StorageError):
    """There is no such object."""


class BucketNotFoundError(StorageError):
    """There is no such bucket."""


class AccessDeniedError(StorageError):
    """The role of the function lacks a permission."""


_NOT_FOUND: Final = (ObjectNotFoundError, "there is no such object; check the URI and that its writer has run")
_DENIED: Final = (
    AccessDeniedError,
    "access denied; allow the function's role to reach it in its policy, the bucket's and that of the KMS key",
)
_ERRORS: Final[Mapping[str, tuple[type[StorageError], str]]] = {
    "NoSuchKey": _NOT_FOUND,
    "404": _NOT_FOUND,
    "NoSuchBucket": (BucketNotFoundError, "the bucket does not exist; check its name in the configuration and deploy"),
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "InvalidObjectState": (
        StorageError,
        "the object is archived; restore it, or let the lifecycle rule of its bucket keep it for longer",
    ),
}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that a listing found."""

    uri: str
    size: int


def split_uri(uri: str) -> tuple[str, str]:
    """Split an S3 URI into bucket and key; the key is opaque, nothing in it is interpreted.

    Raises
    ------
    StorageError
        If it is not an S3 URI.

    Examples
    --------
    >>> split_uri("s3://bucket/a/../b.json")
    ('bucket', 'a/../b.json')
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise StorageError(f"{uri!r} is not an S3 URI; write s3://bucket/key")
    return bucket, key


def list_objects(prefix: str) -> Iterator[StoredObject]:
    """Yield every object below a prefix, in the order of their keys."""
    bucket, _ = split_uri(prefix)
    for page in _pages(prefix):
        for item in page.get("Contents", ()):
            yield StoredObject(f"s3://{bucket}/{item['Key']}", item["Size"])


def list_folders(prefix: str) -> Iterator[str]:
    """Yield the URIs of the folders directly below a prefix, in the order of their names."""
    bucket, _ = split_uri(prefix)
    for page in _pages(prefix, Delimiter="/"):
        for item in page.get("CommonPrefixes", ()):
            yield f"s3://{bucket}/{item['Prefix']}"


def size_of(uri: str) -> int:
    """Return an object's size in bytes."""
    bucket, key = split_uri(uri)
    with _explained(uri):
        return int(client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"])


def etag_of(uri: str) -> str:
    """Return what S3 tells an object's content by."""
    bucket, key = split_uri(uri)
    with _explained(uri):
        return str(client("s3").head_object(Bucket=bucket, Key=key)["ETag"])


def read(uri: str) -> bytes:
    """Return an object's bytes."""
    bucket, key = split_uri(uri)
    with _explained(uri):
        body: bytes = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def read_head(uri: str, size: int) -> bytes:
    """Return the first `size` bytes of an object that is not empty, or all of it if it is smaller."""
    bucket, key = split_uri(uri)
    with _explained(uri):
        body: bytes = client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{size - 1}")["Body"].read()
    return body


def read_if_present(uri: str) -> bytes | None:
    """Return an object's bytes, or None where there is no such object."""
    try:
        return read(uri)
    except ObjectNotFoundError:
        return None


def write(uri: str, body: bytes) -> None:
    """Write an object, replacing what was there."""
    _put(uri, body)


def write_if_absent(uri: str, body: bytes) -> bool:
    """Write an object unless there is one already; return whether it was written."""
    try:
        _put(uri, body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
            return False
        raise
    return True


def delete(uri: str) -> None:
    """Delete an object; there need not be one."""
    bucket, key = split_uri(uri)
    with _explained(uri):
        client("s3").delete_object(Bucket=bucket, Key=key)


def sha256(body: bytes) -> str:
    """Return the SHA-256 of `body` in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _put(uri: str, body: bytes, **condition: str) -> None:
    bucket, key = split_uri(uri)
    content_type = _CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
    with _explained(uri):
        client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **condition)


def _pages(prefix: str, **options: str) -> Iterator[dict[str, Any]]:
    bucket, key = split_uri(prefix)
    with _explained(prefix):
        yield from client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key, **options)


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _ERRORS:
            raise
        kind, advice = _ERRORS[code]
        raise kind(f"{uri}: {advice}") from error
