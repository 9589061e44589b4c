"""The endpoint, its models and configurations in SageMaker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.common.clients import client
from functions.promote.decision import Live
from functions.promote.record import Deployment

_MADE_BY_SAGEMAKER: Final = frozenset({"EndpointConfigName", "EndpointConfigArn", "CreationTime", "ResponseMetadata"})
_OF_THE_MODEL: Final = ("ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation")
_BUSY: Final = ("in-progress", "Updating")
_NAME_LIMIT: Final = 63


@dataclass(frozen=True, slots=True)
class Package:
    """What the registry says of a version.

    Attributes
    ----------
    changed_at : datetime
        When it was approved, or otherwise changed last.
    drift_checks, metrics : mapping
        ``DriftCheckBaselines`` and ``ModelMetrics``.
    """

    arn: str
    group: str
    version: int
    approval: str
    changed_at: datetime
    metadata: Mapping[str, str]
    drift_checks: Mapping[str, Any]
    metrics: Mapping[str, Any]

    @property
    def dataset(self) -> str:
        """Data set that it was trained on (`training-data-uri` of its metadata), empty where it does not tell."""
        return self.metadata.get("training-data-uri", "")

    @property
    def baselines(self) -> str:
        """Where the pipeline that trained it has made its baselines (`baseline-uri`), empty where none has."""
        return self.metadata.get("baseline-uri", "")

    @property
    def evaluation_uri(self) -> str:
        """Where the evaluation lies that it was registered with, empty where it has none."""
        return str(self.metrics.get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", ""))

    @property
    def incident_id(self) -> str:
        """The incident that it was trained for."""
        return self.metadata.get("incident-id", "")

    @property
    def evidence_uri(self) -> str:
        """Where the evidence lies that it was trained upon (`evidence-uri`), empty where the package does not tell."""
        return self.metadata.get("evidence-uri", "")


def read_package(name: str) -> Package:
    """Ask the registry about a version."""
    told = client("sagemaker").describe_model_package(ModelPackageName=name)
    return Package(
        arn=told["ModelPackageArn"],
        group=told.get("ModelPackageGroupName", ""),
        version=int(told.get("ModelPackageVersion", 0)),
        approval=told.get("ModelApprovalStatus", ""),
        changed_at=told.get("LastModifiedTime", told["CreationTime"]).astimezone(UTC),
        metadata=told.get("CustomerMetadataProperties", {}),
        drift_checks=told.get("DriftCheckBaselines", {}),
        metrics=told.get("ModelMetrics", {}),
    )


def approved_packages(group: str) -> list[str]:
    """Return the ARNs of the approved versions of a group, the latest first; the hundred latest are looked at."""
    answer = client("sagemaker").list_model_packages(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
    )
    return [summary["ModelPackageArn"] for summary in answer["ModelPackageSummaryList"]]


def read_live(endpoint: str, guards: tuple[str, ...] = ()) -> Live | None:
    """Return how an endpoint is, with the guard alarms that ring; None where there is none."""
    try:
        told = client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return None
    return Live(
        status=told["EndpointStatus"],
        config_name=told.get("EndpointConfigName", ""),
        modified_at=told["LastModifiedTime"].astimezone(UTC),
        failure=told.get("FailureReason", ""),
        ringing=ringing(guards),
    )


def ringing(alarms: tuple[str, ...]) -> frozenset[str]:
    """Return which of these alarms are in ALARM."""
    if not alarms:
        return frozenset()
    pages = client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNames=list(alarms))
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return frozenset(alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM")


def read_config(name: str) -> dict[str, Any]:
    """Return an endpoint configuration as it can be created again."""
    told = client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
    return {key: value for key, value in told.items() if key not in _MADE_BY_SAGEMAKER}


def config_made_at(name: str) -> datetime:
    """Return when a configuration was created."""
    made_at: datetime = client("sagemaker").describe_endpoint_config(EndpointConfigName=name)["CreationTime"]
    return made_at.astimezone(UTC)


def served_model(config: Mapping[str, Any], variant: str) -> str:
    """Return the model of a variant; of the first one where there is none of that name."""
    variants = {one["VariantName"]: one for one in config["ProductionVariants"]}
    return str(variants.get(variant, config["ProductionVariants"][0])["ModelName"])


def make_model(endpoint: str, package: str, version: int, like: str) -> str:
    """Create the model of a package, with role, network and isolation of another one; return its name.

    The name follows from all of this, so it is made once.
    """
    told = client("sagemaker").describe_model(ModelName=like)
    settings = {key: told[key] for key in _OF_THE_MODEL if key in told}
    request = {"Containers": [{"ModelPackageName": package}], **settings}
    name = _named(f"{endpoint}-v{version}", request)
    _once(client("sagemaker").create_model, ModelName=name, **request)
    return name


def make_config(endpoint: str, config: Mapping[str, Any], variant: str, model: str) -> str:
    """Create a configuration that differs from another one in a variant's model alone; return its name."""
    chosen = variant if any(one["VariantName"] == variant for one in config["ProductionVariants"]) else None
    variants = [
        {**one, "ModelName": model} if one["VariantName"] == chosen or (chosen is None and index == 0) else one
        for index, one in enumerate(config["ProductionVariants"])
    ]
    request = {**config, "ProductionVariants": variants}
    name = _named(endpoint, request)
    _once(client("sagemaker").create_endpoint_config, EndpointConfigName=name, **request)
    return name


def update(endpoint: str, config_name: str, deployment: Mapping[str, Any] | None) -> bool:
    """Ask SageMaker to put a configuration into service; False where the endpoint is changing at the moment.

    Instance counts and weights stay as they are at the moment; capture is the configuration's.
    """
    try:
        client("sagemaker").update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=config_name,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
            **({"DeploymentConfig": deployment} if deployment else {}),
        )
    except ClientError as error:
        if (
            "in-progress" in str(error)
            or "Updating" in str(error)
            or error.response["Error"]["Code"] == "ConflictException"
        ):
            return False
        raise
    return True


def delete_made(records: list[Deployment]) -> None:
    """Delete the models and configurations that promotions have made."""
    for config in {one.config_name for one in records if one.package and one.config_name}:
        _gone(client("sagemaker").delete_endpoint_config, EndpointConfigName=config)
    for model in {one.model_name for one in records if one.package and one.model_name}:
        _gone(client("sagemaker").delete_model, ModelName=model)


def _named(prefix: str, request: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return f"{prefix[: _NAME_LIMIT - 13].rstrip('-')}-{digest}"


def _once(create: Any, **request: Any) -> None:
    """Create something whose name tells its content; that it exists already is fine."""
    try:
        create(**request)
    except ClientError as error:
        if "already exist" not in str(error):
            raise


def _gone(delete: Any, **request: Any) -> None:
    try:
        delete(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
