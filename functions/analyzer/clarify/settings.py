"""Where a Clarify job finds things; the platform's mounts unless the environment says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator

from functions.analyzer.data_format import AnyFormat, parse_format
from functions.analyzer.job_settings import JobSettings, job_environment

ANALYSIS_CONFIG: Final = Path("/opt/ml/processing/input/config/analysis_config.json")


class ClarifySettings(JobSettings):
    """Settings of one Clarify job; `baseline_constraints` is the ``analysis.json`` of good data."""

    analysis_config_file: Path = ANALYSIS_CONFIG
    dataset_source: Path = Path("/opt/ml/processing/input/data")
    model_source: Path = Path("/opt/ml/processing/input/model")
    """Folder or file of the model to explain."""
    dataset_format: Annotated[AnyFormat, BeforeValidator(parse_format)] | None = None
    """Set where the data set is captured or merged records, not what the configuration describes."""


def is_clarify_job(environment: Mapping[str, str]) -> bool:
    """Return whether the container was started under Clarify's contract."""
    given = job_environment(environment)
    return "analysis_config_file" in given or ("dataset_format" not in given and ANALYSIS_CONFIG.is_file())
