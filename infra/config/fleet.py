"""FleetConfig: the file of a fleet, which holds what its endpoints share; an endpoint names its fleet with `fleet:`."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from infra.config.base import Name, Section
from infra.config.notify import Notify
from infra.config.operations import Tags
from infra.config.runtime import FunctionRuntime, LogRetention, OnDelete, OwnImage


class FleetCapture(Section):
    """Data capture into the shared bucket."""

    retention_days: Annotated[int, Field(ge=1)] = 90
    """Captured records of every endpoint are deleted after so many days."""


class FleetAlarms(Section):
    """When people are told."""

    notify: Notify = Notify()
    """Who gets the messages about every endpoint."""


class FleetGovernance(Section):
    """Facts for the bill, and for the record."""

    owner: str | None = None
    """Person or team that answers for the fleet."""
    tags: Tags = Field(default_factory=dict)
    """Tags of everything that is shared, e.g. `cost-centre`."""
    report_retention_days: Annotated[int, Field(ge=1)] | None = None
    """Reports of every endpoint are deleted after so many days. Left out: they stay. Ledgers always stay."""


class FleetRuntime(Section):
    """Retention."""

    log_retention: LogRetention = "1mo"
    """How long logs of the shared stack are kept."""
    on_delete: OnDelete = "retain"
    """What happens to bucket and key when the shared stack is deleted."""
    image: OwnImage | None = None
    """Container image for the processing jobs of endpoints with `image: fleet`: `codebuild` or `docker` builds it once
    for all; or an image in ECR. Left out: there is none."""

    @property
    def function(self) -> FunctionRuntime:
        """The Lambda functions of the shared stack, as they are by default."""
        return FunctionRuntime()


class FleetConfig(Section):
    """What many endpoints share: encryption key, bucket, topic and dashboard."""

    model_config = ConfigDict(title="Watchkeeper fleet configuration")

    fleet: Name
    """Name of the fleet; each of its endpoints has it in its own file."""
    capture: FleetCapture = FleetCapture()
    """Data capture into the shared bucket."""
    alarms: FleetAlarms = FleetAlarms()
    """When people are told."""
    governance: FleetGovernance = FleetGovernance()
    """Facts for the bill, and for the record."""
    runtime: FleetRuntime = FleetRuntime()
    """Retention."""

    @property
    def title(self) -> str:
        """What descriptions call it."""
        return f"fleet {self.fleet}"
