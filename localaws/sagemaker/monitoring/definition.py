"""What a schedule is told to run: a job definition of one of four kinds, or one written into the schedule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from localaws.sagemaker import cron
from localaws.sagemaker.events import iso
from localaws.sagemaker.store import Document

_BOTH = ("endpointInput", "endpointOutput")


@dataclass(frozen=True)
class Kind:
    """What differs between the four types of monitoring.

    Attributes
    ----------
    job : str
        How names of its processing jobs begin.
    metrics : str
        Last part of its namespace in CloudWatch.
    merges : bool
        Whether it needs ground truth, and so a merge job first.
    sides : tuple of str
        What of a captured event its container reads.
    """

    job: str
    metrics: str
    merges: bool = False
    sides: tuple[str, ...] = _BOTH


KINDS: Mapping[str, Kind] = {
    "DataQuality": Kind("model-monitoring", "data-metrics"),
    "ModelQuality": Kind("model-quality-monitoring", "model-metrics", merges=True, sides=("endpointOutput",)),
    "ModelBias": Kind("model-bias-monitoring", "bias-metrics", merges=True),
    "ModelExplainability": Kind("model-explainability-monitoring", "explainability-metrics"),
}


@dataclass(frozen=True)
class MonitoringJob:
    """A job definition, whether it was named or written into the schedule."""

    kind: Kind
    inputs: Document
    app: Document
    baseline: Document
    output: Document
    resources: Document
    network: Document
    stopping: Document
    role: str
    environment: dict[str, str]

    @classmethod
    def named(cls, kind: str, definition: Document) -> MonitoringJob:
        """Read a job definition."""
        app: Document = definition[f"{kind}AppSpecification"]
        return cls(
            kind=KINDS[kind],
            inputs=definition[f"{kind}JobInput"],
            app=app,
            baseline=definition.get(f"{kind}BaselineConfig", {}),
            output=definition[f"{kind}JobOutputConfig"]["MonitoringOutputs"][0]["S3Output"],
            resources=definition["JobResources"],
            network=definition.get("NetworkConfig", {}),
            stopping=definition["StoppingCondition"],
            role=definition["RoleArn"],
            environment=app.get("Environment", {}),
        )

    @classmethod
    def inline(cls, definition: Document) -> MonitoringJob:
        """Read the definition inside a schedule's own configuration, which is one of data quality."""
        return cls(
            kind=KINDS["DataQuality"],
            inputs=definition["MonitoringInputs"][0],
            app=definition["MonitoringAppSpecification"],
            baseline=definition.get("BaselineConfig", {}),
            output=definition["MonitoringOutputConfig"]["MonitoringOutputs"][0]["S3Output"],
            resources=definition["MonitoringResources"],
            network=definition.get("NetworkConfig", {}),
            stopping=definition.get("StoppingCondition", {"MaxRuntimeInSeconds": 3600}),
            role=definition["RoleArn"],
            environment=definition.get("Environment", {}),
        )

    @property
    def data(self) -> Document:
        """What is monitored: the ``EndpointInput`` or the ``BatchTransformInput``."""
        found: Document = self.inputs.get("EndpointInput") or self.inputs["BatchTransformInput"]
        return found

    def window(self, scheduled: datetime, period: timedelta) -> tuple[datetime, datetime]:
        """Return the half-open window a run at `scheduled` looks at: the offsets, or else the last period."""
        start, end = (self.data.get(name) for name in ("StartTimeOffset", "EndTimeOffset"))
        return (
            scheduled + (cron.offset(start) if start else -period),
            scheduled + (cron.offset(end) if end else timedelta()),
        )


@dataclass(frozen=True)
class Run:
    """One firing of a schedule.

    Attributes
    ----------
    schedule : str
        Whose run.
    scheduled : datetime
        The hour it is for.
    start, end : datetime
        Its window.
    """

    schedule: str
    scheduled: datetime
    start: datetime
    end: datetime

    @property
    def suffix(self) -> str:
        """How the names of its jobs end, in Amazon's pattern; the same run always has the same."""
        digest = hashlib.sha256(f"{self.schedule} {iso(self.scheduled)}".encode()).hexdigest()
        return f"{self.scheduled:%Y%m%d%H%M}-{digest[:24]}"

    def hours(self) -> Iterator[str]:
        """Return the hours of the window as parts of a key: ``2013/01/31/08``."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield f"{hour:%Y/%m/%d/%H}"
            hour += timedelta(hours=1)

    def times(self) -> dict[str, str]:
        """Return the window as a container is told."""
        return {"start_time": iso(self.start), "end_time": iso(self.end)}
