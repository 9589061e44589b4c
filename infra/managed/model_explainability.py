"""Model explainability: Clarify asks the model through an endpoint of its own, and compares with `analysis.json`."""

from __future__ import annotations

from typing import Any

from infra.config import EndpointConfig
from infra.managed.parts import JobParts
from monitoring_core.spec import ModelExplainabilitySpec


def properties(parts: JobParts[ModelExplainabilitySpec]) -> dict[str, Any]:
    """Return what the job definition says about the analysis."""
    source = parts.source(
        "input/endpoint",
        featuresAttribute=parts.config.runtime.managed.attributes.features,
        inferenceAttribute=parts.probability or parts.prediction,
    )
    return {
        "model_explainability_app_specification": {
            "imageUri": parts.image.uri,
            "configUri": parts.config_uri,
            "environment": parts.environment,
        },
        "model_explainability_baseline_config": {
            "constraintsResource": {"s3Uri": parts.baseline_file("analysis.json")}
        },
        "model_explainability_job_input": source,
        "model_explainability_job_output_config": parts.output,
    }


def shadow_prefix(config: EndpointConfig) -> str:
    """Return how the names of Clarify's endpoints begin: nothing else may be created or deleted by its job."""
    return f"{config.name[:40].rstrip('-')}-clarify".lower()


def predictor(config: EndpointConfig, model_name: str) -> dict[str, Any]:
    """Return the section `predictor` of the analysis configuration: which model is asked, and how."""
    shadow, attributes = config.runtime.managed.shadow_endpoint, config.runtime.managed.attributes
    given: dict[str, Any] = {
        "model_name": model_name,
        "endpoint_name_prefix": shadow_prefix(config),
        "instance_type": shadow.instance_type,
        "initial_instance_count": shadow.instance_count,
        "content_type": shadow.content_type,
        "accept_type": shadow.accept_type,
        "content_template": shadow.content_template,
        "record_template": shadow.record_template,
        "label": attributes.probability or attributes.prediction or _explained_output(config),
    }
    return {name: value for name, value in given.items() if value is not None}


def _explained_output(config: EndpointConfig) -> int | None:
    """Return the place of the output that is explained, where there are several."""
    schema = config.data_schema
    column = schema.probability or schema.prediction
    return schema.outputs.index(column) if column is not None and len(schema.outputs) > 1 else None
