"""Settings of promote."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, Json

from functions.common.settings import Settings
from monitoring_core.spec import Frozen


class Shifting(Frozen):
    """How traffic moves to a new model, as the section `promotion` says; times in seconds."""

    strategy: Literal["canary", "linear", "all-at-once"]
    canary_percent: int
    linear_steps: int
    wait: int
    bake: int
    rollback_alarms: bool


class PromoteSettings(Settings):
    """See docs/promotion.md.

    Attributes
    ----------
    packages : str
        What the ARNs of the group's versions begin with; ends in ``/``.
    baselines : mapping of str to str
        The kind of each monitor.
    guards : tuple of str
        Alarms that take a deployment back.
    """

    bucket: str
    endpoint: str
    variant: str
    declared: str
    packages: str
    deployment_table: str
    topic_arn: str
    runbook_url: str
    shifting: Json[Shifting]
    guards: Json[tuple[str, ...]] = ()
    baselines: Json[dict[str, str]] = Field(default_factory=dict)
    baseline_function: str = ""
    allow_older: Json[bool] = False
    incident_table: str = ""
    model_card: str = ""

    @property
    def group(self) -> str:
        """The model package group."""
        return self.packages.rstrip("/").rpartition("/")[2]
