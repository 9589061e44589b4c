"""The committed definition as a pipeline of a local account: a better model is registered, another is not."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.retraining.load import load_definition
from localaws.account import LocalAccount

START = datetime(2013, 4, 1, tzinfo=UTC)
PIPELINE = "toy-retraining"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/framework:1"
INFERENCE = """
import json, pathlib
def model_fn(folder): return json.loads((pathlib.Path(folder) / "weight.json").read_text())
def input_fn(body, content_type): return [line.split(",") for line in body.splitlines()]
def predict_fn(rows, weight): return [min(max(weight * float(row[0]) + 0.5, 0), 1) for row in rows]
def output_fn(scores, accept): return "\\n".join(map(str, scores)), accept
"""
# learns the sign of the relation between `a` and the label from whatever it is given
TRAIN = """
import csv, json, os, pathlib, shutil
files = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")
rows = [row for file in files for row in csv.DictReader(file.open())]
slope = sum(float(row["a"]) * (float(row["y"]) - 0.5) for row in rows)
target = pathlib.Path(os.environ["SM_MODEL_DIR"])
(target / "code").mkdir(parents=True, exist_ok=True)
shutil.copy(pathlib.Path(__file__).with_name("inference.py"), target / "code")
(target / "weight.json").write_text(json.dumps(0.1 if slope > 0 else -0.1))
"""
pytestmark = pytest.mark.xdist_group("local-pipeline")


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    with LocalAccount(start=START + timedelta(days=3)) as running:
        running.client("s3").create_bucket(Bucket="toy")
        running.client("sagemaker").create_model_package_group(ModelPackageGroupName="toy")
        _upload(running)
        _create_pipeline(running)
        yield running


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def model(weight: float) -> bytes:
    return archive(code__inference_dot_py=INFERENCE, weight_dot_json=str(weight))


def _upload(account: LocalAccount) -> None:
    values = [(hour, (hour * 7) % 11 - 5) for hour in range(48)]
    captured, labels = [], []
    for hour, a in values:
        time = START + timedelta(hours=hour)
        name = {"eventId": f"e{hour}"}
        side = {"observedContentType": "text/csv", "encoding": "CSV"}
        data = {"endpointInput": {**side, "mode": "INPUT", "data": f"{a}"}}
        data |= {"endpointOutput": {**side, "mode": "OUTPUT", "data": "0.5"}}
        metadata = name | {"inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        captured.append(json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}))
        truth = {"data": str(int(a > 0)), "encoding": "CSV"}
        labels.append(json.dumps({"groundTruthData": truth, "eventMetadata": name, "eventVersion": "0"}))
    objects = {
        "capture/toy/v/2013/04/01/00/a.jsonl": "\n".join(captured).encode(),
        "ground-truth/toy/2013/04/02/06/a.jsonl": "\n".join(labels).encode(),
        "train.csv": b"score,a,y\n0.5,1,1\n0.5,-1,0\n",
        "code.tar.gz": archive(train_dot_py=TRAIN, inference_dot_py=INFERENCE),
        "good/model.tar.gz": model(0.1),
        "bad/model.tar.gz": model(-0.1),
    }
    for key, body in objects.items():
        account.client("s3").put_object(Bucket="toy", Key=key, Body=body)


def _create_pipeline(account: LocalAccount) -> None:
    defaults = {
        "Region": "us-east-1",
        "RoleArn": "arn:aws:iam::123456789012:role/toy",
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
        "ProcessImage": IMAGE,
        "TrainImage": IMAGE,
        "InstanceType": "ml.m5.large",
        "InferenceInstanceType": "ml.m5.large",
        "CodeUri": "s3://toy/code.tar.gz",
        "CapturePrefix": "s3://toy/capture/toy/",
        "GroundTruthPrefix": "s3://toy/ground-truth/toy/",
        "BaselineDataset": "s3://toy/train.csv",
        "ChampionModelUri": "s3://toy/bad/model.tar.gz",
        "OutputPrefix": "s3://toy/retraining",
        "Outputs": "score",
        "Label": "y",
        "LabelLagHours": 6,
        "MinLabelledRows": 20,
        "MinImprovement": 0.0,
        "ModelPackageGroup": "toy",
        "ApprovalStatus": "PendingManualApproval",
    }
    definition = {**load_definition(defaults)}
    account.client("sagemaker").create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=json.dumps(definition),
        RoleArn=str(defaults["RoleArn"]),
        ClientRequestToken="x" * 32,
    )


def evaluation(account: LocalAccount, evaluate: dict[str, Any]) -> dict[str, Any]:
    """Read what the step has written."""
    name = evaluate["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    job = account.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    bucket, _, key = output["S3Output"]["S3Uri"][5:].partition("/")
    body = account.client("s3").get_object(Bucket=bucket, Key=f"{key}/evaluation.json")["Body"].read()
    content: dict[str, Any] = json.loads(body)
    return content


def run(account: LocalAccount, token: str, **parameters: str) -> tuple[str, dict[str, Any]]:
    """Run the pipeline; return its status and its steps by name."""
    sagemaker = account.client("sagemaker")
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    arn = sagemaker.start_pipeline_execution(
        PipelineName=PIPELINE, PipelineParameters=given, ClientRequestToken=token * 32
    )["PipelineExecutionArn"]
    account.settle()
    status = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    return status, {step["StepName"]: step for step in steps}


def test_a_better_model_is_registered_with_its_reason(account: LocalAccount) -> None:
    status, steps = run(
        account, "a", IncidentId="toy@1", EvidenceUri="s3://toy/evidence.json", WindowEnd="2013-04-03T00:00:00Z"
    )
    assert status == "Succeeded", {name: step.get("FailureReason") for name, step in steps.items()}
    arn = steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    package = account.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["CustomerMetadataProperties"] == {"incident-id": "toy@1", "evidence-uri": "s3://toy/evidence.json"}
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    assert statistics.endswith("/evaluate/evaluation/evaluation.json")
    compared = evaluation(account, steps["Evaluate"])
    assert (compared["champion"]["auc"], compared["challenger"]["auc"]) == (0.0, 1.0)
    assert compared["decision"]["better"] is True


def test_an_equal_model_is_not_registered_and_the_reason_is_told(account: LocalAccount) -> None:
    good = "s3://toy/good/model.tar.gz"
    status, steps = run(account, "b", ChampionModelUri=good, WindowEnd="2013-04-03T00:00:00Z")
    assert status == "Succeeded"
    assert steps.keys() == {"Prepare", "Train", "Evaluate", "IsBetter"}
    assert steps["IsBetter"]["Metadata"]["Condition"]["Outcome"] == "False"
    decision = evaluation(account, steps["Evaluate"])["decision"]
    assert (decision["better"], decision["reason"]) == (False, "AUC 1.000 vs 1.000 is not better beyond chance")


def test_too_few_labels_end_the_run_with_the_reason(account: LocalAccount) -> None:
    status, steps = run(account, "c", WindowEnd="2013-04-01T12:00:00Z")
    assert status == "Failed"
    assert (
        "6 rows from 2013-01-31T01:00:00Z to 2013-04-01T06:00:00Z have labels, 20 are needed"
        in steps["Prepare"]["FailureReason"]
    )
    assert "Train" not in steps
