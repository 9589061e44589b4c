"""EndpointConfig: one configuration file, whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infra.config.base import Section
from infra.config.data import Baseline, DataSchema, GroundTruth
from infra.config.endpoint import Capture, Endpoint
from infra.config.monitors import Monitor
from infra.config.operations import Alarms, Governance, Retraining, Runtime, Training
from infra.config.schedule import WEEK
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.metric_names import schedule_name
from monitoring_core.spec import MonitorSpec, SchemaSpec

Problem = tuple[tuple[str | int, ...], str]
_NAME_LIMIT = 63
_METRICS_PER_ALARM = 9


class EndpointConfig(Section):
    """One endpoint and everything that watches it."""

    model_config = ConfigDict(title="Watchkeeper endpoint configuration")

    endpoint: Endpoint
    """The watched endpoint."""
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
    governance: Governance = Governance()
    """Facts for the model card and the bill."""
    runtime: Runtime = Runtime()
    """Machines and retention."""

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        problems = [problem for check in _CROSS_CHECKS for problem in check(self)]
        if problems:
            text = "; ".join(message for _, message in problems)
            raise PydanticCustomError("sections_disagree", "{text}", {"text": text, "problems": problems})
        return self

    @property
    def columns(self) -> SchemaSpec:
        """Column names as the analysis reads them."""
        return SchemaSpec(outputs=self.data_schema.outputs, features=self.data_schema.features)

    def specs(self) -> dict[str, MonitorSpec]:
        """Return the spec of every monitor by the monitor's name."""
        return {monitor.name: monitor.spec(self.columns) for monitor in self.monitors}


def _capture_problems(config: EndpointConfig) -> Iterator[Problem]:
    given = config.capture.model_fields_set
    if config.endpoint.existing:
        if config.capture.destination is None:
            yield (
                ("capture", "destination"),
                "missing; give the `DestinationS3Uri` of the existing endpoint's data capture",
            )
        for name in sorted(given - {"destination", "kms_key"}):
            yield ("capture", name), "has no effect on an existing endpoint, which decides this itself; remove it"
        return
    for name in sorted(given & {"destination", "kms_key"}):
        yield (
            ("capture", name),
            "is for existing endpoints; a created endpoint captures into the stack's own bucket and key",
        )
    both = set(config.capture.csv_content_types) & set(config.capture.json_content_types)
    if both:
        yield ("capture", "json_content_types"), f"{', '.join(sorted(both))} is listed as CSV too; list it once"


def _monitor_problems(config: EndpointConfig) -> Iterator[Problem]:
    names = [monitor.name for monitor in config.monitors]
    for i, monitor in enumerate(config.monitors):
        if monitor.name in names[:i]:
            yield ("monitors", i, "name"), f"{monitor.name!r} is taken by another monitor; give each its own `name`"
        full = schedule_name(config.endpoint.name, monitor.name)
        if len(full) > _NAME_LIMIT:
            yield (
                ("monitors", i, "name"),
                f"{full!r} has {len(full)} characters; endpoint and monitor together may have 62",
            )
        if monitor.runtime == "managed" and monitor.schedule.managed_expression is None:
            allowed = "hourly, daily, every N hours, or cron(0 H ? * * *) or cron(0 H/N ? * * *)"
            yield (
                ("monitors", i, "schedule"),
                f"{monitor.schedule.text!r} cannot be scheduled by Model Monitor; allowed: {allowed}; "
                "or use `runtime: function`",
            )


def _managed_problems(config: EndpointConfig) -> Iterator[Problem]:
    for i, monitor in enumerate(config.monitors):
        if monitor.runtime == "managed" and not 1 <= len(monitor.emit_features) <= _METRICS_PER_ALARM:
            yield (
                ("monitors", i, "emit_features"),
                (
                    f"the alarm of a managed monitor watches the drift metrics of these features: "
                    f"name 1 to {_METRICS_PER_ALARM}, got {len(monitor.emit_features)}"
                ),
            )


def _column_problems(config: EndpointConfig) -> Iterator[Problem]:
    known = (*config.columns.outputs, *config.columns.features)
    if not known:
        return  # columns are named by the baseline; the deployment checks them against it
    for i, monitor in enumerate(config.monitors):
        for column in monitor.features:
            if column not in known:
                yield ("monitors", i, "features", column), str(ColumnNotFoundError(column, known))
        for j, column in enumerate(monitor.emit_features):
            if column not in known:
                yield ("monitors", i, "emit_features", j), str(ColumnNotFoundError(column, known))


def _alarm_problems(config: EndpointConfig) -> Iterator[Problem]:
    for monitor in config.monitors:
        most = WEEK // monitor.schedule.period_seconds
        for field in ("evaluation_periods", "heartbeat_periods"):
            if (given := getattr(config.alarms, field)) > most:
                yield (
                    ("alarms", field),
                    (
                        f"CloudWatch looks back seven days at most, got {given} windows of {monitor.schedule.text} "
                        f"({monitor.name}); allowed: up to {most}"
                    ),
                )


def _retraining_problems(config: EndpointConfig) -> Iterator[Problem]:
    if config.retraining is None:
        if "ground_truth" in config.model_fields_set:
            yield (
                ("ground_truth",),
                "only retraining reads labels in this version; add `retraining` or remove this section",
            )
        return
    if all(monitor.runtime == "managed" for monitor in config.monitors):
        yield ("retraining",), "is started by monitors of `runtime: function`; add one, or remove this section"
    if config.retraining.training is not None:
        yield from _training_problems(config, config.retraining.training)


def _training_problems(config: EndpointConfig, training: Training) -> Iterator[Problem]:
    for name in ("outputs", "label"):
        if not getattr(config.data_schema, name):
            yield ("schema", name), "missing; the retraining pipeline needs it"
    if config.data_schema.problem != "binary-classification":
        yield (
            ("schema", "problem"),
            (
                f"the retraining pipeline compares models by AUC and needs binary-classification, "
                f"got {config.data_schema.problem}; give the ARN of your own pipeline instead"
            ),
        )
    if config.baseline.dataset is None:
        yield ("baseline", "dataset"), "missing; the retraining pipeline adds the labelled traffic to this data"
    create = config.endpoint.create
    if training.champion is None and (create is None or create.variants[0].model.artifact is None):
        yield ("retraining", "training", "champion"), "missing; give the `model.tar.gz` that serves today"


_CROSS_CHECKS = (
    _capture_problems,
    _monitor_problems,
    _managed_problems,
    _column_problems,
    _alarm_problems,
    _retraining_problems,
)
