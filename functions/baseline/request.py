"""The properties of the custom resource (docs/interfaces.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, Json, ValidationError, model_validator

from functions.common.contract import Name
from functions.common.custom_resource import FromCloudFormation
from monitoring_core.errors import ConfigError
from monitoring_core.spec import MonitorSpec


class Properties(FromCloudFormation):
    """What decides a baseline; every scalar arrives as text."""

    endpoint: Name
    monitor: Name
    bucket: str
    model: str
    spec: Json[MonitorSpec]
    period_seconds: int = Field(gt=0)
    dataset: str = ""
    time_column: str = ""
    statistics: str = ""
    constraints: str = ""
    compat: Literal["", "aws"] = ""
    champion: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.dataset) == bool(self.statistics or self.constraints):
            raise ValueError("give either Dataset, or Statistics and Constraints")
        if not self.dataset and not (self.statistics and self.constraints):
            raise ValueError("Statistics and Constraints belong together; give both")
        return self

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Read the properties.

        Raises
        ------
        ConfigError
            If one is missing or wrong.
        """
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"the properties of the baseline are wrong: {wrong}; see docs/interfaces.md") from error

    @property
    def prefix(self) -> str:
        """Where the monitor's baselines are kept."""
        return f"s3://{self.bucket}/baselines/{self.endpoint}/{self.monitor}/"

    @property
    def physical_id(self) -> str:
        """Name of the resource: it never changes, so an update never deletes."""
        return f"{self.endpoint}/{self.monitor}"
