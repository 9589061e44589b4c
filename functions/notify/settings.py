"""Settings of notify."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, Json

from functions.common.settings import Settings


class Retraining(StrEnum):
    """What follows a violation alarm."""

    AUTOMATIC = "automatic"
    DRY_RUN = "dry-run"
    OFF = "off"


class Approval(StrEnum):
    """What becomes of a model that the retraining pipeline registers; unknown for a pipeline of another make."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    UNKNOWN = "unknown"


class NotifySettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
    topic_arn: str
    idempotency_table: str
    runbook_url: str
    retraining: Retraining = Retraining.OFF
    approval: Approval = Approval.UNKNOWN
    monitors: Json[dict[str, str]] = Field(default_factory=dict)
    """Kinds of the monitors, by their schedules' names."""
