"""``cdk destroy`` leaves nothing behind but what the template retains; it runs after every other test of the folder."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.deploy.deployed import STACKS, Deployment, Resource
from tests.deploy.toolkit import cdk

pytestmark = [pytest.mark.slow, pytest.mark.network]

NOTHING_TO_REMOVE = {
    "AWS::CDK::Metadata": "makes nothing",
    "Custom::WatchkeeperBaseline": "baselines are the evidence behind past verdicts; they stay in the retained bucket",
}


@pytest.fixture(scope="module")
def resources(deployment: Deployment) -> list[Resource]:
    """Destroy every stack; return what it had."""
    found = [resource for stack in STACKS for resource in deployment.resources(stack)]
    cdk(deployment.account, "destroy", "--all", "--force", "--app", str(deployment.assembly))
    return found


def test_the_stacks_are_gone(deployment: Deployment, resources: list[Resource]) -> None:
    assert resources
    left = deployment.account.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])
    assert {stack["StackName"] for stack in left["StackSummaries"]} & set(STACKS) == set()


def test_every_resource_is_gone_that_the_template_does_not_retain(
    deployment: Deployment, resources: list[Resource]
) -> None:
    removed = [one for one in resources if not one.retained and one.type not in NOTHING_TO_REMOVE]
    assert [f"{one.logical_id} ({one.type})" for one in removed if _is_there(deployment, one)] == []


def test_every_retained_resource_is_as_it_was(deployment: Deployment, resources: list[Resource]) -> None:
    retained = [one for one in resources if one.retained]
    assert {one.type for one in retained} == {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket"}
    assert [line for one in retained for line in one.differences(deployment.client)] == []


def _is_there(deployment: Deployment, resource: Resource) -> bool:
    try:
        resource.live(deployment.client)
    except (ClientError, LookupError):
        return False
    return True
