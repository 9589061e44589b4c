"""Settings of retrain."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Json

from functions.common.settings import Settings
from functions.retrain.decision import Policy


class Watched(BaseModel):
    """What an alarm watches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: str
    kind: str


class RetrainSettings(Settings):
    """See docs/functions.md."""

    bucket: str
    endpoint: str
    incident_table: str
    pipeline_name: str
    pipeline_parameters: Json[dict[str, str]] = Field(default_factory=dict)
    parameter_names: Json[dict[str, str]] = Field(default_factory=dict)
    champion_parameter: str = ""
    alarms: Json[dict[str, Watched]]
    cooldown_seconds: Annotated[int, Field(ge=0)]
    dry_run: bool = False
    max_rejected: Annotated[int, Field(ge=1)] | None = None
    monthly_budget: Annotated[float, Field(gt=0)] | None = None
    expected_cost: Annotated[float, Field(ge=0)] = 0.0
    min_labels: Annotated[int, Field(ge=1)] | None = None
    labelled_schedule: str = ""
    max_age_seconds: Annotated[int, Field(gt=0)] = 60 * 86_400
    topic_arn: str

    @property
    def policy(self) -> Policy:
        """What the decision needs."""
        return Policy(
            cooldown=timedelta(seconds=self.cooldown_seconds),
            dry_run=self.dry_run,
            max_rejected=self.max_rejected,
            monthly_budget=self.monthly_budget,
            cost=self.expected_cost,
            min_labels=self.min_labels,
        )
