"""SageMaker's monitoring, retraining and governance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.common.model_card import is_ours
from tests.local.deploy.readers.endpoints import described
from tests.local.deploy.readers.shape import Client, Properties, Reader

_FREE_KEYS = ("custom_details",)


def _pipeline(client: Client, physical_id: str, expected: Properties) -> Properties:
    found = described("pipeline", "PipelineName", "PipelineArn")(client, physical_id, expected)
    return {**found, "PipelineDefinition": {"PipelineDefinitionBody": found["PipelineDefinition"]}}


def _model_card(client: Client, physical_id: str, _: Properties) -> Properties:
    sagemaker = client("sagemaker")
    declared = sagemaker.describe_model_card(ModelCardName=physical_id, ModelCardVersion=1)
    found = {
        **declared,
        **sagemaker.describe_model_card(ModelCardName=physical_id),
    }  # moto keeps no status in later ones
    content = {"Content": _pascal_keys(_as_declared(json.loads(found["Content"])))}
    try:
        return {**found, **content, "Tags": sagemaker.list_tags(ResourceArn=found["ModelCardArn"])["Tags"]}
    except sagemaker.exceptions.ClientError:
        return {**found, **content}


def _as_declared(content: Properties) -> Properties:
    """Return the content without what runs and promotions have added since the deployment."""
    evaluations = [one for one in content.get("evaluation_details", ()) if not is_ours(one)]
    overview, more = content["model_overview"], content["additional_information"]
    details = _without(more["custom_details"], "Version in service")
    return {
        **_without(content, "evaluation_details"),
        "model_overview": _without(overview, "model_id"),
        "additional_information": {**more, "custom_details": details},
        **({"evaluation_details": evaluations} if evaluations else {}),
    }


def _without(given: Properties, name: str) -> Properties:
    return {key: value for key, value in given.items() if key != name}


def _pascal_keys(value: Any) -> Any:
    """Return the content of a model card with CloudFormation's keys; what its author named keeps its name."""
    if isinstance(value, dict):
        return {_pascal(key): item if key in _FREE_KEYS else _pascal_keys(item) for key, item in value.items()}
    return [_pascal_keys(item) for item in value] if isinstance(value, list) else value


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _job_definition(kind: str) -> Reader:
    return described(f"{kind}_job_definition", "JobDefinitionName", "JobDefinitionArn")


READERS: Mapping[str, Reader] = {
    "AWS::SageMaker::DataQualityJobDefinition": _job_definition("data_quality"),
    "AWS::SageMaker::ModelBiasJobDefinition": _job_definition("model_bias"),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": _job_definition("model_explainability"),
    "AWS::SageMaker::ModelQualityJobDefinition": _job_definition("model_quality"),
    "AWS::SageMaker::ModelCard": _model_card,
    "AWS::SageMaker::ModelPackageGroup": described(
        "model_package_group", "ModelPackageGroupName", "ModelPackageGroupArn"
    ),
    "AWS::SageMaker::MonitoringSchedule": described(
        "monitoring_schedule", "MonitoringScheduleName", "MonitoringScheduleArn"
    ),
    "AWS::SageMaker::Pipeline": _pipeline,
}
