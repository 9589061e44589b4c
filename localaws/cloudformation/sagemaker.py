"""SageMaker: every type goes through the API, whose resources live in localaws.sagemaker."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from localaws.cloudformation.resource import ApiResource, Properties


class _SageMakerResource(ApiResource):
    """A type whose create and delete operations are named after it, and whose creation answers with an ARN.

    Attributes
    ----------
    KIND : str
        As in ``create_<kind>`` and ``delete_<kind>``.
    ARN : str
        The field of the answer, and the attribute, with the ARN.
    REF_IS_ARN : bool
        Whether ``Ref`` gives the ARN rather than the name.
    """

    MAX_NAME = 63
    KIND: ClassVar[str]
    ARN: ClassVar[str]
    REF_IS_ARN: ClassVar[bool] = True

    def create(self) -> None:
        """Create the resource."""
        answer = getattr(self.client("sagemaker"), f"create_{self.KIND}")(**self.call())
        arn = answer[self.ARN]
        self.physical_id = arn if self.REF_IS_ARN else self.name
        self.attributes = {self.ARN: arn, self.NAME: self.name}

    def remove(self) -> None:
        """Delete the resource."""
        getattr(self.client("sagemaker"), f"delete_{self.KIND}")(**{self.NAME: self.name})

    def call(self) -> dict[str, Any]:
        """Return the arguments of the create operation."""
        return self.named()


class _Replaced(_SageMakerResource):
    """A type of which every update makes another resource, with another name where the template gives none."""

    MOVES = True

    def update(self, properties: Properties) -> None:
        """Make the new one, then delete the old one."""
        before = type(self)(self.name, self.properties)
        self.name = properties.get(self.NAME) or _successor(self.name)
        if self.name == before.name:
            before.remove()
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        self.create()
        if self.name != before.name:
            before.remove()


class Model(_Replaced):
    """``AWS::SageMaker::Model``."""

    TYPE, NAME, KIND, ARN = "AWS::SageMaker::Model", "ModelName", "model", "ModelArn"
    REF_IS_ARN = False


class EndpointConfig(_Replaced):
    """``AWS::SageMaker::EndpointConfig``."""

    TYPE, NAME = "AWS::SageMaker::EndpointConfig", "EndpointConfigName"
    KIND, ARN = "endpoint_config", "EndpointConfigArn"
    REF_IS_ARN = False


class Endpoint(_SageMakerResource):
    """``AWS::SageMaker::Endpoint``; a new configuration updates it, as in AWS."""

    TYPE, NAME, KIND, ARN = "AWS::SageMaker::Endpoint", "EndpointName", "endpoint", "EndpointArn"
    REF_IS_ARN = False
    _ONLY_IN_UPDATE = ("ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig")

    def call(self) -> dict[str, Any]:
        """Return the arguments of the create operation."""
        return {key: value for key, value in self.named().items() if key not in self._ONLY_IN_UPDATE}

    def create(self) -> None:
        """Create the endpoint; one that does not come into service fails the deployment."""
        super().create()
        self._refuse_failed()

    def update(self, properties: Properties) -> None:
        """Update the endpoint."""
        self.properties = {key: value for key, value in properties.items() if key not in (self.NAME, "Tags")}
        self.client("sagemaker").update_endpoint(**self.named())
        self._refuse_failed()

    def _refuse_failed(self) -> None:
        endpoint = self.client("sagemaker").describe_endpoint(EndpointName=self.name)
        if endpoint["EndpointStatus"] == "Failed":
            raise ValueError(f"the endpoint {self.name} failed: {endpoint['FailureReason']}")


class ModelPackageGroup(_SageMakerResource):
    """``AWS::SageMaker::ModelPackageGroup``."""

    TYPE, NAME = "AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupName"
    KIND, ARN = "model_package_group", "ModelPackageGroupArn"


class Pipeline(_SageMakerResource):
    """``AWS::SageMaker::Pipeline``; the template wraps the definition in an object."""

    TYPE, NAME, KIND, ARN = "AWS::SageMaker::Pipeline", "PipelineName", "pipeline", "PipelineArn"
    MAX_NAME = 256
    REF_IS_ARN = False

    def call(self) -> dict[str, Any]:
        """Return the arguments of the create operation."""
        call = self.named()
        definition = call.pop("PipelineDefinition")
        if "PipelineDefinitionBody" in definition:
            call["PipelineDefinition"] = definition["PipelineDefinitionBody"]
        else:
            call["PipelineDefinitionS3Location"] = _s3_location(definition["PipelineDefinitionS3Location"])
        call["ClientRequestToken"] = hashlib.sha256(self.name.encode()).hexdigest()
        return call

    def update(self, properties: Properties) -> None:
        """Update the pipeline; executions stay."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        call = {key: value for key, value in self.call().items() if key not in ("Tags", "ClientRequestToken")}
        self.client("sagemaker").update_pipeline(**call)

    def remove(self) -> None:
        """Delete the pipeline."""
        token = hashlib.sha256(f"delete {self.name}".encode()).hexdigest()
        self.client("sagemaker").delete_pipeline(PipelineName=self.name, ClientRequestToken=token)


