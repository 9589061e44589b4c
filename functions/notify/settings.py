"""Settings of notify."""

from __future__ import annotations

from enum import StrEnum

from functions.common.settings import Settings


class Retraining(StrEnum):
    """What follows a violation alarm."""

    AUTOMATIC = "automatic"
    DRY_RUN = "dry-run"
    OFF = "off"


class NotifySettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
    topic_arn: str
    idempotency_table: str
    runbook_url: str
    retraining: Retraining = Retraining.OFF
