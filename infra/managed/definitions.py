"""Job definitions: one of four types, immutable, so named by their content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Lazy, aws_iam, aws_sagemaker
from constructs import Construct

from infra.bundling import image_fingerprint
from infra.config import EndpointConfig
from infra.constructs.baseline import baseline_properties
from infra.managed import data_quality, model_bias, model_explainability, model_quality
from infra.managed.naming import ContentName
from infra.managed.parts import JobParts
from infra.managed.registries import ANALYZER, CLARIFY, Publication
from monitoring_core.metric_names import schedule_name


@dataclass(frozen=True, slots=True)
class Kind:
    """What Model Monitor has for one kind of monitor.

    Attributes
    ----------
    monitoring_type : str
        Its name there.
    resource : callable
        Declares the job definition.
    properties : callable
        What the definition says about the analysis.
    publication : Publication
        Amazon's image.
    """

    monitoring_type: str
    resource: Callable[..., Any]
    properties: Callable[[JobParts[Any]], dict[str, Any]]
    publication: Publication

    @property
    def is_clarify(self) -> bool:
        """Whether an ``analysis_config.json`` describes the analysis."""
        return self.publication is CLARIFY


KINDS: Final[Mapping[str, Kind]] = {
    "data-quality": Kind("DataQuality", aws_sagemaker.CfnDataQualityJobDefinition, data_quality.properties, ANALYZER),
    "model-quality": Kind(
        "ModelQuality", aws_sagemaker.CfnModelQualityJobDefinition, model_quality.properties, ANALYZER
    ),
    "model-bias": Kind("ModelBias", aws_sagemaker.CfnModelBiasJobDefinition, model_bias.properties, CLARIFY),
    "model-explainability": Kind(
        "ModelExplainability",
        aws_sagemaker.CfnModelExplainabilityJobDefinition,
        model_explainability.properties,
        CLARIFY,
    ),
}


def job_definition(scope: Construct, parts: JobParts[Any], role: aws_iam.IRole) -> Any:
    """Declare the job definition of a monitor; whatever it holds, or what that was made of, is in its name."""
    config, monitor = parts.config, parts.monitor
    kind = KINDS[monitor.kind]
    held = {"role_arn": role.role_arn, **kind.properties(parts), **_machines(parts)}
    definition = kind.resource(scope, f"Definition-{monitor.name}", **held)
    content = [held, baseline_properties(config, monitor), _behind(config), kind.publication.accounts]
    name = ContentName(schedule_name(config.name, monitor.name), definition, definition.tags, content)
    definition.job_definition_name = Lazy.string(name)
    definition.node.add_dependency(role)
    return definition


def _machines(parts: JobParts[Any]) -> dict[str, Any]:
    machine, network = parts.config.runtime.managed, parts.config.runtime.managed.network
    inside = {"securityGroupIds": list(network.security_groups), "subnets": list(network.subnets)}
    asks_model = parts.monitor.kind == "model-explainability"
    return {
        "job_resources": {
            "clusterConfig": {
                "instanceCount": machine.instance_count,
                "instanceType": machine.instance_type,
                "volumeSizeInGb": machine.volume_gib,
                **({} if machine.has_local_storage else {"volumeKmsKeyId": parts.storage.key.key_arn}),
            }
        },
        "network_config": {
            "enableInterContainerTrafficEncryption": network.encrypt_inter_container_traffic,
            "enableNetworkIsolation": network.isolation and not asks_model,
            **({"vpcConfig": inside} if network.subnets else {}),
        },
        "stopping_condition": {"maxRuntimeInSeconds": machine.timeout_seconds},
    }


def _behind(config: EndpointConfig) -> list[Any]:
    """Return what stands behind the references: a new model or image is another one under the same reference."""
    create = config.created
    model = create.variants[0].model.model_dump(mode="json") if create else None
    return [model, image_fingerprint() if config.runtime.managed.image == "ours" else None]
