"""Everything out of a bucket, old versions included; only out of one that says so itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from monitoring_core.errors import WatchkeeperError

TAG: Final = ("watchkeeper:on-delete", "destroy")
"""The bucket's own leave. A stack that goes over to ``on_delete: retain`` takes it away before it takes away the
custom resource, whose Delete must then not touch the bucket."""


class NotEmptyError(WatchkeeperError):
    """Something is left in the bucket."""


def may_be_emptied(bucket: str) -> bool:
    """Return whether the bucket exists and has the tag that allows it."""
    try:
        tags = client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchTagSet", "NoSuchBucket"}:
            return False
        raise
    return TAG in {(tag["Key"], tag["Value"]) for tag in tags}


def empty(bucket: str, has_time: Callable[[], bool]) -> int:
    """Delete every version of every object, and every delete marker; return how many there were.

    Raises
    ------
    NotEmptyError
        If the time is out, or S3 refused to delete an object.
    """
    deleted = 0
    while found := _first(bucket):
        if not has_time():
            raise NotEmptyError(
                f"{deleted} objects of {bucket} are deleted and more are left; delete the stack again to go on"
            )
        _delete(bucket, found)
        deleted += len(found)
    return deleted


def _first(bucket: str) -> list[dict[str, Any]]:
    """Return what is there, the first thousand: there is no next page of what is being deleted."""
    page = client("s3").list_object_versions(Bucket=bucket)
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]


def _delete(bucket: str, found: list[dict[str, Any]]) -> None:
    names = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
    answer = client("s3").delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})
    if refused := answer.get("Errors"):
        first = refused[0]
        raise NotEmptyError(
            f"S3 refused to delete {len(refused)} objects of {bucket}, e.g. {first['Key']}: {first['Message']}"
        )
