"""Model quality: Amazon merges the labels, then its analyzer holds the metrics against `constraints.json`."""

from __future__ import annotations

from typing import Any

from infra.managed.parts import JobParts
from monitoring_core.spec import ModelQualitySpec


def properties(parts: JobParts[ModelQualitySpec]) -> dict[str, Any]:
    """Return what the job definition says about the analysis."""
    spec = parts.spec
    positive = {"positive_label": spec.positive_label} if spec.positive_label else {}
    source = parts.source(
        "input_data",
        inferenceAttribute=parts.prediction,
        probabilityAttribute=parts.probability,
        probabilityThresholdAttribute=spec.probability_threshold if parts.probability else None,
    )
    return {
        "model_quality_app_specification": {
            "imageUri": parts.image.uri,
            "problemType": spec.problem_type.value,
            "environment": parts.environment | positive,
            **parts.scripts,
        },
        "model_quality_baseline_config": {
            "constraintsResource": {"s3Uri": parts.baseline.get_att_string("ConstraintsUri")}
        },
        "model_quality_job_input": source | parts.ground_truth,
        "model_quality_job_output_config": parts.output,
    }
