"""Training jobs, run as local processes by the convention of SageMaker's script mode."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.sagemaker import storage
from localaws.sagemaker.api import Operation
from localaws.sagemaker.images import stand_in
from localaws.sagemaker.jobs import JobError, Jobs, run_or_fail
from localaws.sagemaker.sandbox import Sandbox
from localaws.sagemaker.store import Document, Listing

_JOBS = Listing("TrainingJobSummaries", name="TrainingJobName", status="TrainingJobStatus", descending=False)
_FAILURE = "/opt/ml/output/failure"
_LONGEST = 86400
_CODE = "/opt/ml/code"


class TrainingJobs(Jobs):
    """The operations on training jobs."""

    kind = "Training"
    event_fields = (
        "TrainingJobName",
        "TrainingJobArn",
        "TrainingJobStatus",
        "SecondaryStatus",
        "FailureReason",
        "HyperParameters",
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "StoppingCondition",
        "ModelArtifacts",
        "CreationTime",
        "TrainingStartTime",
        "TrainingEndTime",
        "LastModifiedTime",
    )

    def operations(self) -> Mapping[str, Operation]:
        """Return the operations by Amazon's name."""
        return {
            "CreateTrainingJob": lambda request: self.create(request, SecondaryStatus="Starting"),
            "DescribeTrainingJob": self.describe,
            "ListTrainingJobs": lambda request: _JOBS.answer((job.document for job in self.table), request),
            "StopTrainingJob": self.stop,
        }

    def instances(self, job: Document) -> int:
        """Return 1: distributed training is not run."""
        del job
        return 1

    def execute(self, job: Document, sandboxes: list[Sandbox]) -> None:
        """Download the channels, run the script, upload model and output."""
        (sandbox,) = sandboxes
        s3 = self.account.client("s3", self.role(job))
        hyperparameters: dict[str, str] = job.get("HyperParameters", {})
        channels = {channel["ChannelName"]: channel for channel in job.get("InputDataConfig", [])}
        for name, channel in channels.items():
            _download(s3, name, channel, sandbox)
        sandbox.write_config("hyperparameters.json", hyperparameters)
        sandbox.write_config("inputdataconfig.json", list(channels))
        if scripts := _decoded(hyperparameters).get("sagemaker_submit_directory"):
            storage.unpack(storage.read(s3, scripts), sandbox.path(_CODE))
        environment = (
            self.account.environment(self.role(job))
            | _script_mode(hyperparameters, list(channels), sandbox)
            | {"TRAINING_JOB_NAME": job["TrainingJobName"]}
            | job.get("Environment", {})
        )
        command = self._command(job["AlgorithmSpecification"], hyperparameters)
        seconds = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _LONGEST)
        try:
            run_or_fail(lambda: sandbox.run(command, environment, seconds), lambda: sandbox.read_text(_FAILURE))
        except JobError:
            job["SecondaryStatus"] = "Failed"
            raise
        finally:
            self._upload(s3, job, sandbox)
        job["SecondaryStatus"] = "Completed"
        job["FinalMetricDataList"] = self._metrics(job["AlgorithmSpecification"], sandbox.log)

    def _command(self, specification: Document, hyperparameters: dict[str, str]) -> list[str]:
        image = stand_in(specification.get("TrainingImage", ""), self.account.images)
        if entry_point := specification.get("ContainerEntrypoint"):
            return [*image.with_interpreter(entry_point), *specification.get("ContainerArguments", [])]
        if program := _decoded(hyperparameters).get("sagemaker_program"):
            return [image.python, f"{_CODE}/{program}", *_arguments(hyperparameters)]
        try:
            return image.entry_point()
        except LookupError as error:
            raise JobError(f"ClientError: {error}; or name a script in sagemaker_program") from error

    def _upload(self, s3: Any, job: Document, sandbox: Sandbox) -> None:
        below = f"{job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/output"
        for name, folder in (("output", "/opt/ml/output/data"), ("model", "/opt/ml/model")):
            local = sandbox.path(folder)
            if any(local.iterdir()):
                bucket, key = storage.split_uri(f"{below}/{name}.tar.gz")
                s3.put_object(Bucket=bucket, Key=key, Body=storage.pack(local))
        job["ModelArtifacts"] = {"S3ModelArtifacts": f"{below}/model.tar.gz"}

    def _metrics(self, specification: Document, log: Path) -> list[Document]:
        text, found = log.read_text(errors="replace"), []
        for definition in specification.get("MetricDefinitions", []):
            if values := re.findall(definition["Regex"], text):
                value = float(values[-1])
                found.append({"MetricName": definition["Name"], "Value": value, "Timestamp": self.account.now()})
        return found


def _download(s3: Any, name: str, channel: Document, sandbox: Sandbox) -> None:
    source = channel["DataSource"].get("S3DataSource")
    if source is None or source["S3DataType"] != "S3Prefix":
        raise JobError(f"ClientError: channel {name}: only S3DataSource with S3Prefix is read on the local account.")
    unzip = channel.get("CompressionType") == "Gzip"
    if not storage.download(s3, source["S3Uri"], sandbox.path(f"/opt/ml/input/data/{name}"), unzip=unzip):
        raise JobError(f'ClientError: Data download failed: No S3 objects found under S3 URL "{source["S3Uri"]}".')


def _decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Return hyperparameters as the SDK meant them: it writes every value as JSON."""
    return {name: _json(value) for name, value in hyperparameters.items()}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _own(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in _decoded(hyperparameters).items() if not name.startswith("sagemaker_")}


def _arguments(hyperparameters: Mapping[str, str]) -> list[str]:
    """Return the script's arguments.

    Examples
    --------
    >>> _arguments({"depth": "3", "name": '"x"', "sagemaker_program": '"train.py"'})
    ['--depth', '3', '--name', 'x']
    """
    pairs = _own(hyperparameters).items()
    return [
        word for name, value in pairs for word in (f"--{name}", value if isinstance(value, str) else json.dumps(value))
    ]


def _script_mode(hyperparameters: Mapping[str, str], channels: list[str], sandbox: Sandbox) -> dict[str, str]:
    """Return the variables that script mode promises."""
    own = _own(hyperparameters)
    folders = {
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_INPUT_DIR": "/opt/ml/input",
        "SM_INPUT_CONFIG_DIR": "/opt/ml/config",
        "SM_OUTPUT_DIR": "/opt/ml/output",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_MODULE_DIR": _CODE,
    } | {f"SM_CHANNEL_{name.upper()}": f"/opt/ml/input/data/{name}" for name in channels}
    for folder in folders.values():
        sandbox.path(folder)
    return (
        folders
        | {
            f"SM_HP_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in own.items()
        }
        | {
            "SM_HPS": json.dumps(own),
            "SM_CHANNELS": json.dumps(channels),
            "SM_HOSTS": '["algo-1"]',
            "SM_CURRENT_HOST": "algo-1",
            "SM_NUM_CPUS": str(os.cpu_count() or 1),
            "SM_NUM_GPUS": "0",
        }
    )
