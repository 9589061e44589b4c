"""What Model Monitor's container is told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator

from functions.analyzer.data_format import AnyFormat, parse_format
from functions.analyzer.job_settings import JobSettings
from monitoring_core.errors import ConfigError


class AnalysisType(StrEnum):
    """``analysis_type``; Clarify's analyses are told by a file instead."""

    DATA_QUALITY = "DATA_QUALITY"
    MODEL_QUALITY = "MODEL_QUALITY"


class Settings(JobSettings):
    """Settings of one analysis of data quality or model quality."""

    dataset_source: Path
    dataset_format: Annotated[AnyFormat, BeforeValidator(parse_format)]
    baseline_statistics: Path | None = None
    categorical_drift_method: Literal["LInfinity", "ChiSquared"] = "LInfinity"
    analysis_type: AnalysisType = AnalysisType.DATA_QUALITY
    problem_type: str | None = None
    ground_truth_attribute: str | None = None
    positive_label: str | None = None
    record_preprocessor_script: Path | None = None
    post_analytics_processor_script: Path | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment, and fail loudly on what would otherwise be left out silently."""
        settings = super().read(environment)
        if settings.baseline_statistics is not None and settings.baseline_constraints is None:
            raise ConfigError("baseline_statistics is given without baseline_constraints; give both, or neither")
        return settings
