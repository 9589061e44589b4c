"""What is monitored, and where its captured data lies: an endpoint, or batch transform jobs."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from localaws.sagemaker import storage
from localaws.sagemaker.monitoring.definition import Kind, Run
from localaws.sagemaker.store import Document


@dataclass(frozen=True)
class Place:
    """Where something lies: in S3, and below an input's local path."""

    uri: str
    folder: str


class Source(ABC):
    """What a run reads.

    Attributes
    ----------
    endpoint : str
        The endpoint's name; empty for batch transform jobs.
    scope : str
        Part of the namespace in CloudWatch.
    type : str
        What the container is told in ``monitoring_input_type``.
    """

    endpoint: str
    scope: ClassVar[str]
    type: ClassVar[str]

    @abstractmethod
    def captured(self, s3: Any, run: Run, local_path: str) -> list[Document]:
        """Return the inputs with captured data, mounted below `local_path`."""

    @abstractmethod
    def merged(self, run: Run) -> list[str]:
        """Return the folders into which the merge job writes, below the ``merge`` prefix."""

    @abstractmethod
    def report(self, schedule: str) -> str:
        """Return where reports go, below the output prefix."""

    @abstractmethod
    def captured_format(self, kind: Kind) -> Document | None:
        """Return ``dataset_format`` of captured data."""

    @abstractmethod
    def merged_format(self, kind: Kind) -> Document:
        """Return ``dataset_format`` of what the merge job writes."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return what the container is told about it."""


@dataclass(frozen=True)
class EndpointSource(Source):
    """An endpoint: its capture destination, empty where it captures nothing, and its production variants."""

    endpoint: str
    capture_uri: str
    variants: Sequence[str]

    scope: ClassVar[str] = "Endpoints"
    type: ClassVar[str] = "ENDPOINT_INPUT"

    def captured(self, s3: Any, run: Run, local_path: str) -> list[Document]:
        """Return a prefix for each hour and variant."""
        root = self.capture_uri.rstrip("/")
        places = [Place(f"{root}/{folder}", f"{local_path}/{folder}") for folder in self.merged(run)]
        return prefixes(s3, "endpoint_input", places)

    def merged(self, run: Run) -> list[str]:
        """Return the folders of the capture, which the merge job keeps."""
        return [f"{self.endpoint}/{variant}/{hour}" for hour in run.hours() for variant in self.variants]

    def report(self, schedule: str) -> str:
        """Return the folder of the endpoint and the schedule."""
        return f"{self.endpoint}/{schedule}"

    def captured_format(self, kind: Kind) -> Document:
        """Return the format of captured events."""
        return {"sagemakerCaptureJson": {"captureIndexNames": None if kind.merges else list(kind.sides)}}

    def merged_format(self, kind: Kind) -> Document:
        """Return the format of merged events."""
        return {"sagemakerMergeJson": {"captureIndexNames": list(kind.sides), "originalDatasetFormat": None}}

    def environment(self) -> dict[str, str]:
        """Return the endpoint's name and its capture destination."""
        return {
            "sagemaker_endpoint_name": self.endpoint,
            "sagemaker_endpoint_datacapture_prefix": self.capture_uri,
        }


@dataclass(frozen=True)
class BatchSource(Source):
    """Transform jobs: where their capture goes, and its format.

    What is monitored is the output: it has the model's answers, and the input beside them where the job joins it.
    """

    capture_uri: str
    dataset_format: Document

    endpoint = ""
    scope: ClassVar[str] = "ModelMonitoring"
    type: ClassVar[str] = "BATCH_TRANSFORM_INPUT"

    def captured(self, s3: Any, run: Run, local_path: str) -> list[Document]:
        """Return the manifests of each hour; an hour without one is an empty prefix, which fails the job."""
        root = f"{self.capture_uri.rstrip('/')}/output"
        hours = [Place(f"{root}/{hour}", f"{local_path}/{run.schedule}/{hour}") for hour in run.hours()]
        found = [
            Place(f"s3://{item.bucket}/{item.key}", f"{place.folder}/{item.path.removesuffix('.json')}")
            for place in hours
            for item in storage.below(s3, f"{place.uri}/")
        ]
        if not found:
            return prefixes(s3, "batch_transform_input", hours)
        return [
            given(f"batch_transform_input_{number}", place.uri, place.folder, S3DataType="ManifestFile")
            for number, place in enumerate(found, start=1)
        ]

    def merged(self, run: Run) -> list[str]:
        """Return the folders of the schedule."""
        return [f"{run.schedule}/{hour}" for hour in run.hours()]

    def report(self, schedule: str) -> str:
        """Return the folder of the schedule."""
        return schedule

    def captured_format(self, kind: Kind) -> Document:
        """Return the format of the output: ``{"csv": {"header": ...}}`` and so on."""
        del kind
        written: Document = _lower_first(self.dataset_format)
        return written

    def merged_format(self, kind: Kind) -> Document:
        """Return the format of merged lines."""
        original = self.captured_format(kind)
        return {
            "sagemakerMergeJson": {"captureIndexNames": ["batchTransformOutput"], "originalDatasetFormat": original}
        }

    def environment(self) -> dict[str, str]:
        """Return nothing: there is no endpoint."""
        return {}


def prefixes(s3: Any, name: str, places: Iterable[Place]) -> list[Document]:
    """Return inputs that read prefixes, numbered from 1.

    A prefix with nothing in it fails the job. A window of several prefixes fails only when all of them are empty.
    """
    wanted = list(places)
    filled = [place for place in wanted if storage.exists(s3, f"{place.uri}/")]
    return [
        given(f"{name}_{number}", place.uri, place.folder) for number, place in enumerate(filled or wanted[:1], start=1)
    ]


def given(name: str, uri: str, path: str, **more: str) -> Document:
    """Return a processing input as Model Monitor writes it."""
    source = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "AppManaged": False, "S3Input": source | more}


def as_text(dataset_format: Document | None) -> str:
    """Return ``dataset_format`` as it stands in the environment."""
    return json.dumps(dataset_format, separators=(",", ":"))


def _lower_first(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_first(inner) for key, inner in value.items()}
    return value
