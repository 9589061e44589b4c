"""What a verification reads: the bucket, or a bundle of what it held about a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.common.storage import list_objects, read_if_present
from functions.ledger.chain import keys_of, seals


class Stored(Protocol):
    """Objects by key, wherever they are."""

    @property
    def is_part(self) -> bool:
        """Whether it holds the end of a chain only, and some of what that names."""
        ...

    def ledgers(self) -> list[str]:
        """Return the keys of the ledgers, the oldest first."""
        ...

    def seals(self) -> Iterator[tuple[str, datetime]]:
        """Yield key and time of writing of every seal."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return an object; None where there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects right in a folder, whose key ends in ``/``."""
        ...

    def expired_before(self, now: datetime) -> datetime | None:
        """Return the moment before which reports are deleted; None where they are kept."""
        ...


@dataclass(frozen=True, slots=True)
class BucketOf:
    """The bucket of an endpoint."""

    bucket: str
    endpoint: str
    is_part: bool = False

    def ledgers(self) -> list[str]:
        """Return the keys of the ledgers, the oldest first."""
        return keys_of(self.bucket, self.endpoint)

    def seals(self) -> Iterator[tuple[str, datetime]]:
        """Yield key and time of writing of every seal."""
        return seals(self.bucket, self.endpoint)

    def read(self, key: str) -> bytes | None:
        """Return an object; None where there is none."""
        return read_if_present(f"s3://{self.bucket}/{key}")

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects right in a folder."""
        prefix = f"s3://{self.bucket}/{folder}"
        found = (item.uri.removeprefix(prefix) for item in list_objects(prefix))
        return [name for name in found if "/" not in name]

    def expired_before(self, now: datetime) -> datetime | None:
        """Return the moment before which the bucket deletes reports; None where it keeps them."""
        try:
            rules = client("s3").get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
            return None
        days = [
            rule["Expiration"]["Days"]
            for rule in rules
            if rule["Status"] == "Enabled"
            and "Days" in rule.get("Expiration", {})
            and (rule.get("Prefix") or rule.get("Filter", {}).get("Prefix")) == "reports/"
        ]
        return now - timedelta(days=min(days)) if days else None
