from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

TOKEN = "t" * 32

TRAIN = """
import os, pathlib, sys
weight = sys.argv[sys.argv.index("--weight") + 1]
pathlib.Path(os.environ["SM_MODEL_DIR"], "weight.txt").write_text(weight)
"""

EVALUATE = """
import json, pathlib, sys, tarfile
model, report = map(pathlib.Path, sys.argv[1:3])
with tarfile.open(model / "model.tar.gz") as archive:
    weight = float(archive.extractfile("weight.txt").read())
report.joinpath("evaluation.json").write_text(json.dumps({"metrics": {"auc": {"value": weight / 100}}}))
"""


def resources() -> dict[str, Any]:
    return {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}


def definition(bench: Bench) -> dict[str, Any]:
    """Return train -> evaluate -> register if good enough, else fail; written in the wrong order on purpose."""
    artifacts = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    report = {"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"}
    auc = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": "metrics.auc.value"}}
    evaluate = {
        "Name": "Evaluate",
        "Type": "Processing",
        "Arguments": {
            "RoleArn": bench.ROLE,
            "ProcessingResources": {"ClusterConfig": resources()},
            "AppSpecification": {
                "ImageUri": bench.IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/evaluate.py"],
                "ContainerArguments": ["/opt/ml/processing/model", "/opt/ml/processing/evaluation"],
            },
            "ProcessingInputs": [
                {"InputName": "model", "S3Input": s3_input(artifacts, "/opt/ml/processing/model")},
                {"InputName": "code", "S3Input": s3_input("s3://bucket/evaluate.py", "/opt/ml/processing/code")},
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "evaluation",
                        "S3Output": {
                            "S3Uri": {
                                "Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Parameters.IncidentId"}]}
                            },
                            "LocalPath": "/opt/ml/processing/evaluation",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
        },
        "PropertyFiles": [{"PropertyFileName": "Report", "OutputName": "evaluation", "FilePath": "evaluation.json"}],
    }
    train = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": bench.IMAGE, "TrainingInputMode": "File"},
            "RoleArn": bench.ROLE,
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": resources(),
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "HyperParameters": {
                "weight": {"Get": "Parameters.Weight"},
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": "s3://bucket/code.tar.gz",
            },
        },
    }
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "flights",
            "ModelApprovalStatus": "PendingManualApproval",
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {
                        "ContentType": "application/json",
                        "S3Uri": {"Std:Join": {"On": "/", "Values": [report, "evaluation.json"]}},
                    }
                }
            },
            "InferenceSpecification": {
                "Containers": [{"Image": bench.IMAGE, "ModelDataUrl": artifacts}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        },
    }
    decide = {
        "Name": "GoodEnough",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [
                {"Type": "GreaterThanOrEqualTo", "LeftValue": auc, "RightValue": {"Get": "Parameters.Least"}}
            ],
            "IfSteps": [register],
            "ElseSteps": [
                {
                    "Name": "TooWeak",
                    "Type": "Fail",
                    "Arguments": {"ErrorMessage": {"Std:Join": {"On": " ", "Values": ["auc is", auc]}}},
                }
            ],
        },
    }
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "IncidentId", "Type": "String", "DefaultValue": "none"},
            {"Name": "Weight", "Type": "String", "DefaultValue": "90"},
            {"Name": "Least", "Type": "Float", "DefaultValue": 0.8},
        ],
        "Steps": [decide, evaluate, train],
    }


def s3_input(uri: Any, path: str) -> dict[str, Any]:
    return {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}


def create(bench: Bench, content: dict[str, Any]) -> None:
    bench.client("sagemaker").create_pipeline(
        PipelineName="Retrain", PipelineDefinition=json.dumps(content), RoleArn=bench.ROLE, ClientRequestToken=TOKEN
    )


def start(bench: Bench, token: str = TOKEN, **parameters: str) -> str:
    arn: str = bench.client("sagemaker").start_pipeline_execution(
        PipelineName="Retrain",
        ClientRequestToken=token,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
    )["PipelineExecutionArn"]
    return arn


def outcome(bench: Bench, arn: str) -> tuple[str, dict[str, str]]:
    """Return the status of an execution, and of each of its steps in the order they ran."""
    bench.settle()
    sagemaker = bench.client("sagemaker")
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return (
        sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"],
        {step["StepName"]: step["StepStatus"] for step in steps["PipelineExecutionSteps"]},
    )


@pytest.fixture
def retrain(bench: Bench) -> Bench:
    """Return an account with the pipeline and its scripts."""
    bench.upload("evaluate.py", EVALUATE)
    bench.upload("code.tar.gz", bench.archive({"train.py": TRAIN}))
    create(bench, definition(bench))
    return bench