class ModelCard(_SageMakerResource):
    """``AWS::SageMaker::ModelCard``; the template spells the content as CloudFormation does, the API as JSON text."""

    TYPE, NAME, KIND, ARN = "AWS::SageMaker::ModelCard", "ModelCardName", "model_card", "ModelCardArn"
    REF_IS_ARN = False

    def call(self) -> dict[str, Any]:
        """Return the arguments of the create operation."""
        call = self.named()
        return {**call, "Content": json.dumps(_snake_keys(call["Content"]))}


class MonitoringSchedule(_SageMakerResource):
    """``AWS::SageMaker::MonitoringSchedule``."""

    TYPE, NAME = "AWS::SageMaker::MonitoringSchedule", "MonitoringScheduleName"
    KIND, ARN = "monitoring_schedule", "MonitoringScheduleArn"

    def update(self, properties: Properties) -> None:
        """Update the schedule; executions stay."""
        self.properties = {key: value for key, value in properties.items() if key != self.NAME}
        self.client("sagemaker").update_monitoring_schedule(
            MonitoringScheduleName=self.name, MonitoringScheduleConfig=self.properties["MonitoringScheduleConfig"]
        )


class _JobDefinition(_SageMakerResource):
    NAME, ARN = "JobDefinitionName", "JobDefinitionArn"

    def call(self) -> dict[str, Any]:
        """Return the arguments of the create operation; an endpoint's name may be left to the input."""
        return {key: value for key, value in self.named().items() if key != "EndpointName"}


class DataQualityJobDefinition(_JobDefinition):
    """``AWS::SageMaker::DataQualityJobDefinition``."""

    TYPE, KIND = "AWS::SageMaker::DataQualityJobDefinition", "data_quality_job_definition"


class ModelQualityJobDefinition(_JobDefinition):
    """``AWS::SageMaker::ModelQualityJobDefinition``."""

    TYPE, KIND = "AWS::SageMaker::ModelQualityJobDefinition", "model_quality_job_definition"


class ModelBiasJobDefinition(_JobDefinition):
    """``AWS::SageMaker::ModelBiasJobDefinition``."""

    TYPE, KIND = "AWS::SageMaker::ModelBiasJobDefinition", "model_bias_job_definition"


class ModelExplainabilityJobDefinition(_JobDefinition):
    """``AWS::SageMaker::ModelExplainabilityJobDefinition``."""

    TYPE, KIND = "AWS::SageMaker::ModelExplainabilityJobDefinition", "model_explainability_job_definition"


class InferenceExperiment(_SageMakerResource):
    """``AWS::SageMaker::InferenceExperiment``."""

    TYPE, NAME = "AWS::SageMaker::InferenceExperiment", "Name"
    KIND, ARN = "inference_experiment", "InferenceExperimentArn"
    MAX_NAME = 120


def _successor(name: str) -> str:
    """Return the generated name of what replaces a resource with a generated name."""
    return f"{name[:-12].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:12].upper()}"[:63]


def _s3_location(location: Properties) -> Properties:
    names = {"Bucket": "Bucket", "Key": "ObjectKey", "Version": "VersionId"}
    return {names[key]: value for key, value in location.items() if key in names}


def _snake_keys(value: Any) -> Any:
    """Return the content of a model card with the keys of its JSON schema, e.g. ``model_overview``.

    The keys of custom details are the author's own.
    """
    if isinstance(value, dict):
        return {_snake(key): inner if key == "CustomDetails" else _snake_keys(inner) for key, inner in value.items()}
    return [_snake_keys(inner) for inner in value] if isinstance(value, list) else value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


TYPES = (
    Model,
    EndpointConfig,
    Endpoint,
    ModelPackageGroup,
    Pipeline,
    ModelCard,
    MonitoringSchedule,
    DataQualityJobDefinition,
    ModelQualityJobDefinition,
    ModelBiasJobDefinition,
    ModelExplainabilityJobDefinition,
    InferenceExperiment,
)
