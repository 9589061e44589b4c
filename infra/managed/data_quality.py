"""Data quality: Amazon's analyzer against `statistics.json` and `constraints.json`."""

from __future__ import annotations

from typing import Any

from infra.managed.parts import JobParts
from monitoring_core.spec import DataQualitySpec


def properties(parts: JobParts[DataQualitySpec]) -> dict[str, Any]:
    """Return what the job definition says about the analysis."""
    return {
        "data_quality_app_specification": {
            "imageUri": parts.image.uri,
            "environment": parts.environment,
            **parts.scripts,
        },
        "data_quality_baseline_config": {
            "constraintsResource": {"s3Uri": parts.baseline.get_att_string("ConstraintsUri")},
            "statisticsResource": {"s3Uri": parts.baseline.get_att_string("StatisticsUri")},
        },
        "data_quality_job_input": parts.source("input/endpoint"),
        "data_quality_job_output_config": parts.output,
    }
