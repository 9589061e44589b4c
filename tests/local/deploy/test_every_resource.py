"""What is deployed is what the template says: every resource, every property."""

from __future__ import annotations

import pytest

from tests.local.deploy.deployed import STACKS, Deployment
from tests.local.deploy.readers import READERS
from tests.local.deploy.unreadable import UNREADABLE

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_of_the_template_exists(deployment: Deployment, stack: str) -> None:
    resolver = deployment.resolver(stack)
    wanted = {name for name in deployment.templates[stack]["Resources"] if resolver.exists(name)}
    assert set(deployment.physical_ids[stack]) == wanted
    assert [name for name, physical_id in deployment.physical_ids[stack].items() if not physical_id] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_type_has_a_reader(deployment: Deployment, stack: str) -> None:
    types = {resource["Type"] for resource in deployment.templates[stack]["Resources"].values()}
    assert types - set(READERS) == set()


@pytest.mark.parametrize("stack", STACKS)
def test_every_property_is_as_in_the_template(deployment: Deployment, stack: str) -> None:
    assert [line for resource in deployment.resources(stack) for line in resource.differences(deployment.client)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_output_is_as_in_the_template(deployment: Deployment, stack: str) -> None:
    (description,) = deployment.account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    found = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
    outputs = deployment.templates[stack]["Outputs"].items()
    assert found == {key: deployment.resolver(stack).resolve(output["Value"]) for key, output in outputs}


def test_a_property_that_was_changed_by_hand_is_found(deployment: Deployment) -> None:
    group = next(one for one in deployment.resources(STACKS[0]) if one.type == "AWS::Logs::LogGroup")
    days, which = group.properties["RetentionInDays"], {"logGroupName": group.physical_id}
    deployment.client("logs").put_retention_policy(**which, retentionInDays=1)
    found = list(group.differences(deployment.client))
    deployment.client("logs").put_retention_policy(**which, retentionInDays=days)
    assert found == [f"{group.logical_id} (AWS::Logs::LogGroup) RetentionInDays: 1, the template has {days}"]


def test_every_exception_is_still_needed(deployment: Deployment) -> None:
    needed = {
        (resource.type, name)
        for stack in STACKS
        for resource in deployment.resources(stack)
        for name in resource.properties.keys() - resource.live(deployment.client).keys()
    }
    assert set(UNREADABLE) - needed == set()
