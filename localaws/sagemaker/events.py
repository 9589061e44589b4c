"""The events SageMaker sends about its resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from localaws.sagemaker.account import Account

_UPPER = {
    "S3Prefix": "S3_PREFIX",
    "ManifestFile": "MANIFEST_FILE",
    "EndOfJob": "END_OF_JOB",
    "InService": "IN_SERVICE",
    "OutOfService": "OUT_OF_SERVICE",
    "RollingBack": "ROLLING_BACK",
    "SystemUpdating": "SYSTEM_UPDATING",
}
_ENUMS = {"S3DataType", "S3InputMode", "S3DataDistributionType", "S3CompressionType", "S3UploadMode", "EndpointStatus"}


def send(account: Account, detail_type: str, detail: Mapping[str, Any], *arns: str) -> None:
    """Put ``SageMaker <detail_type>`` about the resources `arns` on the default bus, now."""
    account.put_event(
        detail_type=f"SageMaker {detail_type}",
        source="aws.sagemaker",
        detail=detail,
        resources=list(arns),
        time=account.now(),
    )


def state(document: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return `fields` of a description as a state-change event writes them.

    Times become epoch milliseconds, and enumerations are in upper case, unlike in the Describe operations.

    Examples
    --------
    >>> from datetime import UTC
    >>> state({"EndpointStatus": "InService", "CreationTime": datetime(2013, 1, 1, tzinfo=UTC), "x": 1},
    ...       ["EndpointStatus", "CreationTime"])
    {'EndpointStatus': 'IN_SERVICE', 'CreationTime': 1356998400000}
    """
    written: dict[str, Any] = _written({key: document[key] for key in fields if key in document}, "")
    return written


def iso(moment: datetime) -> str:
    """Return `moment` as Amazon writes times in documents: UTC, whole seconds, ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _written(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_written(inner, key) for inner in value]
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    return _UPPER.get(value, value.upper()) if key in _ENUMS else value
