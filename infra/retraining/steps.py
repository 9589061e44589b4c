"""Steps of the retraining pipeline: prepare, train, score, evaluate, make baselines; and what it decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sagemaker.core.helper.pipeline_variable import RequestType
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
from sagemaker.core.workflow.conditions import ConditionEquals, ConditionGreaterThan
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.step_collections import StepCollection
from sagemaker.mlops.workflow.steps import ProcessingStep, Step, TrainingStep
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


def prepare(session: PipelineSession) -> tuple[ProcessingStep, PropertyFile]:
    """Join captured requests with their labels; split by time; add the original training set; weigh the rows."""
    arguments = {
        "--capture": p.CAPTURE_PREFIX,
        "--reports": p.REPORTS_PREFIX,
        "--max-age-days": p.MAX_AGE_DAYS.to_string(),
        "--outputs": p.OUTPUTS,
        "--label": p.LABEL,
        "--time-column": p.TIME_COLUMN,
        "--window-end": p.WINDOW_END,
        "--label-lag-hours": p.LABEL_LAG_HOURS.to_string(),
        "--holdout-share": p.HOLDOUT_SHARE.to_string(),
        "--min-labelled-rows": p.MIN_LABELLED_ROWS.to_string(),
        "--reweighing": p.REWEIGHING,
    }
    inputs = [_input("ground-truth", p.GROUND_TRUTH_PREFIX), _input("training-data", p.BASELINE_DATASET)]
    job = _ours(session, "prepare", inputs, ("train", "dataset", "holdout", "code", "report"), arguments)
    report = PropertyFile(name="Report", output_name="report", path="join.json")
    return ProcessingStep("Prepare", step_args=job, property_files=[report]), report


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
        output_data_config=OutputDataConfig(s3_output_path=destination("train"), kms_key_id=p.KMS_KEY_ARN),
        hyperparameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": p.CODE_URI},
    )
    channel = InputData(channel_name="train", data_source=output_of(prepared, "train"), content_type="text/csv")
    return TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]))


def score(session: PipelineSession, prepared: ProcessingStep, trained: TrainingStep) -> ProcessingStep:
    """Ask champion and challenger about the held-out rows, and the challenger about its own: in its own image."""
    processor = _processor(session, p.TRAIN_IMAGE, ["python3", f"{LOCAL}/input/code/score_models.py"])
    job = processor.run(
        inputs=[
            _input("code", output_of(prepared, "code")),
            _input("holdout", output_of(prepared, "holdout")),
            _input("dataset", output_of(prepared, "dataset")),
            _input("champion", p.CHAMPION_MODEL_URI),
            _input("challenger", trained.properties.ModelArtifacts.S3ModelArtifacts),
        ],
        outputs=[_output("score", name) for name in ("scores", "dataset")],
        arguments=_words(
            {**PLACES, "--outputs": p.OUTPUTS, "--label": p.LABEL, "--time-column": p.TIME_COLUMN},
        ),
    )
    return ProcessingStep("Score", step_args=job)


def evaluate(
    session: PipelineSession, prepared: ProcessingStep, trained: TrainingStep, scored: ProcessingStep
) -> tuple[ProcessingStep, PropertyFile]:
    """Hold champion and challenger against the same recent labels; check bias and attribution of the challenger."""
    inputs = [
        _input("holdout", output_of(prepared, "holdout")),
        _input("scores", output_of(scored, "scores")),
        _input("champion", p.CHAMPION_MODEL_URI),
        _input("challenger", trained.properties.ModelArtifacts.S3ModelArtifacts),
    ]
    arguments = {
        "--outputs": p.OUTPUTS,
        "--label": p.LABEL,
        "--incident-id": p.INCIDENT_ID,
        "--evidence-uri": p.EVIDENCE_URI,
        "--problem": p.PROBLEM,
        "--metric": p.METRIC,
        "--prediction": p.PREDICTION,
        "--probability": p.PROBABILITY,
        "--probability-threshold": p.PROBABILITY_THRESHOLD.to_string(),
        "--positive-label": p.POSITIVE_LABEL,
        "--min-improvement": p.MIN_IMPROVEMENT.to_string(),
        "--baselines": p.BASELINES,
        "--monitors": p.MONITORS,
        "--max-bias-increase": p.MAX_BIAS_INCREASE,
        "--min-ndcg": p.MIN_NDCG,
    }
    job = _ours(session, "evaluate", inputs, ("evaluation",), arguments)
    evaluation = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    return ProcessingStep("Evaluate", step_args=job, property_files=[evaluation]), evaluation


def baseline(
    session: PipelineSession, prepared: ProcessingStep, trained: TrainingStep, scored: ProcessingStep
) -> ProcessingStep:
    """Make the baselines of the challenger, of the data that it was trained on and compared on."""
    artifact = trained.properties.ModelArtifacts.S3ModelArtifacts
    inputs = [
        _input("dataset", output_of(scored, "dataset")),
        _input("holdout", output_of(prepared, "holdout")),
        _input("scores", output_of(scored, "scores")),
        _input("challenger", artifact),
    ]
    arguments = {
        "--outputs": p.OUTPUTS,
        "--label": p.LABEL,
        "--time-column": p.TIME_COLUMN,
        "--baselines": p.BASELINES,
        "--monitors": p.MONITORS,
        "--model": artifact,
        "--training-data": training_data(scored),
        "--baseline-uri": destination("baseline", "baseline"),
    }
    return ProcessingStep("Baseline", step_args=_ours(session, "baseline", inputs, ("baseline",), arguments))


def require_usable(prepared: ProcessingStep, report: PropertyFile, then: list[Step]) -> ConditionStep:
    """Train only on what is enough; otherwise the execution fails, with the reason.

    A condition cannot stand in the branch of another, so `decide` is a step of its own: it waits for a step of `then`.
    """
    usable = JsonGet(step_name=prepared.name, property_file=report, json_path="usable")
    reason = JsonGet(step_name=prepared.name, property_file=report, json_path="reason")
    unusable = FailStep("Unusable", error_message=Join("", ["nothing was trained: ", reason]))
    return ConditionStep(
        "IsUsable", conditions=[ConditionEquals(left=usable, right=1)], if_steps=then, else_steps=[unusable]
    )


def decide(evaluated: ProcessingStep, evaluation: PropertyFile, then: list[Step | StepCollection]) -> ConditionStep:
    """Register only what is better beyond chance, the whole interval above the demand, and has failed no check.

    A challenger that is turned down is no failure: the execution succeeds, and evaluation.json says why.
    """
    improvement = JsonGet(step_name=evaluated.name, property_file=evaluation, json_path="improvement.lower")
    failed = JsonGet(step_name=evaluated.name, property_file=evaluation, json_path="checks.failed")
    conditions = [
        ConditionGreaterThan(left=improvement, right=p.MIN_IMPROVEMENT),
        ConditionEquals(left=failed, right=0),
    ]
    return ConditionStep("IsBetter", conditions=conditions, if_steps=then, else_steps=[])


def training_data(scored: ProcessingStep) -> Join:
    """Return where the data set lies that the challenger was trained on, with its answers."""
    return Join("/", [output_of(scored, "dataset"), "training.csv"])


def _ours(
    session: PipelineSession,
    step: str,
    inputs: list[ProcessingInput],
    outputs: Iterable[str],
    arguments: dict[str, object],
) -> RequestType:
    """Ask for a job of a module of ours, in our image."""
    processor = _processor(session, p.PROCESS_IMAGE, ["python3", "-m", f"functions.pipeline_steps.{step}"])
    processor.env = {"AWS_DEFAULT_REGION": p.REGION}  # the steps themselves read S3; the service sets AWS_REGION only
    return processor.run(
        inputs=inputs,
        outputs=[_output(step, name) for name in outputs],
        arguments=_words({**PLACES, **arguments}),
    )


def _words(arguments: Mapping[str, object]) -> list[object]:
    return [item for pair in arguments.items() for item in pair]


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
        s3_uri=destination(step, name), s3_upload_mode="EndOfJob", local_path=f"{LOCAL}/output/{name}"
    )
    return ProcessingOutput(output_name=name, s3_output=target)


def destination(*path: str) -> Join:
    """Return a place of this execution's own."""
    return Join("/", [p.OUTPUT_PREFIX, ExecutionVariables.PIPELINE_EXECUTION_ID, *path])


def output_of(step: ProcessingStep, name: str) -> object:
    """Return where an output of a step lies."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