def test_the_steps_run_in_the_order_they_need_each_other(retrain: Bench) -> None:
    arn = start(retrain, IncidentId="incident-7")

    assert outcome(retrain, arn) == (
        "Succeeded",
        {"Train": "Succeeded", "Evaluate": "Succeeded", "GoodEnough": "Succeeded", "Register": "Succeeded"},
    )
    assert json.loads(retrain.objects("incident-7/")["incident-7/evaluation.json"]) == {
        "metrics": {"auc": {"value": 0.9}}
    }
    (package,) = retrain.client("sagemaker").list_model_packages(ModelPackageGroupName="flights")[
        "ModelPackageSummaryList"
    ]
    described = retrain.client("sagemaker").describe_model_package(ModelPackageName=package["ModelPackageArn"])
    report = described["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    assert report == "s3://bucket/incident-7/evaluation.json"
    artifact = described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert artifact.removeprefix("s3://bucket/") in retrain.objects("models/")


def test_the_other_branch_is_taken_when_the_condition_does_not_hold(retrain: Bench) -> None:
    arn = start(retrain, Weight="50")

    status, steps = outcome(retrain, arn)

    assert (status, steps["GoodEnough"], steps["TooWeak"]) == ("Failed", "Succeeded", "Failed")
    assert "Register" not in steps
    described = retrain.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["FailureReason"] == "auc is 0.5"


def test_a_token_starts_one_execution_however_often_it_is_sent(retrain: Bench) -> None:
    first = start(retrain, token="a" * 32, IncidentId="7")
    assert start(retrain, token="a" * 32, IncidentId="7") == first
    retrain.settle()
    assert start(retrain, token="a" * 32, IncidentId="7") == first
    with pytest.raises(ClientError, match="execution of other parameters"):
        start(retrain, token="a" * 32, IncidentId="8")

    assert start(retrain, token="b" * 32, IncidentId="7") != first
    retrain.settle()
    sagemaker = retrain.client("sagemaker")
    assert len(sagemaker.list_pipeline_executions(PipelineName="Retrain")["PipelineExecutionSummaries"]) == 2
    assert len(sagemaker.list_training_jobs()["TrainingJobSummaries"]) == 2


def test_time_does_not_pass_before_an_execution_is_over(retrain: Bench) -> None:
    arn = start(retrain)
    retrain.advance(hours=1)

    described = retrain.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)

    assert described["PipelineExecutionStatus"] == "Succeeded"
    assert described["LastModifiedTime"] == retrain.START


def test_a_step_that_fails_ends_the_execution(retrain: Bench) -> None:
    retrain.upload("code.tar.gz", retrain.archive({"train.py": "raise SystemExit(3)"}))
    arn = start(retrain)

    assert outcome(retrain, arn) == ("Failed", {"Train": "Failed"})
    (step,) = retrain.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn)[
        "PipelineExecutionSteps"
    ]
    assert "exit code: 3" in step["FailureReason"]
    assert step["Metadata"]["TrainingJob"]["Arn"].endswith("-train")


def test_events_tell_the_states_of_executions_and_steps(retrain: Bench) -> None:
    arn = retrain.client("sagemaker").start_pipeline_execution(
        PipelineName="Retrain", ClientRequestToken=TOKEN, PipelineExecutionDescription="because of drift"
    )["PipelineExecutionArn"]
    retrain.settle()

    executions = retrain.changes("Model Building Pipeline Execution Status")
    steps = retrain.changes("Model Building Pipeline Execution Step Status")

    assert [event["detail"]["currentPipelineExecutionStatus"] for event in executions] == ["Executing", "Succeeded"]
    assert executions[1]["resources"] == ["arn:aws:sagemaker:us-east-1:123456789012:pipeline/retrain", arn]
    assert executions[1]["detail"] == {
        "pipelineExecutionDisplayName": f"execution-{arn.rpartition('/')[2]}",
        "pipelineExecutionDescription": "because of drift",
        "pipelineArn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/retrain",
        "pipelineExecutionArn": arn,
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2013-01-01T08:30:00Z",
        "executionEndTime": "2013-01-01T08:30:00Z",
    }
    train = [event["detail"] for event in steps if event["detail"]["stepName"] == "Train"]
    assert [detail["currentStepStatus"] for detail in train] == ["Starting", "Executing", "Succeeded"]
    assert train[-1]["metadata"]["trainingJob"]["arn"].endswith("-train")


