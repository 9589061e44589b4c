"""Steps of the retraining pipeline: prepare, train, evaluate, decide, register."""

from __future__ import annotations

from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
)
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.core.workflow.conditions import ConditionGreaterThan
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.model_trainer import ModelTrainer

from infra.retraining import parameters as p

MAX_RUNTIME_SECONDS = 3600
LOCAL = "/opt/ml/processing"
PLACES = {"--input": f"{LOCAL}/input", "--output": f"{LOCAL}/output", "--message": "/opt/ml/output/message"}
PLACEHOLDERS = {
    "arn:aws:iam::111122223333:role/placeholder": p.ROLE_ARN,
    "us-east-1": p.REGION,
}
"""Where the SDK takes text only, it gets this text; `definition` then puts the parameter in its place."""
PLACEHOLDER_ROLE, PLACEHOLDER_REGION = PLACEHOLDERS


def prepare(session: PipelineSession) -> ProcessingStep:
    """Join captured requests with their labels; split by time; add the original training set."""
    processor = _processor(session, p.PROCESS_IMAGE, ["python3", "-m", "functions.pipeline_steps.prepare"])
    processor.env = {"AWS_DEFAULT_REGION": p.REGION}  # the step itself reads S3; the service sets AWS_REGION only
    arguments = {
        **PLACES,
        "--capture": p.CAPTURE_PREFIX,
        "--max-age-days": p.MAX_AGE_DAYS.to_string(),
        "--outputs": p.OUTPUTS,
        "--label": p.LABEL,
        "--time-column": p.TIME_COLUMN,
        "--window-end": p.WINDOW_END,
        "--label-lag-hours": p.LABEL_LAG_HOURS.to_string(),
        "--holdout-share": p.HOLDOUT_SHARE.to_string(),
        "--min-labelled-rows": p.MIN_LABELLED_ROWS.to_string(),
    }
    job = processor.run(
        inputs=[
            _input("ground-truth", p.GROUND_TRUTH_PREFIX),
            _input("training-data", p.BASELINE_DATASET),
        ],
        outputs=[_output("prepare", name) for name in ("train", "holdout", "code", "report")],
        arguments=[item for pair in arguments.items() for item in pair],
    )
    return ProcessingStep("Prepare", step_args=job)


def train(session: PipelineSession, prepared: ProcessingStep) -> TrainingStep:
    """Train the challenger with the user's own script."""
    trainer = ModelTrainer(
        sagemaker_session=session,
        role=PLACEHOLDER_ROLE,
        training_image=p.TRAIN_IMAGE,
        base_job_name="retraining",
        compute=Compute(
            instance_type=p.INSTANCE_TYPE,
            instance_count=1,
            volume_size_in_gb=30,
            volume_kms_key_id=p.KMS_KEY_ARN,
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=MAX_RUNTIME_SECONDS),
        output_data_config=OutputDataConfig(s3_output_path=_destination("train"), kms_key_id=p.KMS_KEY_ARN),
        hyperparameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": p.CODE_URI},
    )
    channel = InputData(channel_name="train", data_source=_output_of(prepared, "train"), content_type="text/csv")
    return TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]))


def evaluate(
    session: PipelineSession, prepared: ProcessingStep, trained: TrainingStep
) -> tuple[ProcessingStep, PropertyFile]:
    """Hold champion and challenger against the same recent labels, in the framework's own image."""
    processor = _processor(session, p.TRAIN_IMAGE, ["python3", f"{LOCAL}/input/code/evaluate.py"])
    arguments = {
        **PLACES,
        "--incident-id": p.INCIDENT_ID,
        "--evidence-uri": p.EVIDENCE_URI,
        "--min-improvement": p.MIN_IMPROVEMENT.to_string(),
    }
    job = processor.run(
        inputs=[
            _input("code", _output_of(prepared, "code")),
            _input("holdout", _output_of(prepared, "holdout")),
            _input("champion", p.CHAMPION_MODEL_URI),
            _input("challenger", trained.properties.ModelArtifacts.S3ModelArtifacts),
        ],
        outputs=[_output("evaluate", "evaluation")],
        arguments=[item for pair in arguments.items() for item in pair],
    )
    evaluation = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    return ProcessingStep("Evaluate", step_args=job, property_files=[evaluation]), evaluation


def decide(evaluated: ProcessingStep, evaluation: PropertyFile, registered: ModelStep) -> ConditionStep:
    """Register only what is better beyond chance: the interval of the improvement lies above the demand.

    A challenger that is not better is no failure: the execution succeeds, and evaluation.json says why.
    """
    improvement = JsonGet(step_name=evaluated.name, property_file=evaluation, json_path="improvement.lower")
    better = ConditionGreaterThan(left=improvement, right=p.MIN_IMPROVEMENT)
    return ConditionStep("IsBetter", conditions=[better], if_steps=[registered], else_steps=[])


def register(session: PipelineSession, trained: TrainingStep, evaluated: ProcessingStep) -> ModelStep:
    """Put the challenger into the model registry, with what was measured."""
    builder = ModelBuilder(
        sagemaker_session=session,
        role_arn=p.ROLE_ARN,
        image_uri=p.TRAIN_IMAGE,
        s3_model_data_url=trained.properties.ModelArtifacts.S3ModelArtifacts,
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    )
    evaluation_uri = Join("/", [_output_of(evaluated, "evaluation"), "evaluation.json"])
    package = builder.register(
        model_package_group_name=p.MODEL_PACKAGE_GROUP,
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=[p.INFERENCE_INSTANCE_TYPE],
        transform_instances=[p.INFERENCE_INSTANCE_TYPE],
        approval_status=p.APPROVAL_STATUS,
        model_metrics=ModelMetrics(
            model_statistics=MetricsSource(s3_uri=evaluation_uri, content_type="application/json")
        ),
        customer_metadata_properties={"incident-id": p.INCIDENT_ID, "evidence-uri": p.EVIDENCE_URI},
    )
    return ModelStep("Register", step_args=package)


def _processor(session: PipelineSession, image: object, entrypoint: list[str]) -> Processor:
    return Processor(
        sagemaker_session=session,
        role=p.ROLE_ARN,
        image_uri=image,
        entrypoint=entrypoint,
        instance_count=1,
        instance_type=p.INSTANCE_TYPE,
        volume_size_in_gb=30,
        volume_kms_key=p.KMS_KEY_ARN,
        output_kms_key=p.KMS_KEY_ARN,
        max_runtime_in_seconds=MAX_RUNTIME_SECONDS,
    )


def _input(name: str, uri: object) -> ProcessingInput:
    source = ProcessingS3Input(
        s3_uri=uri, s3_data_type="S3Prefix", s3_input_mode="File", local_path=f"{LOCAL}/input/{name}"
    )
    return ProcessingInput(input_name=name, s3_input=source)


def _output(step: str, name: str) -> ProcessingOutput:
    target = ProcessingS3Output(
        s3_uri=_destination(step, name), s3_upload_mode="EndOfJob", local_path=f"{LOCAL}/output/{name}"
    )
    return ProcessingOutput(output_name=name, s3_output=target)


def _destination(*path: str) -> Join:
    return Join("/", [p.OUTPUT_PREFIX, ExecutionVariables.PIPELINE_EXECUTION_ID, *path])


def _output_of(step: ProcessingStep, name: str) -> object:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
