"""Settings of retrain."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, Json

from functions.common.settings import Settings
from functions.retrain.decision import Policy


class RetrainSettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
    incident_table: str
    pipeline_name: str
    pipeline_parameters: Json[dict[str, str]] = Field(default_factory=dict)
    cooldown_seconds: Annotated[int, Field(ge=0)]
    dry_run: bool = False
    topic_arn: str

    @property
    def policy(self) -> Policy:
        """What the decision needs."""
        return Policy(cooldown=timedelta(seconds=self.cooldown_seconds), dry_run=self.dry_run)
