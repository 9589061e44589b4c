"""What both containers are told, Model Monitor's and Clarify's: environment variables (contract 3.1) as a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

JOB_CONFIG_VARIABLE: Final = "watchkeeper_processing_job_config"
JOB_CONFIG: Final = Path("/opt/ml/config/processingjobconfig.json")

_ABSENT: Final = frozenset({"", "null", "None"})


class JobSettings(BaseModel):
    """Settings of one job; paths default to where the platform mounts things."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    output_path: Path = Path("/opt/ml/processing/output")
    baseline_constraints: Path | None = None
    """What good data are held to; with it, the job is a monitoring run."""
    inference_attribute: str | None = None
    probability_attribute: str | None = None
    probability_threshold_attribute: float | None = None
    publish_cloudwatch_metrics: Literal["Enabled", "Disabled"] = "Disabled"
    cloudwatch_metrics_directory: Path = Path("/opt/ml/output/metrics/cloudwatch")
    output_message_file: Path = Path("/opt/ml/output/message")
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    metric_time: AwareDatetime | None = None
    endpoint: str | None = Field(default=None, validation_alias=AliasChoices("sagemaker_endpoint_name"))
    schedule: str | None = Field(default=None, validation_alias=AliasChoices("sagemaker_monitoring_schedule_name"))
    parity: Literal["aws"] | None = Field(default=None, validation_alias=AliasChoices("watchkeeper_compat"))

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment; what it lacks is taken from ``processingjobconfig.json``.

        Raises
        ------
        ConfigError
            If a variable is missing, wrong, or asks for something that does not exist here.
        """
        try:
            return cls.model_validate(job_environment(environment))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"environment variables are wrong: {wrong}; see the container contract") from error

    @property
    def compat(self) -> bool:
        """Whether to decide and write exactly as Amazon's containers do."""
        return self.parity is not None

    @property
    def window(self) -> Window | None:
        """The window of a scheduled run."""
        if self.start_time is None or self.end_time is None:
            return None
        return Window(self.start_time, self.end_time)


def job_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say something, with those of ``processingjobconfig.json`` if the platform left one."""
    given = {**_configured(Path(environment.get(JOB_CONFIG_VARIABLE, JOB_CONFIG))), **environment}
    return {name: value for name, value in given.items() if value not in _ABSENT}


def _configured(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        config: dict[str, Any] = json.loads(path.read_bytes())
        return {str(name): str(value) for name, value in (config.get("Environment") or {}).items()}
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; expected the job's configuration as JSON") from error
