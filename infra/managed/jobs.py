"""One-off jobs with Amazon's images: baselines, and bias and explainability of a data set, on demand.

Pure: the request for ``CreateProcessingJob``, for whoever sends it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, Final, Literal

from infra.config.managed_runtime import ManagedRuntime
from infra.managed.registries import ANALYZER, CLARIFY, Publication, image_uri
from monitoring_core.errors import ConfigError
from monitoring_core.spec import (
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
)

DATA: Final = "/opt/ml/processing/input/data"
CONFIG: Final = "/opt/ml/processing/input/config"
OUTPUT: Final = "/opt/ml/processing/output"

_FORMATS: Final[Mapping[str, dict[str, Any]]] = {
    "csv": {"csv": {"header": True, "output_columns_position": "START"}},
    "jsonl": {"json": {"lines": True}},
}


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Where a job runs.

    Attributes
    ----------
    name : str
        Name of the job, unique in account and region.
    role_arn : str
        What the job may do: read data set and configuration, write the output.
    kms_key : str, optional
        Encrypts output and volume.
    image : str, optional
        Another image than Amazon's, which follows the same contract.
    """

    name: str
    region: str
    role_arn: str
    machine: ManagedRuntime = field(default_factory=ManagedRuntime)
    kms_key: str | None = None
    image: str | None = None


def processing_job(
    spec: MonitorSpec, *, dataset: str, output: str, place: JobPlace, config_uri: str | None = None
) -> dict[str, Any]:
    """Return the request for ``CreateProcessingJob`` that analyses a data set by itself.

    The files that it writes are a baseline: ``statistics.json`` and ``constraints.json``, or Clarify's
    ``analysis.json``.

    Parameters
    ----------
    spec : MonitorSpec
        What to analyse.
    dataset : str
        ``s3://`` URI of an object: CSV with a header, or JSON Lines (``.jsonl``).
    output : str
        ``s3://`` prefix of the files.
    place : JobPlace
        Where.
    config_uri : str, optional
        Where `monitoring_core.spec.analysis_config` of the specification lies, named ``analysis_config.json``; bias and
        explainability need it.

    Raises
    ------
    ConfigError
        If Amazon has no analyzer of the kind or in the region, or `config_uri` is missing.

    Examples
    --------
    >>> place = JobPlace("churn-baseline", "eu-west-1", "arn:aws:iam::111122223333:role/jobs")
    >>> job = processing_job(DataQualitySpec(), dataset="s3://b/train.csv", output="s3://b/out/", place=place)
    >>> job["AppSpecification"]["ImageUri"], job["Environment"]["dataset_format"]
    ('468650794304.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-model-monitor-analyzer', \
'{"csv": {"header": true, "output_columns_position": "START"}}')
    """
    publication, environment = _analysis(spec)
    inputs = [_input("dataset", dataset, DATA)]
    if publication is CLARIFY:
        if config_uri is None:
            raise ConfigError(f"{spec.kind} needs the place of its analysis_config.json: give `config_uri`")
        inputs.append(_input("analysis_config", config_uri, CONFIG))
    else:
        environment |= {
            "dataset_format": _format(dataset),
            "dataset_source": DATA,
            "output_path": OUTPUT,
            "publish_cloudwatch_metrics": "Disabled",
        }
    machine = place.machine
    return {
        "ProcessingJobName": place.name,
        "RoleArn": place.role_arn,
        "AppSpecification": {"ImageUri": place.image or image_uri(publication, place.region)},
        "Environment": environment,
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": _outputs(output, place.kms_key),
        "ProcessingResources": {"ClusterConfig": _cluster(machine, place.kms_key)},
        "NetworkConfig": _network(machine, asks_model=isinstance(spec, ModelExplainabilitySpec)),
        "StoppingCondition": {"MaxRuntimeInSeconds": machine.timeout_seconds},
    }


@singledispatch
def _analysis(spec: MonitorSpec) -> tuple[Publication, dict[str, str]]:
    """Return who analyses a kind, and what it is told in the environment."""
    raise ConfigError(
        f"Amazon has no analyzer for {spec.kind}; it has data-quality, model-quality, model-bias and "
        "model-explainability"
    )


@_analysis.register
def _(spec: DataQualitySpec) -> tuple[Publication, dict[str, str]]:
    return ANALYZER, {"categorical_drift_method": spec.distribution.categorical_drift_method}


@_analysis.register
def _(spec: ModelQualitySpec) -> tuple[Publication, dict[str, str]]:
    given = {
        "problem_type": spec.problem_type.value,
        "inference_attribute": spec.inference_attribute,
        "probability_attribute": spec.probability_attribute,
        "ground_truth_attribute": spec.ground_truth_attribute or spec.columns.label,
        "probability_threshold_attribute": str(spec.probability_threshold) if spec.probability_attribute else None,
        "positive_label": spec.positive_label,
    }
    return ANALYZER, {"analysis_type": "MODEL_QUALITY", **{name: value for name, value in given.items() if value}}


@_analysis.register(ModelBiasSpec)
@_analysis.register(ModelExplainabilitySpec)
def _(spec: ModelBiasSpec | ModelExplainabilitySpec) -> tuple[Publication, dict[str, str]]:  # noqa: ARG001 - all of it is in the file
    return CLARIFY, {}


def _cluster(machine: ManagedRuntime, kms_key: str | None) -> dict[str, Any]:
    """Return ``ClusterConfig``; machines with disks of their own encrypt them themselves and take no key."""
    return {
        "InstanceCount": machine.instance_count,
        "InstanceType": machine.instance_type,
        "VolumeSizeInGB": machine.volume_gib,
        **({"VolumeKmsKeyId": kms_key} if kms_key and not machine.has_local_storage else {}),
    }


def _network(machine: ManagedRuntime, *, asks_model: bool) -> dict[str, Any]:
    """Return ``NetworkConfig``; what asks the model cannot do so without a network."""
    given = machine.network
    vpc = {"SecurityGroupIds": list(given.security_groups), "Subnets": list(given.subnets)}
    return {
        "EnableInterContainerTrafficEncryption": given.encrypt_inter_container_traffic,
        "EnableNetworkIsolation": given.isolation and not asks_model,
        **({"VpcConfig": vpc} if given.subnets else {}),
    }


def _format(dataset: str) -> str:
    ending = dataset.rpartition(".")[2].lower()
    if ending not in _FORMATS:
        raise ConfigError(f"Amazon's analyzer reads .csv with a header and .jsonl, got {dataset}; convert the data set")
    return json.dumps(_FORMATS[ending])


def _input(name: str, uri: str, path: str) -> dict[str, Any]:
    source: dict[str, str | Literal["S3Prefix"]] = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "AppManaged": False, "S3Input": source}


def _outputs(uri: str, kms_key: str | None) -> dict[str, Any]:
    output = {"S3Uri": uri, "LocalPath": OUTPUT, "S3UploadMode": "EndOfJob"}
    return {
        "Outputs": [{"OutputName": "result", "AppManaged": False, "S3Output": output}],
        **({"KmsKeyId": kms_key} if kms_key else {}),
    }
