"""What the container is told: Amazon's environment variables (contract 3.1) as a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from functions.analyzer.data_format import AnyFormat, parse_format
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

JOB_CONFIG_VARIABLE: Final = "watchkeeper_processing_job_config"
JOB_CONFIG: Final = Path("/opt/ml/config/processingjobconfig.json")

_ABSENT: Final = frozenset({"", "null", "None"})


class AnalysisType(StrEnum):
    """``analysis_type``; Clarify's analyses are told by a file instead."""

    DATA_QUALITY = "DATA_QUALITY"
    MODEL_QUALITY = "MODEL_QUALITY"


class Settings(BaseModel):
    """Settings of one analysis; paths default to where the platform mounts things."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    dataset_source: Path
    dataset_format: Annotated[AnyFormat, BeforeValidator(parse_format)]
    output_path: Path = Path("/opt/ml/processing/output")
    baseline_constraints: Path | None = None
    baseline_statistics: Path | None = None
    publish_cloudwatch_metrics: Literal["Enabled", "Disabled"] = "Disabled"
    cloudwatch_metrics_directory: Path = Path("/opt/ml/output/metrics/cloudwatch")
    output_message_file: Path = Path("/opt/ml/output/message")
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    metric_time: AwareDatetime | None = None
    endpoint: str | None = Field(default=None, validation_alias=AliasChoices("sagemaker_endpoint_name"))
    schedule: str | None = Field(default=None, validation_alias=AliasChoices("sagemaker_monitoring_schedule_name"))
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] = "LInfinity"
    analysis_type: AnalysisType = AnalysisType.DATA_QUALITY
    problem_type: str | None = None
    inference_attribute: str | None = None
    probability_attribute: str | None = None
    ground_truth_attribute: str | None = None
    probability_threshold_attribute: float | None = None
    positive_label: str | None = None
    record_preprocessor_script: Path | None = None
    post_analytics_processor_script: Path | None = None
    compat: Literal["aws"] | None = Field(default=None, validation_alias=AliasChoices("watchkeeper_compat"))

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment; what it lacks is taken from ``processingjobconfig.json``.

        Raises
        ------
        ConfigError
            If a variable is missing, wrong, or asks for something that does not exist here.
        """
        given = {**job_environment(environment), **environment}
        try:
            settings = cls.model_validate({name: value for name, value in given.items() if value not in _ABSENT})
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"environment variables are wrong: {wrong}; see the container contract") from error
        settings.refuse_unsupported()
        return settings

    def refuse_unsupported(self) -> None:
        """Fail loudly on what would otherwise be left out silently."""
        if self.baseline_statistics is not None and self.baseline_constraints is None:
            raise ConfigError("baseline_statistics is given without baseline_constraints; give both, or neither")

    @property
    def window(self) -> Window | None:
        """The window of a scheduled run."""
        if self.start_time is None or self.end_time is None:
            return None
        return Window(self.start_time, self.end_time)


def job_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of ``processingjobconfig.json``, if the platform left one."""
    path = Path(environment.get(JOB_CONFIG_VARIABLE, JOB_CONFIG))
    if not path.is_file():
        return {}
    try:
        config: dict[str, Any] = json.loads(path.read_bytes())
        return {str(name): str(value) for name, value in (config.get("Environment") or {}).items()}
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; expected the job's configuration as JSON") from error
