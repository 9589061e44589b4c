"""SageMaker inside the account's own process, with its clock and its bus."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localaws.account import LocalAccount

START = datetime(2013, 1, 1, 8, 30, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
ANALYZER = """
import os, pathlib
records = [line for path in pathlib.Path(os.environ["dataset_source"]).rglob("*.jsonl") for line in path.open()]
pathlib.Path(os.environ["output_path"], "statistics.json").write_text(str(len(records)))
pathlib.Path(os.environ["output_message_file"]).write_text("CompletedWithViolations: one")
"""


PREDICT = """
def model_fn(folder):
    return sum

def predict_fn(rows, model):
    return [model(row) for row in rows]
"""
CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
}


def archive(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    script = tmp_path_factory.mktemp("images") / "analyzer.py"
    script.write_text(ANALYZER)
    images = {"model-monitor-analyzer": [sys.executable, str(script)]}
    with LocalAccount(start=START, images=images, enforce_policies=False) as account:
        account.client("s3").create_bucket(Bucket="bucket")
        yield account
        assert account.failures() == []


@pytest.fixture(scope="module")
def deployed(account: LocalAccount) -> LocalAccount:
    """Return the account with an endpoint, a schedule, and a queue that hears of processing jobs."""
    artifact = archive("code/inference.py", PREDICT)
    account.client("s3").put_object(Bucket="bucket", Key="model.tar.gz", Body=artifact)
    sagemaker = account.client("sagemaker")
    script_mode = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    container = {"Image": "an-image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": script_mode}
    sagemaker.create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="config", ProductionVariants=[variant], DataCaptureConfig=CAPTURE
    )
    sagemaker.create_endpoint(EndpointName="ep", EndpointConfigName="config")
    sagemaker.create_data_quality_job_definition(
        JobDefinitionName="dq",
        DataQualityAppSpecification={
            "ImageUri": "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
        },
        DataQualityJobInput={"EndpointInput": {"EndpointName": "ep", "LocalPath": "/opt/ml/processing/input/endpoint"}},
        DataQualityJobOutputConfig={
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://bucket/reports", "LocalPath": "/opt/ml/processing/output"}}
            ]
        },
        JobResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
        RoleArn=ROLE,
    )
    sagemaker.create_monitoring_schedule(
        MonitoringScheduleName="dq",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": "dq",
            "MonitoringType": "DataQuality",
        },
    )
    queue = account.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Processing Job State Change"],
        "detail": {"ProcessingJobStatus": ["Completed"]},
    }
    account.client("events").put_rule(Name="jobs", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:{account.account_id}:{Path(queue).name}"}
    account.client("events").put_targets(Rule="jobs", Targets=[target])
    return account


def test_traffic_is_captured_analyzed_on_the_hour_and_told_to_who_listens(deployed: LocalAccount) -> None:
    runtime = deployed.client("sagemaker-runtime")
    for _ in range(3):
        answer = runtime.invoke_endpoint(EndpointName="ep", Body="1,2\n3,4\n", ContentType="text/csv")
        assert answer["Body"].read() == b"3.0\n7.0\n"
    deployed.advance_to(START + timedelta(minutes=30))

    s3 = deployed.client("s3")
    report = s3.get_object(Bucket="bucket", Key="reports/ep/dq/2013/01/01/09/statistics.json")["Body"].read()
    assert report == b"3"
    (run,) = deployed.client("sagemaker").list_monitoring_executions(MonitoringScheduleName="dq")[
        "MonitoringExecutionSummaries"
    ]
    assert run["MonitoringExecutionStatus"] == "CompletedWithViolations"
    queue = deployed.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    (message,) = deployed.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    event = json.loads(message["Body"])
    assert event["time"] == "2013-01-01T09:00:00Z"
    assert event["resources"] == [run["ProcessingJobArn"]]
    assert event["detail"]["MonitoringScheduleArn"].endswith(":monitoring-schedule/dq")


def test_what_a_model_prints_is_in_the_log_its_error_names(deployed: LocalAccount) -> None:
    with pytest.raises(ClientError, match="/aws/sagemaker/Endpoints/ep"):
        deployed.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="ep", Body="x", ContentType="application/x-unknown"
        )
    deployed.settle()

    events = deployed.client("logs").filter_log_events(logGroupName="/aws/sagemaker/Endpoints/ep")["events"]

    assert any("is not supported: define input_fn" in event["message"] for event in events)
    assert {event["logStreamName"] for event in events} == {"v/primary"}
