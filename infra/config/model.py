"""EndpointConfig: one configuration file, whole."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infra.config.base import KmsKeyArn, Section
from infra.config.checks import CHECKS
from infra.config.data import Baseline, DataSchema, GroundTruth
from infra.config.endpoint import Capture, Endpoint
from infra.config.monitors import Monitor
from infra.config.operations import AlarmRule, Alarms, Governance, Retraining, Runtime
from monitoring_core.spec import MonitorSpec, SchemaSpec


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
    decrypt_keys: tuple[KmsKeyArn, ...] = ()
    """KMS keys of your own buckets: the roles that read data set, labels, artifacts or code there may decrypt with
    them. The keys' policies must allow this account to, too."""

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        problems = [problem for check in CHECKS for problem in check(self)]
        if problems:
            text = "; ".join(message for _, message in problems)
            raise PydanticCustomError("sections_disagree", "{text}", {"text": text, "problems": problems})
        return self

    @property
    def columns(self) -> SchemaSpec:
        """Column names as the analysis reads them."""
        return self.data_schema.columns

    def alarm_rule(self, monitor: Monitor) -> AlarmRule:
        """Return after how many runs the alarms of a monitor are raised."""
        return monitor.alarm or self.alarms

    def specs(self) -> dict[str, MonitorSpec]:
        """Return the spec of every monitor by the monitor's name."""
        return {monitor.name: monitor.spec(self.data_schema) for monitor in self.monitors}
