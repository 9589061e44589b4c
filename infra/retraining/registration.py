"""The last step of the retraining pipeline: what the model registry gets to know of the challenger."""

from __future__ import annotations

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import FileSource, MetricsSource, ModelMetrics
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder

from infra.retraining import parameters as p
from infra.retraining.steps import output_of, training_data

JSON = "application/json"


def register(
    session: PipelineSession,
    trained: TrainingStep,
    scored: ProcessingStep,
    evaluated: ProcessingStep,
    made: ProcessingStep,
) -> ModelStep:
    """Put the challenger into the model registry, with what was measured and its baselines.

    What belongs to a kind of monitor that the endpoint does not have is left out by `infra.retraining.load`.
    """
    builder = ModelBuilder(
        sagemaker_session=session,
        role_arn=p.ROLE_ARN,
        image_uri=p.TRAIN_IMAGE,
        s3_model_data_url=trained.properties.ModelArtifacts.S3ModelArtifacts,
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    )
    evaluation_uri = Join("/", [output_of(evaluated, "evaluation"), "evaluation.json"])
    package = builder.register(
        model_package_group_name=p.MODEL_PACKAGE_GROUP,
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=[p.INFERENCE_INSTANCE_TYPE],
        transform_instances=[p.INFERENCE_INSTANCE_TYPE],
        approval_status=p.APPROVAL_STATUS,
        model_metrics=_metrics(evaluation_uri, made),
        drift_check_baselines=_drift_checks(made),
        customer_metadata_properties={
            "incident-id": p.INCIDENT_ID,
            "evidence-uri": p.EVIDENCE_URI,
            "training-data-uri": training_data(scored),
            "baseline-uri": output_of(made, "baseline"),
        },
    )
    return ModelStep("Register", step_args=package)


def _metrics(evaluation_uri: Join, made: ProcessingStep) -> ModelMetrics:
    """Return the figures of the challenger: how it compares, and the statistics that its baselines rest on."""
    return ModelMetrics(
        model_statistics=MetricsSource(s3_uri=evaluation_uri, content_type=JSON),
        model_constraints=_made(made, "model-quality", "constraints.json"),
        model_data_statistics=_made(made, "data-quality", "statistics.json"),
        model_data_constraints=_made(made, "data-quality", "constraints.json"),
        bias=_made(made, "model-bias", "analysis.json"),
        bias_pre_training=_made(made, "model-bias", "analysis.json"),
        bias_post_training=_made(made, "model-bias", "analysis.json"),
        explainability=_made(made, "model-explainability", "analysis.json"),
    )


def _drift_checks(made: ProcessingStep) -> DriftCheckBaselines:
    """Return the baselines, as `monitoring_core.model_monitor.registry` names their files."""
    return DriftCheckBaselines(
        model_statistics=_made(made, "model-quality", "statistics.json"),
        model_constraints=_made(made, "model-quality", "constraints.json"),
        model_data_statistics=_made(made, "data-quality", "statistics.json"),
        model_data_constraints=_made(made, "data-quality", "constraints.json"),
        bias_config_file=_config(made, "model-bias"),
        bias_pre_training_constraints=_made(made, "model-bias", "analysis.json"),
        bias_post_training_constraints=_made(made, "model-bias", "analysis.json"),
        explainability_constraints=_made(made, "model-explainability", "analysis.json"),
        explainability_config_file=_config(made, "model-explainability"),
    )


def _made(made: ProcessingStep, *path: str) -> MetricsSource:
    return MetricsSource(s3_uri=Join("/", [output_of(made, "baseline"), *path]), content_type=JSON)


def _config(made: ProcessingStep, kind: str) -> FileSource:
    uri = Join("/", [output_of(made, "baseline"), kind, "analysis_config.json"])
    return FileSource(s3_uri=uri, content_type=JSON)
