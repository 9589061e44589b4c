"""What the sections of all kinds of monitors share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

from infra.config.base import Location, Name, Problem, S3Uri, Section
from infra.config.data import DataSchema
from infra.config.operations import AlarmRule
from infra.config.schedule import ScheduleField, parse_schedule
from monitoring_core.spec import MonitorSpec


class ScheduledMonitor(Section, ABC):
    """What is analysed, when and where."""

    needs_labels: ClassVar[bool] = False
    """Whether the windows wait for the ground truth."""

    name: Name
    """Names the monitor in metrics, alarms and reports; must differ within an endpoint."""
    schedule: ScheduleField = parse_schedule("hourly")
    """`hourly`, `daily`, `every N hours`, `every N minutes`, `rate(...)` or `cron(...)`, in UTC."""
    runtime: Literal["auto", "function", "processing", "spark", "managed"] = "auto"
    """Where it runs. `auto`: in our state machine, on the engine that the size of the window asks for (`runtime.auto`);
    `function`, `processing` or `spark`: always on that engine; `managed`: a Model Monitor schedule (existing customers
    of Model Monitor only)."""
    alarm: AlarmRule | None = None
    """When people are told about this monitor; left out: as in the section `alarms`."""
    variant: Name | None = None
    """The only variant that is watched, e.g. the challenger of an experiment; left out: all together."""
    dataset: S3Uri | None = None
    """Data set of this monitor's baseline; left out: `baseline.dataset`. A model is judged best on rows that it was
    not trained on."""

    @property
    def emitted(self) -> tuple[str, ...]:
        """Features, or metrics, whose own CloudWatch metrics of Amazon's names are published."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """What the baseline of this monitor is made of, beside the endpoint's own baseline data."""
        return (self.dataset,) if self.dataset else ()

    @abstractmethod
    def spec(self, schema: DataSchema) -> MonitorSpec:
        """Return the analysis alone, as every runtime reads it."""

    def named_columns(self) -> Iterator[tuple[Location, str]]:
        """Yield the columns that the section names, and where."""
        yield from ()

    def missing(self, schema: DataSchema) -> Iterator[Problem]:  # noqa: ARG002 - most kinds need nothing
        """Yield what the section `schema` lacks for this kind."""
        yield from ()


class MeasuringMonitor(ScheduledMonitor, ABC):
    """A monitor whose results are metrics with names of their own."""

    emit_metrics: tuple[str, ...] = ()
    """CloudWatch metrics of Amazon's names that are published, too, e.g. `auc` (about $0.30 a month each)."""

    @property
    def emitted(self) -> tuple[str, ...]:
        """Metrics of Amazon's names that are published."""
        return self.emit_metrics


class LabelledMonitor(MeasuringMonitor, ABC):
    """A monitor of predictions that have met their ground truth."""

    needs_labels = True

    def missing(self, schema: DataSchema) -> Iterator[Problem]:
        """Yield what the section `schema` lacks for labelled rows."""
        if schema.label is None:
            yield ("schema", "label"), f"missing; {self.name} needs the name of the label in its baseline's data set"
        if schema.prediction is None and schema.probability is None:
            yield (
                ("schema",),
                f"{self.name} needs `prediction` or `probability`: the column of `outputs` that holds it",
            )
