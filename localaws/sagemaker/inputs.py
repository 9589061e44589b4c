"""What an instance of a processing job finds in its input folders: a prefix or a manifest, whole or in shards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from localaws.sagemaker.storage import Item, StorageError, below, read, split_uri
from localaws.sagemaker.store import Document


def items(s3: Any, source: Document) -> list[Item]:
    """Return the objects of an input, a ``ProcessingS3Input`` or ``S3DataSource``.

    Raises
    ------
    StorageError
        If there is none, or the manifest is not one.
    """
    uri = source["S3Uri"]
    found = manifest(read(s3, uri), uri) if source.get("S3DataType") == "ManifestFile" else below(s3, uri)
    if not found:
        raise StorageError(f'No S3 objects found under S3 URL "{uri}" given in input data source.')
    return found


def manifest(body: bytes, uri: str) -> list[Item]:
    """Read a manifest: a prefix, and names that are appended to it; the names are the local paths.

    Examples
    --------
    >>> manifest(b'[{"prefix": "s3://bucket/capture/"}, "ep/08/a.jsonl"]', "s3://bucket/m.json")
    [Item(bucket='bucket', key='capture/ep/08/a.jsonl', path='ep/08/a.jsonl')]
    """
    try:
        head, *names = json.loads(body)
        prefix = head["prefix"]
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f'The manifest file at "{uri}" is not valid: it must be [{{"prefix": "s3://..."}}, "name", ...]'
        ) from error
    bucket, start = split_uri(prefix)
    return [Item(bucket, f"{start}{name}", name or start.rsplit("/", 1)[-1]) for name in names]


def shard(found: Sequence[Item], source: Document, host: int, hosts: int) -> Sequence[Item]:
    """Return what of an input the instance number `host` of `hosts` gets, counted from 0; maybe nothing.

    Examples
    --------
    >>> shard("abc", {"S3DataDistributionType": "ShardedByS3Key"}, 1, 2)
    'b'
    """
    return found[host::hosts] if source.get("S3DataDistributionType") == "ShardedByS3Key" else found
