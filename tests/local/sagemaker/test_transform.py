from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

# Adds up the numbers of each JSON line.
JSON_INFERENCE = """
import json

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return [json.loads(line) for line in body.splitlines()]

def predict_fn(data, model):
    return [{"score": sum(one["features"] if isinstance(one, dict) else one)} for one in data]

def output_fn(prediction, accept):
    return "".join(json.dumps(one) + "\\n" for one in prediction), accept
"""


def transform(bench: Bench, *, kind: str = "text/csv", **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TransformJobName": "job",
        "ModelName": "model",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data/"}},
            "ContentType": kind,
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://bucket/out", "Accept": kind, "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    } | more
    bench.client("sagemaker").create_transform_job(**request)
    bench.settle()
    job: dict[str, Any] = bench.client("sagemaker").describe_transform_job(TransformJobName="job")
    return job


def test_a_transform_job_lets_the_model_answer_each_object(bench: Bench) -> None:
    bench.make_model(weight=2.0)
    bench.upload("data/a.csv", "1,2\n3,4\n")
    bench.upload("data/below/b.csv", "5,5\n")

    job = transform(bench)

    assert job["TransformJobStatus"] == "Completed"
    assert bench.objects("out/") == {"out/a.csv.out": b"6.0\n14.0", "out/below/b.csv.out": b"20.0"}
    (listed,) = bench.client("sagemaker").list_transform_jobs(StatusEquals="Completed")["TransformJobSummaries"]
    assert listed["TransformJobName"] == "job"
    changes = [event["detail"]["TransformJobStatus"] for event in bench.changes("Transform Job State")]
    assert changes == ["InProgress", "Completed"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        transform(bench)


def test_inputs_are_filtered_and_joined_and_outputs_are_filtered_and_numbered(bench: Bench) -> None:
    bench.make_model()
    bench.upload("data/a.csv", "id-1,1,2\nid-2,3,4\n")

    transform(
        bench,
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
        DataCaptureConfig={"DestinationS3Uri": "s3://bucket/captured", "GenerateInferenceId": True},
    )

    lines = bench.objects("out/")["out/a.csv.out"].decode().splitlines()
    assert [line.split(",")[:2] for line in lines] == [["id-1", "3.0"], ["id-2", "7.0"]]
    assert all(re.fullmatch(r"[0-9a-f-]{36},2013-01-01T08:30:00Z", line.split(",", 2)[2]) for line in lines)
    written = {key.rsplit("/", 1)[0]: json.loads(body) for key, body in bench.objects("captured/").items()}
    assert written == {
        "captured/input/2013/01/01/08": [{"prefix": "s3://bucket/data/"}, "a.csv"],
        "captured/output/2013/01/01/08": [{"prefix": "s3://bucket/out/"}, "a.csv.out"],
    }


def test_json_lines_keep_the_input_beside_the_output(bench: Bench) -> None:
    bench.make_model(inference=JSON_INFERENCE)
    bench.upload("data/a.jsonl", '{"features": [1, 2]}\n{"features": [3]}\n')

    transform(
        bench,
        kind="application/jsonlines",
        BatchStrategy="SingleRecord",
        DataProcessing={"JoinSource": "Input"},
        DataCaptureConfig={"DestinationS3Uri": "s3://bucket/captured", "GenerateInferenceId": True},
    )

    records = [json.loads(line) for line in bench.objects("out/")["out/a.jsonl.out"].splitlines()]
    assert [(one["SageMakerOutput"], one["features"]) for one in records] == [
        ({"score": 3}, [1, 2]),
        ({"score": 3}, [3]),
    ]
    assert len({one["SageMakerInferenceId"] for one in records}) == 2


def test_a_model_that_refuses_fails_the_job(bench: Bench) -> None:
    bench.make_model()
    bench.upload("data/a.csv", "refuse\n")

    job = transform(bench)

    assert job["TransformJobStatus"] == "Failed"
    assert "Bad HTTP status received from algorithm: 400" in job["FailureReason"]


def test_a_job_without_model_or_data_does_not_run(bench: Bench) -> None:
    with pytest.raises(ClientError, match="Could not find model"):
        transform(bench)
    bench.make_model()
    assert "No S3 objects found" in transform(bench)["FailureReason"]
