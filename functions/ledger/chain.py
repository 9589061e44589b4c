"""Where ledgers lie, and what they are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from functions.common.clients import client
from functions.common.storage import list_objects, read, sha256, write_if_absent
from functions.ledger.model import Ledger, Link, Sealed

ROOT: Final = "ledger"
_SEALS: Final = {
    "reports": re.compile(r"/manifest\.json$"),
    "baselines": re.compile(r"/baseline\.json$"),
    "identity": re.compile(r"(?<!/told)\.json$"),
    "retraining": re.compile(r"/decisions/[a-z-]+\.json$"),
    "experiments": re.compile(r"/steps/\d+\.json$"),
}
"""What is written once and for all: a file that names others with their hashes, or the record of a decision."""


def is_seal(key: str) -> bool:
    """Tell whether an object is of the kind that ledgers list.

    Examples
    --------
    >>> is_seal("reports/f/f-data-quality/2013/04/01/13/manifest.json"), is_seal("identity/f/told.json")
    (True, False)
    """
    seal = _SEALS.get(key.partition("/")[0])
    return seal is not None and seal.search(key) is not None


def keys_of(bucket: str, endpoint: str) -> list[str]:
    """Return the keys of an endpoint's ledgers, the oldest first."""
    prefix = f"s3://{bucket}/"
    return [item.uri.removeprefix(prefix) for item in list_objects(f"{prefix}{ROOT}/{endpoint}/")]


def seals(bucket: str, endpoint: str) -> Iterator[tuple[str, datetime]]:
    """Yield key and time of writing of every seal of an endpoint: runs, baselines, deployments, and decisions."""
    for root in _SEALS:
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{root}/{endpoint}/")
        for item in (item for page in pages for item in page.get("Contents", ())):
            if is_seal(item["Key"]):
                yield item["Key"], item["LastModified"]


def close_day(bucket: str, endpoint: str, now: datetime) -> Link | None:
    """Write the ledger of the last day that is over at `now`; return it, or None where it is there already.

    Days without a ledger, because nothing ran, are in the next one: it begins where the last one ended. A run that is
    late, repeated or backfilled is in the ledger of the day on which it was written, so nothing that is closed changes.
    """
    until = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = f"{until - timedelta(days=1):%Y-%m-%d}"
    key = f"{ROOT}/{endpoint}/{day}.json"
    earlier = keys_of(bucket, endpoint)
    if earlier and earlier[-1] >= key:
        return None  # also a day before the last: nothing that is closed changes
    previous, since = _previous(bucket, earlier)
    sealed = tuple(
        _sealed(bucket, name)
        for name, written in seals(bucket, endpoint)
        if written < until and (since is None or written >= since)
    )
    ledger = Ledger(endpoint=endpoint, day=day, since=since, until=until, previous=previous, sealed=sealed)
    body = ledger.model_dump_json(indent=1).encode() + b"\n"
    return Link(key=key, sha256=sha256(body)) if write_if_absent(f"s3://{bucket}/{key}", body) else None


def _previous(bucket: str, earlier: list[str]) -> tuple[Link | None, datetime | None]:
    if not earlier:
        return None, None
    body = read(f"s3://{bucket}/{earlier[-1]}")
    return Link(key=earlier[-1], sha256=sha256(body)), Ledger.model_validate_json(body).until


def _sealed(bucket: str, key: str) -> Sealed:
    """Read a seal; time and version are those of what was read, should it have changed since the listing."""
    answer = client("s3").get_object(Bucket=bucket, Key=key)
    body = answer["Body"].read()
    return Sealed(
        key=key,
        sha256=sha256(body),
        status=json.loads(body).get("status", ""),
        written_at=answer["LastModified"],
        version_id=answer.get("VersionId"),
    )
