"""CloudFormation: resource types that moto lacks or makes by halves, and no silence about anything it does not know."""

from __future__ import annotations

from moto.core.config import default_user_config
from moto.s3.models import FakeBucket

from localaws.cloudformation import (
    autoscaling,
    builds,
    cloudwatch,
    glue,
    identity,
    lambdas,
    messaging,
    metadata,
    parameters,
    sagemaker,
    scheduler,
    stacks,
    states,
    storage,
)
from localaws.cloudformation.custom import CustomResource
from localaws.cloudformation.resource import ApiResource
from localaws.replacing import replace
from localaws.services import Services

RESOURCE_TYPES: tuple[type[ApiResource], ...] = (
    *autoscaling.TYPES,
    *builds.TYPES,
    *cloudwatch.TYPES,
    *glue.TYPES,
    *identity.TYPES,
    *lambdas.TYPES,
    *messaging.TYPES,
    *metadata.TYPES,
    *parameters.TYPES,
    *sagemaker.TYPES,
    *scheduler.TYPES,
    *states.TYPES,
    *storage.TYPES,
    CustomResource,
)


def install(services: Services) -> None:
    """Give the account a CloudFormation that makes what a template says, or fails."""
    ApiResource.services = services
    # Amazon looks at the log bucket's policy when it delivers, so CDK adds that policy after the bucket that logs; moto
    # wants it before.
    replace(FakeBucket, "_log_permissions_enabled_policy", staticmethod(lambda **_: True))
    default_user_config["iam"]["load_aws_managed_policies"] = True  # a role may refer to one; moto has them on request
    stacks.install({resource.TYPE: resource for resource in RESOURCE_TYPES})
