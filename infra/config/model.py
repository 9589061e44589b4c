"""EndpointConfig: one configuration file, whole."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infra.config.base import KmsKeyArn, Name, Problem, Section
from infra.config.batch_transform import BatchTransform
from infra.config.checks import CHECKS
from infra.config.data import Baseline, DataSchema, GroundTruth
from infra.config.endpoint import Capture, CreatedEndpoint, Endpoint
from infra.config.experiment import Experiment
from infra.config.monitors import Monitor
from infra.config.operations import AlarmRule, Alarms, Governance, Retraining
from infra.config.promotion import Promotion
from infra.config.review import Review
from infra.config.runtime import ProcessingRuntime, Runtime, SparkRuntime
from infra.config.schedule import Schedule
from monitoring_core.spec import MonitorSpec, SchemaSpec


class EndpointConfig(Section):
    """One endpoint, or the transform jobs of one model, and everything that watches it."""

    model_config = ConfigDict(title="Watchkeeper endpoint configuration")

    endpoint: Endpoint | None = None
    """The watched endpoint."""
    batch_transform: BatchTransform | None = None
    """The watched transform jobs, in place of an endpoint."""
    fleet: Name | None = None
    """Fleet whose key, bucket and topic the endpoint shares. Left out: the endpoint has its own. Decide it before the
    first deployment: the data stay in the bucket where they are."""
    capture: Capture = Capture()
    """Data capture."""
    data_schema: Annotated[DataSchema, Field(alias="schema")] = DataSchema()
    """Names and roles of the columns."""
    baseline: Baseline
    """What the traffic is compared with."""
    ground_truth: GroundTruth = GroundTruth()
    """Labels that arrive after the predictions."""
    monitors: Annotated[tuple[Monitor, ...], Field(min_length=1)]
    """What is analysed, when and where."""
    alarms: Alarms = Alarms()
    """When people are told."""
    retraining: Retraining | None = None
    """Left out: violations only tell people."""
    promotion: Promotion | None = None
    """Left out: nobody but the stack's deployment changes what serves, and what serves is not watched."""
    experiment: Experiment | None = None
    """Left out: variants are not compared."""
    review: Review | None = None
    """Left out: nobody is asked about predictions."""
    governance: Governance = Governance()
    """Facts for the model card and the bill."""
    runtime: Runtime = Runtime()
    """Machines and retention."""
    decrypt_keys: tuple[KmsKeyArn, ...] = ()
    """KMS keys of your own buckets: the roles that read data set, labels, artifacts or code there may decrypt with
    them. The keys' policies must allow this account to, too."""

    @model_validator(mode="after")
    def _one_is_watched(self) -> Self:
        if (self.endpoint is None) == (self.batch_transform is None):
            given = "missing" if self.endpoint is None else "both are given"
            text = f"{given}; give either `endpoint`, or `batch_transform` to watch transform jobs"
            raise _disagreement([(("endpoint",), text)])
        return self

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        problems = [problem for check in CHECKS for problem in check(self)]
        if problems:
            raise _disagreement(problems)
        return self

    @property
    def name(self) -> str:
        """Name of what is watched: the endpoint's, or that of the transform jobs."""
        watched = self.endpoint or self.batch_transform
        assert watched is not None  # noqa: S101 - one of them is given
        return watched.name

    @property
    def title(self) -> str:
        """What descriptions call it."""
        return f"endpoint {self.name}" if self.endpoint else f"transform jobs {self.name}"

    @property
    def created(self) -> CreatedEndpoint | None:
        """The endpoint that the stack creates, if it creates one."""
        return self.endpoint.create if self.endpoint else None

    @property
    def existing(self) -> bool:
        """Whether there is an endpoint that exists already."""
        return self.endpoint is not None and self.endpoint.existing

    @property
    def own_monitors(self) -> tuple[Monitor, ...]:
        """Monitors that run in our state machine."""
        return tuple(monitor for monitor in self.monitors if monitor.runtime != "managed")

    @property
    def processing(self) -> ProcessingRuntime | None:
        """Processing jobs of the stack; with usual settings where only a monitor asks for them."""
        return self.runtime.processing or (ProcessingRuntime() if self._asks_for("processing") else None)

    @property
    def spark(self) -> SparkRuntime | None:
        """Spark jobs of the stack, likewise."""
        return self.runtime.spark or (SparkRuntime() if self._asks_for("spark") else None)

    def _asks_for(self, runtime: str) -> bool:
        return any(monitor.runtime == runtime for monitor in self.monitors)

    @property
    def columns(self) -> SchemaSpec:
        """Column names as the analysis reads them."""
        return self.data_schema.columns

    def is_scheduled(self, monitor: Monitor) -> bool:
        """Return whether runs of a monitor start at the ends of its windows; else transform jobs start them."""
        batch = self.batch_transform
        return batch is None or batch.by_schedule or monitor.needs_labels or monitor.runtime == "managed"

    def starts(self, monitor: Monitor) -> Schedule:
        """Return the schedule by which runs of a monitor start: in a fleet, not all endpoints at once."""
        return monitor.schedule.spread(self.name) if self.fleet else monitor.schedule

    def alarm_rule(self, monitor: Monitor) -> AlarmRule:
        """Return after how many runs the alarms of a monitor are raised."""
        return monitor.alarm or self.alarms

    def specs(self) -> dict[str, MonitorSpec]:
        """Return the spec of every monitor by the monitor's name."""
        return {monitor.name: monitor.spec(self.data_schema) for monitor in self.monitors}


def _disagreement(problems: list[Problem]) -> PydanticCustomError:
    text = "; ".join(message for _, message in problems)
    return PydanticCustomError("sections_disagree", "{text}", {"text": text, "problems": problems})
