"""IAM permissions in the words of the product: what of which bucket, never more; every wildcard with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aws_cdk import ArnFormat, Stack, aws_iam
from constructs import Construct

from infra.constructs.nag import acknowledge_wildcard

COLON: Final = ArnFormat.COLON_RESOURCE_NAME
PULL_ACTIONS: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on resources.

    Attributes
    ----------
    wildcard : str
        Why a resource has to hold a ``*``; empty where none does.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    wildcard: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def to(self, role: aws_iam.Role) -> None:
        """Add this to a role."""
        role.add_to_policy(self._statement())
        self._acknowledge(role)

    def to_policy(self, policy: aws_iam.Policy) -> None:
        """Add this to a policy of its own, for a role that must be there before the resources are."""
        policy.add_statements(self._statement())
        self._acknowledge(policy)

    def _statement(self) -> aws_iam.PolicyStatement:
        return aws_iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions) or None
        )

    def _acknowledge(self, scope: Construct) -> None:
        if self.wildcard:
            for resource in self.resources:
                acknowledge_wildcard(scope, resource, self.wildcard)


@dataclass(frozen=True, slots=True)
class Place:
    """A prefix (ends in ``/``) or one object of a bucket."""

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Place:
        """Split an S3 URI.

        Examples
        --------
        >>> Place.of("s3://bucket/folder/")
        Place(bucket='bucket', key='folder/')
        """
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def is_prefix(self) -> bool:
        """Whether it names everything below rather than one object."""
        return self.key.endswith("/") or not self.key

    @property
    def pattern(self) -> str:
        """The key, or all keys below the prefix."""
        return f"{self.key}*" if self.is_prefix else self.key

    def bucket_arn(self, scope: Construct) -> str:
        """Return the ARN of the bucket."""
        return f"arn:{Stack.of(scope).partition}:s3:::{self.bucket}"


def service_role(scope: Construct, construct_id: str, service: str, grants: Iterable[Grant]) -> aws_iam.Role:
    """Declare a role of one service with exactly these grants; the service takes it on for this account only."""
    principal = aws_iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=_on_our_behalf(scope, service))
    role = aws_iam.Role(scope, construct_id, assumed_by=principal)
    for grant in grants:
        grant.to(role)
    return role


def _on_our_behalf(scope: Construct, service: str) -> dict[str, Any]:
    """Return the conditions against a confused deputy that a service's documentation gives for its roles.

    Lambda names no source when it takes on a role. SageMaker does for endpoints, jobs and pipelines; its
    documentation is silent about monitoring schedules, so a request without a source is let through. That of the chat
    client is silent altogether.
    """
    stack = Stack.of(scope)
    account = {"aws:SourceAccount": stack.account}
    match service:
        case "sagemaker" | "chatbot":
            return {"StringEqualsIfExists": account}
        case "codebuild" | "events":
            return {"StringEquals": account}
        case "scheduler":
            group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="default")
            return {"StringEquals": account, "ArnEquals": {"aws:SourceArn": group}}
        case "states":
            machines = stack.format_arn(service="states", resource="stateMachine", resource_name="*", arn_format=COLON)
            return {"StringEquals": account, "ArnLike": {"aws:SourceArn": machines}}
        case _:
            return {}


def list_objects(scope: Construct, places: Iterable[Place]) -> list[Grant]:
    """Allow to list what is below some prefixes, bucket by bucket."""
    patterns: dict[str, list[str]] = {}
    for place in places:
        patterns.setdefault(place.bucket_arn(scope), []).append(place.pattern)
    return [
        Grant(("s3:ListBucket",), (arn,), conditions={"StringLike": {"s3:prefix": keys}})
        for arn, keys in patterns.items()
    ]


def objects(scope: Construct, places: Iterable[Place], *actions: str) -> Grant:
    """Allow actions such as ``GetObject`` on objects."""
    arns = tuple(f"{place.bucket_arn(scope)}/{place.pattern}" for place in places)
    reason = "Objects are named by time and content; the wildcard stands behind the prefix of this endpoint."
    return Grant(tuple(f"s3:{action}" for action in actions), arns, wildcard=reason)


def use_key(*keys: str) -> Grant:
    """Allow to read and write with encryption keys."""
    return Grant(("kms:Decrypt", "kms:GenerateDataKey"), keys)


def decrypt(*keys: str) -> list[Grant]:
    """Allow to read what others have encrypted with their keys."""
    return [Grant(("kms:Decrypt",), keys)] if keys else []


def use_volume_key(key: str) -> list[Grant]:
    """Allow a SageMaker job or endpoint to encrypt its volumes and outputs with a key.

    The volumes are attached on the role's behalf: Amazon EBS gets a grant of its own on the key.
    """
    for_amazon = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        Grant(("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"), (key,)),
        Grant(("kms:CreateGrant",), (key,), conditions=for_amazon),
    ]


def use_table_key(scope: Construct, key: str) -> Grant:
    """Allow to read and write DynamoDB tables that are encrypted with a key; DynamoDB uses it for the caller."""
    stack = Stack.of(scope)
    through = {"StringEquals": {"kms:ViaService": f"dynamodb.{stack.region}.{stack.url_suffix}"}}
    verbs = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
    return Grant(tuple(f"kms:{verb}" for verb in verbs), (key,), conditions=through)


def pull_image(scope: Construct, image: str) -> list[Grant]:
    """Allow to pull one container image from ECR."""
    return pull_repository(repository_of(scope, image))


def repository_of(scope: Construct, image: str) -> str:
    """Return the ARN of the ECR repository that an image is in."""
    registry, _, path = image.partition("/")
    account, _, _, region, *_ = registry.split(".")
    repository = path.partition("@")[0].partition(":")[0]
    return f"arn:{Stack.of(scope).partition}:ecr:{region}:{account}:repository/{repository}"


def pull_repository(arn: str) -> list[Grant]:
    """Allow to pull the images of one ECR repository."""
    reason = "A registry token is not bound to a repository: ecr:GetAuthorizationToken has no resources."
    return [Grant(PULL_ACTIONS, (arn,)), Grant(("ecr:GetAuthorizationToken",), ("*",), wildcard=reason)]


def write_job_logs(scope: Construct, group: str) -> Grant:
    """Allow a SageMaker job or container to write its own logs."""
    stack = Stack.of(scope)
    arn = stack.format_arn(
        service="logs", resource="log-group", resource_name=f"/aws/sagemaker/{group}*", arn_format=COLON
    )
    actions = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return Grant(actions, (arn,), wildcard="SageMaker names the streams of a job's log group.")


def put_metrics(*namespaces: str) -> Grant:
    """Allow to publish metrics of some namespaces."""
    condition = {"StringEquals": {"cloudwatch:namespace": list(namespaces)}}
    reason = "CloudWatch metrics have no resources to name; a condition limits the namespace."
    return Grant(("cloudwatch:PutMetricData",), ("*",), wildcard=reason, conditions=condition)


def default_bus(scope: Construct) -> str:
    """Return the ARN of the account's default event bus."""
    return Stack.of(scope).format_arn(service="events", resource="event-bus", resource_name="default")


def attach_network(scope: Construct, subnets: Iterable[str], security_groups: Iterable[str]) -> list[Grant]:
    """Allow a SageMaker job to join subnets of a VPC: it makes network interfaces there and removes them again."""
    stack = Stack.of(scope)

    def arn(kind: str, name: str) -> str:
        return stack.format_arn(service="ec2", resource=kind, resource_name=name)

    interfaces = arn("network-interface", "*")
    joined = (*(arn("subnet", name) for name in subnets), *(arn("security-group", name) for name in security_groups))
    verbs = ("CreateNetworkInterfacePermission", "DeleteNetworkInterface", "DeleteNetworkInterfacePermission")
    looks = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    unnamed = "Network interfaces have no name before they are made."
    return [
        Grant(("ec2:CreateNetworkInterface",), (interfaces, *joined), wildcard=unnamed),
        Grant(tuple(f"ec2:{verb}" for verb in verbs), (interfaces,), wildcard=unnamed),
        Grant(tuple(f"ec2:Describe{kind}" for kind in looks), ("*",), wildcard="EC2 names no resources in its lists."),
    ]
