"""``cdk destroy`` leaves nothing behind but what the template retains; it runs after every other test of the folder."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.local.deploy.deployed import STACKS, Deployment, Resource
from tests.local.deploy.record import check_permissions
from tests.local.deploy.toolkit import cdk

pytestmark = [pytest.mark.slow, pytest.mark.network]

NOTHING_TO_REMOVE = {
    "AWS::CDK::Metadata": "makes nothing",
    "Custom::WatchkeeperAnalysisConfig": "past verdicts rest on it; it stays in the retained bucket",
    "Custom::WatchkeeperModelMonitorAccess": "asks, and makes nothing",
    "Custom::WatchkeeperChampion": "forgets what was promoted; the table of deployments is retained",
    "Custom::WatchkeeperBaseline": "baselines are the evidence behind past verdicts; they stay in the retained bucket",
}


@pytest.fixture(scope="module")
def resources(deployment: Deployment) -> list[Resource]:
    """Destroy every stack after it was used; return what it had."""
    _register_a_model(deployment)
    _capture_traffic(deployment)
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
    assert {one.type for one in retained} == {
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::S3::Bucket",
        "AWS::SageMaker::ModelPackageGroup",
    }
    assert [line for one in retained for line in one.differences(deployment.client)] == []


def test_registered_models_are_kept(deployment: Deployment, resources: list[Resource]) -> None:
    (group,) = [one.physical_id for one in resources if one.type == "AWS::SageMaker::ModelPackageGroup"]
    listed = deployment.client("sagemaker").list_model_packages(ModelPackageGroupName=group.rpartition("/")[2])
    assert [package["ModelPackageVersion"] for package in listed["ModelPackageSummaryList"]] == [1]


def test_no_role_has_done_what_its_policies_do_not_allow(deployment: Deployment, resources: list[Resource]) -> None:
    assert resources
    check_permissions("destruction", deployment)


def _register_a_model(deployment: Deployment) -> None:
    """Put a version into the package group of the flights, as the retraining pipeline does."""
    container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"}
    types = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    deployment.client("sagemaker").create_model_package(
        ModelPackageGroupName="flights-prod", InferenceSpecification={"Containers": [container], **types}
    )


def _capture_traffic(deployment: Deployment) -> None:
    """Leave objects, an old version and a delete marker in the bucket that the template destroys."""
    endpoint, s3 = "every-runtime", deployment.client("s3")
    deployment.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=b"1,2,3")
    deployment.account.settle()
    bucket = next(name for id_, name in deployment.physical_ids[f"Watchkeeper-{endpoint}"].items() if "Bucket" in id_)
    assert s3.list_objects_v2(Bucket=bucket, Prefix="capture/")["KeyCount"]
    for body in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="reports/again.json", Body=body)
    s3.delete_object(Bucket=bucket, Key="reports/again.json")


def _is_there(deployment: Deployment, resource: Resource) -> bool:
    if resource.type == "AWS::KMS::Key":  # which AWS deletes after a waiting period only
        key = deployment.client("kms").describe_key(KeyId=resource.physical_id)["KeyMetadata"]
        return bool(key["KeyState"] != "PendingDeletion")
    try:
        resource.live(deployment.client)
    except (ClientError, LookupError):
        return False
    return True
