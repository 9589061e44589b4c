"""SageMaker endpoints, and their scaling."""

from __future__ import annotations

from collections.abc import Mapping

from tests.local.deploy.readers.shape import Client, Properties, Reader, only


def described(kind: str, name: str, arn: str) -> Reader:
    """Return the reader of a SageMaker type: its describe operation, and its tags."""

    def read(client: Client, physical_id: str, _: Properties) -> Properties:
        sagemaker = client("sagemaker")
        found = getattr(sagemaker, f"describe_{kind}")(**{name: physical_id.rsplit("/", 1)[-1]})
        return {**found, "Tags": sagemaker.list_tags(ResourceArn=found[arn])["Tags"]}

    return read


def _scalable_target(client: Client, physical_id: str, _: Properties) -> Properties:
    scaling = client("application-autoscaling")
    resource, dimension, service = physical_id.split("|")
    which = {"ServiceNamespace": service, "ScalableDimension": dimension}
    return only(scaling.describe_scalable_targets(**which, ResourceIds=[resource])["ScalableTargets"])


def _scaling_policy(client: Client, physical_id: str, expected: Properties) -> Properties:
    policies = client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="sagemaker", PolicyNames=[expected["PolicyName"]]
    )["ScalingPolicies"]
    found = only(policy for policy in policies if policy["PolicyARN"] == physical_id)
    target = "|".join(found[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    return {**found, "ScalingTargetId": target}


READERS: Mapping[str, Reader] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::SageMaker::Endpoint": described("endpoint", "EndpointName", "EndpointArn"),
    "AWS::SageMaker::EndpointConfig": described("endpoint_config", "EndpointConfigName", "EndpointConfigArn"),
    "AWS::SageMaker::Model": described("model", "ModelName", "ModelArn"),
}
