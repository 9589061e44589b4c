"""The account side of the example: data bucket, training job, CDK deployment, registration."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from examples.flights.data import FEATURES, LABEL, as_csv
from infra.config import EndpointConfig
from localaws.account import LocalAccount
from localaws.sagemaker.storage import unpack

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = Path(__file__).parent
SCRIPTS = EXAMPLE / "model"
TRAINING_JOB = "flights-first-model"
ROLE = "flights-training"
PERMISSIONS = [
    ("s3:ListBucket", "arn:aws:s3:::{bucket}"),
    (["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::{bucket}/*"),
    (
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        "arn:aws:logs:*:*:log-group:/aws/sagemaker/*",
    ),
]
"""What the job that trains the first model may do."""
LINES_OF_LOG = 40
HELD_OUT = 5


class DeploymentError(RuntimeError):
    """The CDK command line failed; the message has the end of what it wrote."""


def split_uri(uri: str) -> tuple[str, str]:
    """Split an S3 URI into bucket and key.

    Examples
    --------
    >>> split_uri("s3://flights-data/code/sourcedir.tar.gz")
    ('flights-data', 'code/sourcedir.tar.gz')
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def upload(account: LocalAccount, uri: str, body: bytes) -> None:
    """Write one object."""
    bucket, key = split_uri(uri)
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def download(account: LocalAccount, uri: str) -> bytes:
    """Read one object."""
    bucket, key = split_uri(uri)
    body: bytes = account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def train_first_model(account: LocalAccount, config: EndpointConfig, flights: pd.DataFrame) -> None:
    """Put data and scripts into the data bucket, run the training job, and publish the model and two data sets.

    The baseline data set is all `flights` with the model's own answers beside them, because answers are watched too.
    The validation set is the part of it that the model was not trained on: how good a model is, only that can say.
    """
    assert config.retraining and config.retraining.training and config.created  # noqa: S101, PT018 - the example's
    training, model = config.retraining.training, config.created.variants[0].model
    bucket, _ = split_uri(training.code)
    account.client("s3").create_bucket(Bucket=bucket)
    upload(account, training.code, _archive(SCRIPTS))
    held_out = held_out_of_training(flights)
    seen = flights.loc[~held_out, [*FEATURES, LABEL]]
    upload(account, f"s3://{bucket}/first-model/train.csv", as_csv(seen, header=True).encode())
    artifact = _run_training_job(account, training.image, training.code, f"s3://{bucket}/first-model/")
    upload(account, str(model.artifact), artifact)
    scores = _score(artifact, as_csv(flights[list(FEATURES)]))
    columns = ["time", *config.columns.outputs, *FEATURES, LABEL]
    baseline = flights.assign(**{config.columns.outputs[0]: scores})[columns]
    upload(account, str(config.baseline.dataset), as_csv(baseline, header=True).encode())
    for dataset in {monitor.dataset for monitor in config.monitors if monitor.dataset}:
        upload(account, dataset, as_csv(baseline[held_out], header=True).encode())


def held_out_of_training(flights: pd.DataFrame) -> pd.Series[bool]:
    """Say of each flight whether it is kept for validation: those of every fifth day.

    Flights of one hour share their weather and their delays, so flights picked from days that the model knows would
    make it look better than it is.

    Examples
    --------
    >>> days = pd.to_datetime(["2013-01-01T10Z", "2013-01-05T10Z", "2013-01-05T23Z", "2013-01-06T10Z"])
    >>> held_out_of_training(pd.DataFrame({"time": days})).tolist()
    [False, True, True, False]
    """
    days: pd.Series[bool] = (flights["time"] - flights["time"].min().floor("D")).dt.days % HELD_OUT == HELD_OUT - 1
    return days


