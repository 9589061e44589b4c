"""Batch transform: finished jobs, and the output objects that their data capture names (contract 1.6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from functions.common.capture import CaptureListing, CaptureObject
from functions.common.clients import client
from functions.common.storage import StorageError, StoredObject, list_objects, read, size_of
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

OUTPUT: Final = "output/"


@dataclass(frozen=True, slots=True)
class TransformJob:
    """A finished transform job.

    Attributes
    ----------
    captured : str
        Where its data capture writes, ending in a slash.
    end : datetime
        When it ended.
    """

    name: str
    captured: str
    end: datetime

    @classmethod
    def named(cls, name: str) -> TransformJob:
        """Ask for a job.

        Raises
        ------
        ConfigError
            If it has not completed, or has no data capture with inference ids.
        """
        found = client("sagemaker").describe_transform_job(TransformJobName=name)
        if found["TransformJobStatus"] != "Completed":
            raise ConfigError(f"transform job {name} is {found['TransformJobStatus']}; start the run when it Completed")
        capture = found.get("DataCaptureConfig", {})
        if not capture.get("GenerateInferenceId"):
            raise ConfigError(
                f"transform job {name} captures no data with inference ids; "
                "create it with DataCaptureConfig, and GenerateInferenceId true in it"
            )
        return cls(name, capture["DestinationS3Uri"].rstrip("/") + "/", found["TransformEndTime"].astimezone(UTC))


def list_transforms(captured: str, window: Window) -> CaptureListing:
    """List the output objects that were captured in the hours of a window.

    An object belongs to the hour of the manifest that names it, with all of its rows, whenever each was inferred.
    """
    objects: dict[str, CaptureObject] = {}
    for hour in window.hours():
        begun = datetime.strptime(hour, "%Y/%m/%d/%H").replace(tzinfo=UTC)
        if window.contains(begun):
            for manifest in list_objects(f"{captured}{OUTPUT}{hour}/"):
                for uri in _named_by(manifest):
                    objects.setdefault(uri, CaptureObject(StoredObject(uri, size_of(uri)), begun))
    return CaptureListing(window, tuple(objects[uri] for uri in sorted(objects)))


def _named_by(manifest: StoredObject) -> Iterator[str]:
    try:
        head, *names = json.loads(read(manifest.uri))
        prefix = head["prefix"]
        yield from [prefix + name for name in names]
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"{manifest.uri} is no manifest of a transform job's capture ({error}); "
            'expected [{"prefix": "s3://..."}, "name", ...]; check where DataCaptureConfig writes'
        ) from error
