"""A container image of this product: built at deployment, in the account or on this machine, or one that exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from aws_cdk import (
    CustomResource,
    Duration,
    IgnoreMode,
    RemovalPolicy,
    Stack,
    aws_codebuild,
    aws_ecr,
    aws_ecr_assets,
    aws_iam,
    aws_kms,
)
from constructs import Construct

from infra.bundling import ROOT, image_fingerprint, image_source
from infra.config import EndpointConfig, FleetConfig
from infra.constructs.functions import MonitorFunction, log_group
from infra.constructs.nag import acknowledge
from infra.constructs.permissions import Grant, repository_of, service_role

_RESOURCE_TYPE: Final = "Custom::WatchkeeperImage"
_TAG_LENGTH: Final = 16
_KEPT_IMAGES: Final = 10
_BUILD_MINUTES: Final = 8
_QUEUE_MINUTES: Final = 5
_FUNCTION_SECONDS: Final = 900
"""The function waits for the build: time in the queue and time of the build together are shorter."""
_ANSWER_MARGIN_SECONDS: Final = 60
_BUILDER: Final = "aws/codebuild/standard:7.0"
_PUSH: Final = (
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "CompleteLayerUpload",
    "InitiateLayerUpload",
    "PutImage",
    "UploadLayerPart",
)
"""What ECR documents for pushing: Docker looks first what is there."""
_KEY: Final = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
"""What CodeBuild documents for the key of a project."""
_CONTEXT: Final = ("**", "!functions/**", "!monitoring_core/**", "!pyproject.toml", "!uv.lock", "**/__pycache__")
_COMMANDS: Final = (
    'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
    'docker build --file "$DOCKERFILE" --tag "$REPOSITORY:$TAG" .',
    'docker push "$REPOSITORY:$TAG"',
)


@dataclass(frozen=True, slots=True)
class ProductImage:
    """An image that holds this product.

    Attributes
    ----------
    uri : str
        With a digest, where it was built by the stack.
    repository_arn : str
        Where it may be pulled from.
    """

    uri: str
    repository_arn: str


def product_image(
    scope: Construct,
    construct_id: str,
    *,
    image: str,
    dockerfile: str,
    config: EndpointConfig | FleetConfig,
    key: aws_kms.IKey,
) -> ProductImage:
    """Return the image that the configuration asks for.

    Parameters
    ----------
    image : str
        ``codebuild``, ``docker``, or an image in ECR.
    dockerfile : str
        Path from the root of the repository.
    """
    match image:
        case "codebuild":
            built = BuiltImage(scope, construct_id, dockerfile=dockerfile, config=config, key=key)
            return ProductImage(built.uri, built.repository.repository_arn)
        case "docker":
            asset = aws_ecr_assets.DockerImageAsset(
                scope,
                construct_id,
                directory=str(ROOT),
                file=dockerfile,
                exclude=list(_CONTEXT),
                ignore_mode=IgnoreMode.DOCKER,
                platform=aws_ecr_assets.Platform.LINUX_AMD64,
            )
            return ProductImage(asset.image_uri, asset.repository.repository_arn)
        case _:
            return ProductImage(image, repository_of(scope, image))


class BuiltImage(Construct):
    """An image that CodeBuild builds from this checkout when the stack is deployed; no Docker is needed here.

    Its tag is a hash of what it is built of: unchanged sources are never built twice.

    Attributes
    ----------
    repository : Repository
        Encrypted, scanned, with tags that cannot be moved.
    uri : str
        The image by its digest.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dockerfile: str,
        config: EndpointConfig | FleetConfig,
        key: aws_kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self._key, self._tag = config, key, image_fingerprint()[:_TAG_LENGTH]
        self.repository = self._repository()
        project = self._project(dockerfile)
        builder = MonitorFunction(
            self,
            "Builder",
            name="image_build",
            config=config,
            key=key,
            grants=[
                Grant(("codebuild:BatchGetBuilds", "codebuild:StartBuild"), (project.attr_arn,)),
                Grant(("ecr:DescribeImages",), (self.repository.repository_arn,)),
            ],
            timeout_seconds=_FUNCTION_SECONDS,
        )
        image = CustomResource(
            self,
            "Image",
            resource_type=_RESOURCE_TYPE,
            service_token=builder.function.function_arn,
            service_timeout=Duration.seconds(_FUNCTION_SECONDS + _ANSWER_MARGIN_SECONDS),
            removal_policy=RemovalPolicy.DESTROY,
            properties={
                "Project": project.ref,
                "Repository": self.repository.repository_name,
                "RepositoryUri": self.repository.repository_uri,
                "Tag": self._tag,
            },
        )
        image.node.add_dependency(builder, project, self._role)
        self.uri = image.get_att_string("ImageUri")

    def _repository(self) -> aws_ecr.Repository:
        destroy = self._config.runtime.on_delete == "destroy"
        return aws_ecr.Repository(
            self,
            "Repository",
            encryption=aws_ecr.RepositoryEncryption.KMS,
            encryption_key=self._key,
            image_scan_on_push=True,
            image_tag_mutability=aws_ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[aws_ecr.LifecycleRule(max_image_count=_KEPT_IMAGES)],
            removal_policy=RemovalPolicy.DESTROY if destroy else RemovalPolicy.RETAIN,
            empty_on_delete=destroy,
        )

    def _project(self, dockerfile: str) -> aws_codebuild.CfnProject:
        source = image_source(self, "Source")
        logs = log_group(self, "Logs", config=self._config, key=self._key)
        self._role = self._build_role(source.s3_bucket_name, source.s3_object_key, logs.log_group_arn)
        project = aws_codebuild.CfnProject
        variable = project.EnvironmentVariableProperty
        built = project(
            self,
            "Project",
            description=f"Watchkeeper, {self._config.title}: image of {dockerfile}",
            service_role=self._role.role_arn,
            source=project.SourceProperty(
                type="S3", location=f"{source.s3_bucket_name}/{source.s3_object_key}", build_spec=_build_spec()
            ),
            artifacts=project.ArtifactsProperty(type="NO_ARTIFACTS"),
            environment=project.EnvironmentProperty(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_SMALL",
                image=_BUILDER,
                privileged_mode=True,
                environment_variables=[
                    variable(name="REPOSITORY", value=self.repository.repository_uri),
                    variable(name="TAG", value=self._tag),
                    variable(name="DOCKERFILE", value=dockerfile),
                    variable(name="BUILDX_NO_DEFAULT_ATTESTATIONS", value="1"),  # SageMaker runs plain images only
                ],
            ),
            encryption_key=self._key.key_arn,
            logs_config=project.LogsConfigProperty(
                cloud_watch_logs=project.CloudWatchLogsConfigProperty(status="ENABLED", group_name=logs.log_group_name)
            ),
            timeout_in_minutes=_BUILD_MINUTES,
            queued_timeout_in_minutes=_QUEUE_MINUTES,
        )
        acknowledge(built, "CB3", "The build runs Docker, and nothing but this product's own Dockerfile.")
        return built

    def _build_role(self, bucket: str, key: str, logs: str) -> aws_iam.Role:
        bucket_arn = f"arn:{Stack.of(self).partition}:s3:::{bucket}"
        token = "A registry token is not bound to a repository: ecr:GetAuthorizationToken has no resources."  # noqa: S105 - a reason
        grants = [
            Grant(("s3:GetObject", "s3:GetObjectVersion"), (f"{bucket_arn}/{key}",)),
            Grant(("s3:GetBucketAcl", "s3:GetBucketLocation"), (bucket_arn,)),
            Grant(("logs:CreateLogStream", "logs:PutLogEvents"), (logs,), wildcard="CodeBuild names its streams."),
            Grant(tuple(f"ecr:{verb}" for verb in _PUSH), (self.repository.repository_arn,)),
            Grant(("ecr:GetAuthorizationToken",), ("*",), wildcard=token),
            Grant(tuple(f"kms:{verb}" for verb in _KEY), (self._key.key_arn,)),
        ]
        return service_role(self, "Role", "codebuild", grants)


def _build_spec() -> str:
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": list(_COMMANDS)}}})
