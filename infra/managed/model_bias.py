"""Model bias: Amazon merges the labels, then Clarify holds the metrics against the baseline's `analysis.json`."""

from __future__ import annotations

from typing import Any

from infra.managed.parts import JobParts
from monitoring_core.spec import ModelBiasSpec


def properties(parts: JobParts[ModelBiasSpec]) -> dict[str, Any]:
    """Return what the job definition says about the analysis."""
    spec = parts.spec
    by_probability = spec.probability is not None
    source = parts.source(
        "input_data",
        featuresAttribute=parts.config.runtime.managed.attributes.features,
        inferenceAttribute=None if by_probability else parts.prediction,
        probabilityAttribute=parts.probability if by_probability else None,
        probabilityThresholdAttribute=spec.probability_threshold if by_probability else None,
    )
    return {
        "model_bias_app_specification": {
            "imageUri": parts.image.uri,
            "configUri": parts.config_uri,
            "environment": parts.environment,
        },
        "model_bias_baseline_config": {"constraintsResource": {"s3Uri": parts.baseline_file("analysis.json")}},
        "model_bias_job_input": source | parts.ground_truth,
        "model_bias_job_output_config": parts.output,
    }
