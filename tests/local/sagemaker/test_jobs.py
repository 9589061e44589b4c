from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

# Copies its input to its output, with what it was told.
COPY = """
import json, os, pathlib, sys
source, target = map(pathlib.Path, sys.argv[1:3])
for path in source.rglob("*"):
    if path.is_file():
        (target / path.name).write_text(path.read_text().upper())
(target / "told.json").write_text(json.dumps({"mode": os.environ["MODE"], "place": os.environ["PLACE"]}))
print("copied")
pathlib.Path(os.environ["output_message_file"]).write_text("Completed: all copied")
"""

TRAIN = """
import argparse, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
args = parser.parse_args()
rows = sum(len(path.read_text().splitlines()) for path in pathlib.Path(args.train).iterdir())
print(f"validation-auc={args.depth / 4}; rows={rows}")
pathlib.Path(os.environ["SM_MODEL_DIR"], "weight.txt").write_text(str(args.depth * rows))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "notes.txt").write_text(os.environ["SM_HPS"])
"""


def processing_request(bench: Bench, script: str, **changes: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "job",
        "RoleArn": bench.ROLE,
        "AppSpecification": {
            "ImageUri": bench.IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/script.py"],
            "ContainerArguments": ["/opt/ml/processing/input", "/opt/ml/processing/output"],
        },
        "ProcessingInputs": [
            given("code", bench.upload("code/script.py", script), "/opt/ml/processing/code"),
            given("data", "s3://bucket/data", "/opt/ml/processing/input"),
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "result",
                    "S3Output": {
                        "S3Uri": "s3://bucket/result",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
        "Environment": {"MODE": "fast", "PLACE": "/opt/ml/processing/input"},
    } | changes


def given(name: str, uri: str, path: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"},
    }


def process(bench: Bench, request: dict[str, Any]) -> dict[str, Any]:
    bench.client("sagemaker").create_processing_job(**request)
    bench.settle()
    job: dict[str, Any] = bench.client("sagemaker").describe_processing_job(ProcessingJobName="job")
    return job


def test_a_processing_job_runs_its_command_on_its_inputs(bench: Bench) -> None:
    bench.upload("data/a/b.txt", "hello")

    job = process(bench, processing_request(bench, COPY))

    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "Completed: all copied")
    assert job["Environment"]["MODE"] == "fast"
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert bench.objects("result/")["result/b.txt"] == b"HELLO"
    told = json.loads(bench.objects("result/")["result/told.json"])
    assert told["place"].endswith("/job/opt/ml/processing/input")


def test_a_job_that_fails_tells_why_and_still_hands_over_its_output(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    failing = (
        "import os, pathlib, sys\npathlib.Path(sys.argv[2], 'part.txt').write_text('half')\n"
        "pathlib.Path(os.environ['output_message_file']).write_text('no such column')\nsys.exit(255)"
    )

    job = process(bench, processing_request(bench, failing))

    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: no such column, exit code: 255"
    assert job["ExitMessage"] == "no such column"
    assert bench.objects("result/") == {"result/part.txt": b"half"}


def test_an_empty_prefix_fails_the_job_in_amazons_words(bench: Bench) -> None:
    job = process(bench, processing_request(bench, COPY))

    assert job["ProcessingJobStatus"] == "Failed"
    assert 'No S3 objects found under S3 URL "s3://bucket/data" given in input data source.' in job["FailureReason"]
    assert "ExitMessage" not in job


def test_a_job_that_runs_too_long_is_ended(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    request = processing_request(bench, "import time\ntime.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})

    assert process(bench, request)["FailureReason"].startswith("MaxRuntimeExceeded")


def test_a_running_job_can_be_stopped(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    bench.client("sagemaker").create_processing_job(**processing_request(bench, "import time\ntime.sleep(600)"))

    bench.client("sagemaker").stop_processing_job(ProcessingJobName="job")
    bench.settle()

    job = bench.client("sagemaker").describe_processing_job(ProcessingJobName="job")
    assert job["ProcessingJobStatus"] == "Stopped"


def test_an_image_nothing_stands_in_for_is_named(bench: Bench) -> None:
    request = processing_request(bench, COPY, AppSpecification={"ImageUri": "an-image"}, ProcessingInputs=[])

    assert "the entry point of the image an-image" in process(bench, request)["FailureReason"]


def test_a_job_reaches_the_account_it_runs_in_and_nothing_of_ours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    bench.upload("data/x.txt", "x")
    script = (
        "import os, boto3, pathlib, sys\nassert 'SECRET_OF_OURS' not in os.environ\n"
        "pathlib.Path(sys.argv[2], 'b').write_text(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    )

    assert process(bench, processing_request(bench, script))["ProcessingJobStatus"] == "Completed"
    assert bench.objects("result/") == {"result/b": b"bucket"}


def test_a_key_cannot_leave_the_folder_of_its_input(bench: Bench) -> None:
    bench.upload("data/../../../escaped.txt", "x")

    job = process(bench, processing_request(bench, COPY))

    assert "would be written outside its folder" in job["FailureReason"]
    assert not list(bench.work_dir.rglob("escaped.txt"))


def test_what_a_job_prints_is_in_cloudwatch_logs(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    process(bench, processing_request(bench, COPY))

    logs = bench.client("logs")
    group = "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert stream["logStreamName"].startswith("job/algo-1-")


def test_events_tell_the_start_and_the_end_of_a_job(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    process(bench, processing_request(bench, COPY))

    started, ended = bench.changes("Processing Job State")

    assert [started["detail"]["ProcessingJobStatus"], ended["detail"]["ProcessingJobStatus"]] == [
        "InProgress",
        "Completed",
    ]
    source = ended["detail"]["ProcessingInputs"][0]["S3Input"]
    assert (source["S3DataType"], source["S3InputMode"]) == ("S3_PREFIX", "FILE")
    assert ended["detail"]["ProcessingEndTime"] == bench.START.timestamp() * 1000
    assert ended["time"] == bench.START
    assert ended["source"] == "aws.sagemaker"


def test_jobs_are_listed_by_status_and_in_pages(bench: Bench) -> None:
    for number in range(3):
        request = processing_request(bench, COPY, ProcessingJobName=f"job-{number}")
        bench.client("sagemaker").create_processing_job(**request)
        bench.advance(minutes=1)

    def names(**filters: Any) -> Iterator[str]:
        for page in bench.client("sagemaker").get_paginator("list_processing_jobs").paginate(**filters):
            yield from (job["ProcessingJobName"] for job in page["ProcessingJobSummaries"])

    assert list(names(PaginationConfig={"PageSize": 2})) == ["job-0", "job-1", "job-2"]
    assert list(names(SortOrder="Descending")) == ["job-2", "job-1", "job-0"]
    assert list(names(StatusEquals="Completed")) == []
    assert list(names(NameContains="job-1")) == ["job-1"]
    assert list(names(CreationTimeAfter=bench.now())) == []


def train(bench: Bench, **changes: Any) -> dict[str, Any]:
    bench.upload("code.tar.gz", bench.archive({"train.py": TRAIN}))
    bench.upload("train/a.csv", "1\n2\n")
    request = {
        "TrainingJobName": "job",
        "RoleArn": bench.ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": bench.IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "validation:auc", "Regex": "validation-auc=([0-9.]+)"}],
        },
        "HyperParameters": {
            "depth": "3",
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"s3://bucket/code.tar.gz"',
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    } | changes
    bench.client("sagemaker").create_training_job(**request)
    bench.settle()
    job: dict[str, Any] = bench.client("sagemaker").describe_training_job(TrainingJobName="job")
    return job


def test_a_training_job_runs_its_script_and_keeps_the_model(bench: Bench) -> None:
    job = train(bench)

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == "s3://bucket/models/job/output/model.tar.gz"
    kept = bench.objects("models/job/output/")
    with tarfile.open(fileobj=io.BytesIO(kept["models/job/output/model.tar.gz"])) as model:
        weight = model.extractfile("weight.txt")
        assert weight is not None
        assert weight.read() == b"6"
    with tarfile.open(fileobj=io.BytesIO(kept["models/job/output/output.tar.gz"])) as output:
        assert output.getnames() == ["notes.txt"]
    assert [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]] == [
        ("validation:auc", 0.75)
    ]


def test_the_same_training_gives_the_same_bytes(bench: Bench) -> None:
    train(bench)
    first = bench.objects("models/")
    train(bench, TrainingJobName="again")
    second = bench.objects("models/again/")

    assert set(first.values()) == set(second.values())


def test_a_training_job_that_fails_has_the_reason_it_wrote(bench: Bench) -> None:
    job = train(bench, HyperParameters={"sagemaker_program": "train.py", "depth": "3"})

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 2"


def test_a_channel_without_objects_fails_the_training(bench: Bench) -> None:
    channel = {
        "ChannelName": "test",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/none"}},
    }

    assert "No S3 objects found" in train(bench, InputDataConfig=[channel])["FailureReason"]


def test_what_is_not_run_here_is_refused(bench: Bench) -> None:
    execution = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/x"
    with pytest.raises(ClientError, match="is not run on the local account"):
        bench.client("sagemaker").retry_pipeline_execution(PipelineExecutionArn=execution)


@pytest.fixture
def images() -> dict[str, list[str]]:
    return {"scikit-learn": [sys.executable]}


# Says on which instance it runs, and what it was given.
SHARD = """
import json, pathlib, sys
config = json.loads(pathlib.Path("opt/ml/config/resourceconfig.json").read_text())
source = pathlib.Path(sys.argv[1])
files = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
told = {"hosts": config["hosts"], "files": files}
pathlib.Path(sys.argv[2], f"part-{config['current_host']}.json").write_text(json.dumps(told))
"""


LISTED = ["ep/08/a.jsonl", "ep/09/b.jsonl", "ep/10/c.jsonl"]


def from_manifest(bench: Bench, names: list[str], **changes: str) -> dict[str, Any]:
    """Return a job on two instances whose data is listed in a manifest."""
    uri = bench.upload("manifest.json", json.dumps([{"prefix": "s3://bucket/data/"}, *names]))
    request = processing_request(bench, SHARD)
    request["ProcessingInputs"][1]["S3Input"] |= {"S3Uri": uri, "S3DataType": "ManifestFile"} | changes
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    return request


@pytest.mark.parametrize(
    ("distribution", "parts"),
    [
        ("ShardedByS3Key", {"algo-1": ["ep/08/a.jsonl", "ep/10/c.jsonl"], "algo-2": ["ep/09/b.jsonl"]}),
        ("FullyReplicated", {host: sorted(LISTED) for host in ("algo-1", "algo-2")}),
    ],
)
def test_instances_share_or_repeat_what_a_manifest_lists(
    bench: Bench, distribution: str, parts: dict[str, list[str]]
) -> None:
    for name in [*LISTED, "ep/11/not-listed.jsonl"]:
        bench.upload(f"data/{name}", name)

    job = process(bench, from_manifest(bench, LISTED, S3DataDistributionType=distribution))

    assert job["ProcessingJobStatus"] == "Completed"
    assert not list(bench.work_dir.rglob("*.jsonl"))  # instances keep nothing
    found = {key: json.loads(body) for key, body in bench.objects("result/").items()}
    assert found == {
        f"result/part-{host}.json": {"hosts": ["algo-1", "algo-2"], "files": files} for host, files in parts.items()
    }


def test_a_manifest_with_a_name_of_nothing_fails_the_job(bench: Bench) -> None:
    assert "cannot read s3://bucket/data/gone" in process(bench, from_manifest(bench, ["gone"]))["FailureReason"]


def test_the_first_instance_that_fails_fails_the_job(bench: Bench) -> None:
    bench.upload("data/a", "x")
    request = from_manifest(bench, ["a"], S3DataDistributionType="ShardedByS3Key")
    bench.upload("code/script.py", SHARD + "sys.exit(not files)\n")

    job = process(bench, request)

    assert (job["ProcessingJobStatus"], len(bench.objects("result/"))) == ("Failed", 2)


def test_a_name_is_used_once_and_the_limits_of_the_api_hold(bench: Bench) -> None:
    bench.upload("data/x.txt", "x")
    request = processing_request(bench, COPY)
    process(bench, request)
    with pytest.raises(ClientError) as taken:
        bench.client("sagemaker").create_processing_job(**request)
    assert taken.value.response["Error"]["Code"] == "ResourceInUse"
    request["ProcessingInputs"] *= 6
    with pytest.raises(ClientError, match=r"'processingInputs' failed .* length less than or equal to 10"):
        bench.client("sagemaker").create_processing_job(**request | {"ProcessingJobName": "other"})
