"""Where a Clarify job finds things; the platform's mounts unless the environment says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from functions.analyzer.data_format import AnyFormat, parse_format
from functions.analyzer.settings import job_environment
from monitoring_core.errors import ConfigError
from monitoring_core.window import Window

ANALYSIS_CONFIG: Final = Path("/opt/ml/processing/input/config/analysis_config.json")

_ABSENT: Final = frozenset({"", "null", "None"})


class ClarifySettings(BaseModel):
    """Settings of one Clarify job."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    analysis_config_file: Path = ANALYSIS_CONFIG
    dataset_source: Path = Path("/opt/ml/processing/input/data")
    model_source: Path = Path("/opt/ml/processing/input/model")
    """Folder or file of the model to explain."""
    output_path: Path = Path("/opt/ml/processing/output")
    baseline_constraints: Path | None = None
    """``analysis.json`` of good data; with it, the job is a monitoring run."""
    dataset_format: Annotated[AnyFormat, BeforeValidator(parse_format)] | None = None
    """Set where the data set is captured or merged records, not what the configuration describes."""
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
    watchkeeper_compat: Literal["aws"] | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment; what it lacks is taken from ``processingjobconfig.json``.

        Raises
        ------
        ConfigError
            If a variable is wrong.
        """
        given = {**job_environment(environment), **environment}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value not in _ABSENT})
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigError(f"environment variables are wrong: {wrong}; see the container contract") from error

    @property
    def compat(self) -> bool:
        """Whether to decide and write exactly as Clarify does."""
        return self.watchkeeper_compat is not None

    @property
    def window(self) -> Window | None:
        """The window of a scheduled run."""
        if self.start_time is None or self.end_time is None:
            return None
        return Window(self.start_time, self.end_time)


def is_clarify_job(environment: Mapping[str, str]) -> bool:
    """Return whether the container was started under Clarify's contract."""
    given = {**job_environment(environment), **environment}
    if given.get("analysis_config_file", "") not in _ABSENT:
        return True
    return "dataset_format" not in given and ANALYSIS_CONFIG.is_file()
