"""The properties of the custom resource (docs/interfaces.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, Self

from pydantic import Field, Json, ValidationError, model_validator

from functions.common.contract import Name, Runtime
from functions.common.custom_resource import FromCloudFormation
from functions.common.fitting import FitOrder
from monitoring_core.errors import ConfigError
from monitoring_core.spec import MonitorSpec

MODEL: Final = "model"
"""The model file, among the files of a baseline of explainability."""
PROPERTIES: Final = "properties.json"
"""What the last deployment asked for, beside a monitor's baselines."""


class Properties(FromCloudFormation):
    """What decides a baseline, and where it is made; every scalar arrives as text.

    Attributes
    ----------
    packaged : str
        Where a model package has a baseline of this monitor; it is taken if it was made by the same specification.
    jobs : str
        ARN of the state machine that fits a baseline in a processing job; empty: the stack has none.
    function_bytes : int
        The largest data set, as text, that the function takes with `runtime` ``auto``.
    """

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
    packaged: str = ""
    runtime: Runtime = Runtime.AUTO
    jobs: str = ""
    function_bytes: int = Field(default=0, ge=0)

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

    @property
    def model_file(self) -> str:
        """URI of the model that the monitor asks; empty where it asks none."""
        if self.spec.kind != "model-explainability":
            return ""
        return f"{self.packaged}{MODEL}" if self.packaged else self.spec.model_file or ""

    def order(self, created_at: datetime) -> FitOrder:
        """Return what is to be made of the data set."""
        return FitOrder(
            spec=self.spec,
            model=self.model,
            dataset=self.dataset,
            time_column=self.time_column,
            period_seconds=self.period_seconds,
            compat=self.compat,
            created_at=created_at,
        )
