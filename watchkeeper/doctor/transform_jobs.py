"""Transform jobs, and whether they record what the monitors read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.common.clients import client
from functions.common.storage import split_uri
from infra.config import EndpointConfig
from watchkeeper.doctor.finding import Finding, ok, warning

RECENT_DAYS: Final = 7


def transform_jobs(config: EndpointConfig) -> Iterator[Finding]:
    """Look for what transform jobs have captured in the last days."""
    batch = config.batch_transform
    if batch is None:
        return
    bucket, key = split_uri(f"{batch.captured}output/")
    since = f"{key}{datetime.now(UTC) - timedelta(days=RECENT_DAYS):%Y/%m/%d/%H}"
    found = client("s3").list_objects_v2(Bucket=bucket, Prefix=key, StartAfter=since, MaxKeys=1)
    if found["KeyCount"]:
        yield ok("captured data", f"{batch.captured}: some of the last {RECENT_DAYS} days")
        return
    yield warning(
        "captured data",
        f"{batch.captured}: nothing in the last {RECENT_DAYS} days",
        "did a transform job run, with DataCaptureConfig.DestinationS3Uri set to this place, and GenerateInferenceId?",
    )
