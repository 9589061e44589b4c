"""The S3 side of models and jobs: what is downloaded before a run and uploaded after it."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError


class StorageError(Exception):
    """Something a job or a model asked for is not in S3, or cannot be taken from there."""


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI.

    Raises
    ------
    StorageError
        If `uri` is not one.

    Examples
    --------
    >>> split_uri("s3://bucket/a/b")
    ('bucket', 'a/b')
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise StorageError(f"{uri!r} is not an S3 URI; expected s3://bucket/key")
    return parts.netloc, uri[len(f"s3://{parts.netloc}") :].removeprefix("/")


def exists(s3: Any, uri: str) -> bool:
    """Tell whether there is an object at `uri`, or below it."""
    bucket, key = split_uri(uri)
    try:
        return bool(s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"])
    except ClientError:
        return False


def read(s3: Any, uri: str) -> bytes:
    """Return the object at `uri`.

    Raises
    ------
    StorageError
        If there is none.
    """
    bucket, key = split_uri(uri)
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise StorageError(f"cannot read {uri}: {error}") from error
    return body


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a ``.tar.gz`` below `folder`, and nowhere else.

    Raises
    ------
    StorageError
        If it is no such archive, or a member would land outside, or is a device or an absolute link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as members:
            for member in members:
                _extract(members, member, folder.resolve())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StorageError(f"cannot unpack the archive: {error}") from error


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file or folder; extraction filters would do it, but Python 3.11 has them from 3.11.4 on only."""
    target = (folder / member.name).resolve()
    content = archive.extractfile(member) if member.isfile() else None
    if not target.is_relative_to(folder) or not (member.isdir() or content):
        raise tarfile.TarError(f"{member.name!r} is outside the archive's folder, or neither file nor folder")
    if content is None:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.read())


def pack(folder: Path) -> bytes:
    """Return the files of `folder` as ``.tar.gz``; equal files give equal bytes."""
    plain, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            info = archive.gettarinfo(path, str(path.relative_to(folder)))
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            with path.open("rb") if path.is_file() else io.BytesIO() as content:
                archive.addfile(info, content if path.is_file() else None)
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()


@dataclass(frozen=True)
class Item:
    """An object, and where it goes: a path below the folder of its input."""

    bucket: str
    key: str
    path: str


def below(s3: Any, uri: str) -> list[Item]:
    """Return the object at `uri`, or every object below it, in the order of their keys."""
    bucket, prefix = split_uri(uri)
    return [Item(bucket, key, _below(key, prefix)) for key in _keys(s3, bucket, prefix)]


def fetch(s3: Any, items: Iterable[Item], folder: Path, *, unzip: bool = False) -> int:
    """Copy `items` into `folder`, and return how many.

    Raises
    ------
    StorageError
        If one is not there, or would land outside `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for item in items:
        target = (folder / item.path).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise StorageError(f"the key {item.key!r} would be written outside its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(s3, item, unzip=unzip))
        count += 1
    return count


def content(s3: Any, item: Item, *, unzip: bool = False) -> bytes:
    """Return the bytes of an object.

    Raises
    ------
    StorageError
        If it is not there.
    """
    body = read(s3, f"s3://{item.bucket}/{item.key}")
    return gzip.decompress(body) if unzip else body


def download(s3: Any, uri: str, folder: Path, *, unzip: bool = False) -> int:
    """Copy the object at `uri`, or every object below it, into `folder`, and return how many.

    Raises
    ------
    StorageError
        If a key would land outside `folder`.
    """
    return fetch(s3, below(s3, uri), folder, unzip=unzip)


def upload(s3: Any, folder: Path, uri: str) -> int:
    """Copy the files of `folder` to below `uri`, and return how many."""
    bucket, prefix = split_uri(uri)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        key = "/".join(part for part in (prefix.rstrip("/"), path.relative_to(folder).as_posix()) if part)
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    return len(files)


def empty(folder: Path) -> Path:
    """Return `folder`, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if not found["Key"].endswith("/"):  # the console's way to show an empty folder
                    yield found["Key"]
    except ClientError as error:
        raise StorageError(f"cannot list s3://{bucket}/{prefix}: {error}") from error


def _below(key: str, prefix: str) -> str:
    """Return where `key` goes: its name, or its path below the prefix; a prefix may end in the middle of a name.

    >>> _below("data/train.csv", "data/train.csv"), _below("data/a/b.csv", "data"), _below("data/train/x", "data/tr")
    ('train.csv', 'a/b.csv', 'train/x')
    """
    if key.startswith(prefix.rstrip("/") + "/") and prefix:
        return key[len(prefix.rstrip("/")) + 1 :]
    return key[prefix.rfind("/") + 1 :]
