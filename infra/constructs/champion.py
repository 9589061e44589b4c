"""The champion of an endpoint: what a deployment of the stack keeps (docs/decisions/0004)."""

from __future__ import annotations

from typing import Final

from aws_cdk import CustomResource, Duration, RemovalPolicy, Stack, aws_dynamodb, aws_sagemaker
from constructs import Construct

from infra.config import EndpointConfig
from infra.constructs.baseline import champion_arn, model_identity
from infra.constructs.functions import MonitorFunction
from infra.constructs.permissions import Grant, use_table_key
from infra.constructs.storage import Storage
from monitoring_core.metric_names import champion_parameter

OTHERS_NAMES: Final = "CloudFormation names the model and the configuration that the template declares."


def sagemaker_arn(scope: Construct, kind: str, name: str) -> str:
    """Return the ARN of a resource of SageMaker."""
    return Stack.of(scope).format_arn(service="sagemaker", resource=kind, resource_name=name)


def made(scope: Construct, config: EndpointConfig) -> tuple[str, ...]:
    """Return the ARNs of the models and configurations that promotion makes; SageMaker may spell them in lower case."""
    name = config.name
    spellings = dict.fromkeys((name, name.lower()))
    return tuple(
        sagemaker_arn(scope, kind, f"{spelled}-*") for kind in ("endpoint-config", "model") for spelled in spellings
    )


def lineage_grants(scope: Construct, config: EndpointConfig) -> tuple[Grant, ...]:
    """Allow to record deployments of the endpoint in ML Lineage; its List operations take no resource."""
    spellings = dict.fromkeys((config.name, config.name.lower()))
    actions = tuple(sagemaker_arn(scope, "action", f"{spelled}-*") for spelled in spellings)
    artifacts, contexts = (sagemaker_arn(scope, kind, "*") for kind in ("artifact", "context"))
    named = "Actions are named by the endpoint and the deployment."
    generated = "SageMaker generates the ids of artifacts and contexts."
    lists = ("sagemaker:ListArtifacts", "sagemaker:ListAssociations", "sagemaker:ListContexts")
    return (
        Grant(("sagemaker:CreateAction", "sagemaker:DescribeAction"), actions, wildcard=named),
        Grant(("sagemaker:CreateArtifact",), (artifacts,), wildcard=generated),
        Grant(("sagemaker:AddAssociation",), (*actions, artifacts, contexts), wildcard=generated),
        Grant(lists, ("*",), wildcard="Lists of lineage entities take no resource."),
    )


def endpoint_arns(scope: Construct, config: EndpointConfig) -> tuple[str, ...]:
    """Return the ARNs of the endpoint; SageMaker may spell its name in lower case."""
    name = config.name
    return tuple(sagemaker_arn(scope, "endpoint", spelled) for spelled in dict.fromkeys((name, name.lower())))


def read_any(scope: Construct) -> Grant:
    """Allow to read models and configurations, whoever made them."""
    arns = (sagemaker_arn(scope, "endpoint-config", "*"), sagemaker_arn(scope, "model", "*"))
    return Grant(("sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"), arns, wildcard=OTHERS_NAMES)


def describe(scope: Construct, config: EndpointConfig) -> Grant:
    """Allow to ask how the endpoint is."""
    return Grant(("sagemaker:DescribeEndpoint",), endpoint_arns(scope, config))


def promoted_parameter(config: EndpointConfig) -> str:
    """Return the SSM parameter of the model that a challenger has to beat; empty without promotion or training."""
    trains = config.retraining is not None and config.retraining.training is not None
    return champion_parameter(config.name) if config.promotion and trains else ""


def read_promoted(scope: Construct, config: EndpointConfig) -> list[Grant]:
    """Allow to ask which version was promoted, and where its artifact lies."""
    if not promoted_parameter(config):
        return []
    promotion = config.promotion
    group = (promotion.model_package_group if promotion else None) or config.name.lower()
    versions = sagemaker_arn(scope, "model-package", f"{group}/*")
    return [
        Grant(("ssm:GetParameter",), (champion_arn(scope, config),)),
        Grant(
            ("sagemaker:DescribeModelPackage",), (versions,), wildcard="The registry numbers the versions of a group."
        ),
    ]


class ChampionKeeper(Construct):
    """Lets a deployment of the stack keep the model that was promoted (docs/decisions/0004).

    Attributes
    ----------
    deployments : Table
        Every deployment of the endpoint.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: EndpointConfig, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._config, self._storage = config, storage
        text = aws_dynamodb.AttributeType.STRING
        self.deployments = aws_dynamodb.Table(
            self,
            "Deployments",
            partition_key=aws_dynamodb.Attribute(name="endpoint", type=text),
            sort_key=aws_dynamodb.Attribute(name="deployment_id", type=text),
            billing_mode=aws_dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=aws_dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=storage.key,
            point_in_time_recovery_specification=aws_dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=storage.removal_policy,
        )

    def choose(self, declared: aws_sagemaker.CfnEndpointConfig) -> str:
        """Return the name of the configuration to serve: the declared one, or the same with the promoted model."""
        function = MonitorFunction(
            self,
            "Function",
            name="champion",
            config=self._config,
            key=self._storage.key,
            grants=self._grants(),
        )
        resource = CustomResource(
            self,
            "Choice",
            resource_type="Custom::WatchkeeperChampion",
            service_token=function.function.function_arn,
            service_timeout=Duration.minutes(2),
            removal_policy=RemovalPolicy.DESTROY,
            properties={
                "Endpoint": self._config.name,
                "Variant": variant_name(self._config),
                "Declared": model_identity(self._config),
                "ConfigName": declared.attr_endpoint_config_name,
                "DeploymentTable": self.deployments.table_name,
            },
        )
        resource.node.add_dependency(function)
        return resource.get_att_string("EndpointConfigName")

    def _grants(self) -> list[Grant]:
        key = self._storage.key.key_arn
        ours = made(self, self._config)
        configs = sagemaker_arn(self, "endpoint-config", "*")
        return [
            Grant(("sagemaker:DescribeEndpointConfig",), (configs,), wildcard=OTHERS_NAMES),
            describe(self, self._config),
            Grant(
                ("sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel"),
                ours,
                wildcard="What is made is named by the endpoint, the version and the content.",
            ),
            Grant(("dynamodb:PutItem", "dynamodb:Query"), (self.deployments.table_arn,)),
            use_table_key(self, key),
            Grant(("ssm:DeleteParameter", "ssm:GetParameter"), (champion_arn(self, self._config),)),
        ]


def variant_name(config: EndpointConfig) -> str:
    """Return the variant that gets promoted models."""
    create, promotion = config.created, config.promotion
    first = create.variants[0].name if create else "AllTraffic"
    return (promotion.variant if promotion else None) or first