def test_an_execution_can_be_stopped(retrain: Bench) -> None:
    retrain.upload("code.tar.gz", retrain.archive({"train.py": "import time\ntime.sleep(600)"}))
    arn = start(retrain)
    sagemaker = retrain.client("sagemaker")
    while not sagemaker.list_training_jobs()["TrainingJobSummaries"]:
        pass

    sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)

    status, steps = outcome(retrain, arn)
    assert (status, steps) == ("Stopped", {"Train": "Stopped"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Steps": [{"Name": "A", "Type": "QualityCheck", "Arguments": {}}]}, "is of type 'QualityCheck'"),
        (
            {
                "Steps": [
                    {"Name": "A", "Type": "Fail", "Arguments": {}, "DependsOn": ["B"]},
                    {"Name": "B", "Type": "Fail", "Arguments": {}, "DependsOn": ["A"]},
                ]
            },
            "wait for each other",
        ),
        ({"Steps": [{"Type": "Fail"}]}, "cannot be read"),
        ({"Steps": [{"Name": "A", "Type": "Fail", "Arguments": {}, "DependsOn": ["Z"]}]}, r"steps wait for \['Z'\]"),
    ],
)
def test_a_definition_that_cannot_be_run_is_refused(bench: Bench, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        create(bench, definition(bench) | change)


def test_parameters_are_checked_when_an_execution_starts(retrain: Bench) -> None:
    with pytest.raises(ClientError, match=r"no parameters \['Depth'\]"):
        start(retrain, Depth="3")
    with pytest.raises(ClientError, match="'Least' is 'high', which is no Float"):
        start(retrain, Least="high")


def test_an_unknown_function_fails_its_step_by_name(bench: Bench) -> None:
    fail = {"Name": "A", "Type": "Fail", "Arguments": {"ErrorMessage": {"Std:Hash": {"Value": "x"}}}}
    create(bench, {"Version": "2020-12-01", "Steps": [fail]})
    arn = start(bench)
    bench.settle()

    (step,) = bench.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn)[
        "PipelineExecutionSteps"
    ]
    assert step["FailureReason"] == "the function Std:Hash is not known on the local account"


def test_an_update_changes_what_the_next_execution_runs(retrain: Bench) -> None:
    first = start(retrain)
    retrain.settle()
    changed = {"Version": "2020-12-01", "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}]}
    retrain.client("sagemaker").update_pipeline(PipelineName="Retrain", PipelineDefinition=json.dumps(changed))

    second = start(retrain, token="c" * 32)

    assert outcome(retrain, second) == ("Failed", {"Stop": "Failed"})
    assert outcome(retrain, first)[0] == "Succeeded"


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ({"Type": "Equals", "LeftValue": {"Get": "Parameters.Word"}, "RightValue": "yes"}, "If"),
        ({"Type": "GreaterThan", "LeftValue": 2, "RightValue": "10"}, "Else"),
        ({"Type": "LessThan", "LeftValue": 2, "RightValue": 2}, "Else"),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 2, "RightValue": 2}, "If"),
        ({"Type": "In", "QueryValue": {"Get": "Parameters.Word"}, "Values": ["no", "yes"]}, "If"),
        ({"Type": "Not", "Expression": {"Type": "Equals", "LeftValue": 1, "RightValue": 1}}, "Else"),
        (
            {
                "Type": "Or",
                "Conditions": [
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
                ],
            },
            "If",
        ),
    ],
)
def test_every_comparison_chooses_its_branch(bench: Bench, condition: dict[str, Any], chosen: str) -> None:
    branches = {
        f"{name}Steps": [{"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": name}}] for name in ("If", "Else")
    }
    decide = {"Name": "Decide", "Type": "Condition", "Arguments": {"Conditions": [condition]} | branches}
    parameters = [{"Name": "Word", "Type": "String", "DefaultValue": "yes"}]
    create(bench, {"Version": "2020-12-01", "Parameters": parameters, "Steps": [decide]})

    assert list(outcome(bench, start(bench))[1]) == ["Decide", chosen]


def test_a_step_that_waits_for_a_branch_not_chosen_does_not_run(bench: Bench) -> None:
    condition = {"Type": "Equals", "LeftValue": 1, "RightValue": 2}
    inner = {"Name": "Inner", "Type": "Fail", "Arguments": {"ErrorMessage": "inner"}}
    decide = {"Name": "Decide", "Type": "Condition", "Arguments": {"Conditions": [condition], "IfSteps": [inner]}}
    after = {"Name": "After", "Type": "Fail", "Arguments": {"ErrorMessage": "after"}, "DependsOn": ["Inner"]}
    create(bench, {"Version": "2020-12-01", "Steps": [after, decide]})

    assert outcome(bench, start(bench)) == ("Succeeded", {"Decide": "Succeeded"})


@pytest.fixture
def images() -> dict[str, list[str]]:
    return {"scikit-learn": [sys.executable]}