def _run_training_job(account: LocalAccount, image: str, code: str, prefix: str) -> bytes:
    trust = '{"Version":"2012-10-17","Statement":[]}'
    role = account.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    bucket, _ = split_uri(prefix)
    allowed = [
        {"Effect": "Allow", "Action": actions, "Resource": resource.format(bucket=bucket)}
        for actions, resource in PERMISSIONS
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    account.client("iam").put_role_policy(RoleName=ROLE, PolicyName="training", PolicyDocument=policy)
    sagemaker = account.client("sagemaker")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{prefix}train.csv"}
    sagemaker.create_training_job(
        TrainingJobName=TRAINING_JOB,
        RoleArn=role,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": code},
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": prefix},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    account.settle()
    job = sagemaker.describe_training_job(TrainingJobName=TRAINING_JOB)
    if job["TrainingJobStatus"] != "Completed":
        raise DeploymentError(
            f"the training job {job['TrainingJobStatus']}: {job.get('FailureReason', 'no reason given')}"
        )
    return download(account, job["ModelArtifacts"]["S3ModelArtifacts"])


@contextmanager
def synthesis(account: LocalAccount, config_file: Path) -> Iterator[Callable[[], Path]]:
    """Start ``cdk synth`` beside other work; the value waits for it and returns the cloud assembly."""
    with tempfile.TemporaryDirectory(prefix="flights-cdk-") as folder:
        command = ("synth", "--quiet", "--output", folder, "-c", f"config={config_file.relative_to(ROOT)}")
        with _cdk(account, *command) as finish:

            def wait() -> Path:
                finish()
                return Path(folder)

            yield wait


def deploy(account: LocalAccount, assembly: Path) -> None:
    """Run the real ``cdk bootstrap`` and ``cdk deploy``."""
    bootstrap = ("bootstrap", f"aws://{account.account_id}/{account.region}")
    for command in (bootstrap, ("deploy", "--all", "--require-approval=never", "--method=direct")):
        with _cdk(account, *command, "--app", str(assembly)) as finish:
            finish()


def physical_name(account: LocalAccount, stack: str, logical_prefix: str) -> str:
    """Return the name of the stack's resource whose logical id begins with `logical_prefix`."""
    for page in account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["LogicalResourceId"].startswith(logical_prefix):
                return str(resource["PhysicalResourceId"])
    raise DeploymentError(f"the stack {stack} has no resource {logical_prefix}...")


def stack_outputs(account: LocalAccount, stack: str) -> dict[str, str]:
    """Return the outputs of a stack."""
    (description,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}


def _archive(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.glob("*.py")):
            archive.add(path, path.name)
    return buffer.getvalue()


def _score(artifact: bytes, rows: str) -> list[float]:
    """Score rows with the model as the retraining pipeline does: through its own inference.py, in its own process."""
    with tempfile.TemporaryDirectory(prefix="flights-model-") as folder:
        unpack(artifact, Path(folder))
        (Path(folder) / "rows.csv").write_text(rows)
        script = ROOT / "functions" / "pipeline_steps" / "score.py"
        command = [sys.executable, str(script), folder, f"{folder}/rows.csv"]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own script
    return [float(line) for line in answer.stdout.split()]


@contextmanager
def _cdk(account: LocalAccount, *arguments: str) -> Iterator[Callable[[], None]]:
    """Start the CDK command line; the value waits for its end, and raises if it failed."""
    environment = account.environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # where it is set, every synthesis compiles aws_cdk anew
    places = [Path(sys.executable).parent, ROOT / "node_modules" / ".bin", ROOT / ".tools" / "bin"]
    environment |= {
        "PATH": os.pathsep.join([*map(str, places), environment.get("PATH", "")]),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
    command = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments, "--no-notices", "--no-color"]
    with tempfile.TemporaryFile("w+") as log, _process(command, environment, log) as process:

        def finish() -> None:
            if process.wait():
                log.seek(0)
                tail = "".join(log.readlines()[-LINES_OF_LOG:])
                raise DeploymentError(f"`cdk {' '.join(arguments)}` failed:\n{tail}\n{account.errors()}")

        yield finish


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a command whose children end with the block, also on Ctrl-C."""
    process = subprocess.Popen(  # noqa: S603 - the pinned CDK CLI
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
