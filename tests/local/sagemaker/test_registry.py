from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.sagemaker.conftest import Bench

METRICS = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/evaluation.json"}}}


def register(bench: Bench, **more: Any) -> str:
    arn: str = bench.client("sagemaker").create_model_package(
        ModelPackageGroupName="Flights",
        InferenceSpecification={
            "Containers": [{"Image": "an-image", "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **more,
    )["ModelPackageArn"]
    return arn


@pytest.fixture(autouse=True)
def _group(bench: Bench) -> None:
    bench.client("sagemaker").create_model_package_group(ModelPackageGroupName="Flights")


def test_versions_are_numbered_and_a_number_never_comes_back(bench: Bench) -> None:
    register(bench)
    second = register(bench)
    bench.client("sagemaker").delete_model_package(ModelPackageName=second)

    assert register(bench) == "arn:aws:sagemaker:us-east-1:123456789012:model-package/flights/3"
    listed = bench.client("sagemaker").list_model_packages(ModelPackageGroupName="Flights")
    assert [package["ModelPackageVersion"] for package in listed["ModelPackageSummaryList"]] == [1, 3]


def test_a_version_keeps_what_it_was_registered_with(bench: Bench) -> None:
    arn = register(bench, ModelMetrics=METRICS, CustomerMetadataProperties={"incident": "7"}, SkipModelValidation="All")

    package = bench.client("sagemaker").describe_model_package(ModelPackageName=arn)

    assert package["ModelMetrics"] == METRICS
    assert package["CustomerMetadataProperties"] == {"incident": "7"}
    assert package["SkipModelValidation"] == "All"
    assert (package["ModelPackageGroupName"], package["ModelPackageVersion"]) == ("Flights", 1)
    assert (package["ModelApprovalStatus"], package["ModelPackageStatus"]) == ("PendingManualApproval", "Completed")


def test_an_approval_is_told_and_changes_nothing_else(bench: Bench) -> None:
    arn = register(bench, ModelMetrics=METRICS, CustomerMetadataProperties={"incident": "7"})
    bench.advance(minutes=5)

    bench.client("sagemaker").update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="better"
    )

    created, approved = bench.changes("Model Package State")
    assert created["detail"]["UpdatedModelPackageFields"] == []
    detail = approved["detail"]
    assert detail["UpdatedModelPackageFields"] == ["ModelApprovalStatus", "ApprovalDescription"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == ("Flights", 1)
    assert (detail["ModelPackageArn"], detail["ModelApprovalStatus"]) == (arn, "Approved")
    assert detail["LastModifiedTime"] == "2013-01-01T08:35:00Z"
    assert approved["resources"] == [arn]
    package = bench.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["CustomerMetadataProperties"] == {"incident": "7"}


def test_versions_are_listed_by_approval(bench: Bench) -> None:
    register(bench)
    arn = register(bench, ModelApprovalStatus="Approved")

    listed = bench.client("sagemaker").list_model_packages(
        ModelPackageGroupName="Flights", ModelApprovalStatus="Approved", SortOrder="Descending"
    )

    assert [package["ModelPackageArn"] for package in listed["ModelPackageSummaryList"]] == [arn]


def test_a_group_with_versions_cannot_be_deleted(bench: Bench) -> None:
    register(bench)

    with pytest.raises(ClientError, match="still has model packages"):
        bench.client("sagemaker").delete_model_package_group(ModelPackageGroupName="Flights")


def test_a_version_needs_its_group(bench: Bench) -> None:
    bench.client("sagemaker").delete_model_package_group(ModelPackageGroupName="Flights")

    with pytest.raises(ClientError, match="Could not find model-package-group"):
        register(bench)


def test_tags_are_set_changed_and_removed(bench: Bench) -> None:
    sagemaker = bench.client("sagemaker")
    arn = sagemaker.create_model_package_group(
        ModelPackageGroupName="tagged", Tags=[{"Key": "owner", "Value": "ml"}, {"Key": "stage", "Value": "dev"}]
    )["ModelPackageGroupArn"]

    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "prod"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["owner"])

    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "prod"}]


def test_a_model_and_a_configuration_keep_every_field(bench: Bench) -> None:
    bench.make_model()
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    container = {"Image": "an-image", "Environment": {"A": "b"}, "ContainerHostname": "h"}
    sagemaker = bench.client("sagemaker")
    sagemaker.create_model(
        ModelName="m",
        ExecutionRoleArn=bench.ROLE,
        PrimaryContainer=container,
        EnableNetworkIsolation=True,
        VpcConfig=vpc,
    )
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m7i.large"}
    fields: dict[str, Any] = {
        "ProductionVariants": [variant],
        "ShadowProductionVariants": [variant | {"VariantName": "shadow"}],
        "DataCaptureConfig": bench.capture_config(KmsKeyId="alias/key"),
        "KmsKeyId": "alias/key",
        "EnableNetworkIsolation": True,
        "VpcConfig": vpc,
        "ExecutionRoleArn": bench.ROLE,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="c", **fields)

    model = sagemaker.describe_model(ModelName="m")
    config = sagemaker.describe_endpoint_config(EndpointConfigName="c")

    assert (model["PrimaryContainer"], model["VpcConfig"]) == (container, vpc)
    assert model["EnableNetworkIsolation"] is True
    assert {name: config[name] for name in fields} == fields
    with pytest.raises(ClientError, match="Cannot create already existing"):
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=bench.ROLE, PrimaryContainer=container)
    with pytest.raises(ClientError, match="Could not find model"):
        sagemaker.create_endpoint_config(EndpointConfigName="d", ProductionVariants=[variant | {"ModelName": "none"}])
