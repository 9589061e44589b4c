"""The model that was promoted stays: in a deployment of the stack, in the baselines, in the model card."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.baseline.handler import keep, of_champion, rebound
from functions.baseline.request import Properties as BaselineProperties
from functions.champion.handler import Properties, choose
from functions.common.champion import delete_parameter, read_parameter, write_parameter
from functions.promote.baselines import source_of
from functions.promote.identity import ServedCapture, ServedContainer, ServedIdentity, ServedVariant, differences
from functions.promote.model_card import in_service
from functions.promote.record import Champion, Source, Status
from functions.promote.service import Package
from functions.promote.table import DeploymentTable
from monitoring_core.metric_names import champion_parameter

from .conftest import BUCKET

NOW = datetime(2013, 4, 1, tzinfo=UTC)
DECLARED = "s3://credit/m.tar.gz"
MODEL = "arn:aws:sagemaker:us-east-1:111122223333:model/ep-v3-0"
VERSION = "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/3"
SPEC = {"kind": "data-quality", "columns": {"outputs": ["p"], "features": ["income"]}}


def champion(**changes: Any) -> Champion:
    facts = {"endpoint": "ep", "identity": VERSION, "declared": DECLARED, "package": VERSION, "version": 3}
    made = {"model_name": "ep-v3-0", "config_name": "c", "deployment_id": "v3@", "since": NOW}
    return Champion.model_validate({**facts, **made, **changes})


@pytest.fixture
def properties(aws: None) -> Properties:  # noqa: ARG001 - pytest's way to ask for a fixture
    sagemaker = boto3.client("sagemaker")
    for name in ("declared", "ep-v3-0"):
        role = "arn:aws:iam::111122223333:role/r"
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})
    variants = [
        {
            "VariantName": "AllTraffic",
            "ModelName": "declared",
            "InitialInstanceCount": 2,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": 1.0,
        }
    ]
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 60,
        "DestinationS3Uri": "s3://b/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName="template", ProductionVariants=variants, DataCaptureConfig=capture, KmsKeyId="key"
    )
    keys = ("endpoint", "deployment_id")
    boto3.client("dynamodb").create_table(
        TableName="deployments",
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=True)],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return Properties(
        endpoint="ep", variant="AllTraffic", declared=DECLARED, config_name="template", deployment_table="deployments"
    )


def put(one: Champion) -> None:
    write_parameter(champion_parameter("ep"), one.model_dump_json())


def test_the_first_deployment_serves_what_the_template_says(properties: Properties) -> None:
    assert choose(properties) == "template"
    (expected,) = DeploymentTable("deployments", "ep").all()[1]
    assert (expected.source, expected.status, expected.identity) == (Source.DEPLOYMENT, Status.DEPLOYING, DECLARED)
    made = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName="template")
    assert expected.requested_at == made["CreationTime"].astimezone(UTC)


def test_a_later_deployment_keeps_the_promoted_model_and_takes_every_other_setting(properties: Properties) -> None:
    put(champion())
    name = choose(properties)
    made = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
    assert made["ProductionVariants"][0]["ModelName"] == "ep-v3-0"
    assert made["ProductionVariants"][0]["InitialInstanceCount"] == 2
    assert (made["DataCaptureConfig"]["InitialSamplingPercentage"], made["KmsKeyId"]) == (60, "key")
    assert choose(properties) == name
    (expected,) = DeploymentTable("deployments", "ep").all()[1]
    assert (expected.identity, expected.version) == (VERSION, 3)


def test_another_model_in_the_configuration_wins_over_the_champion(properties: Properties) -> None:
    put(champion())
    other = properties.model_copy(update={"declared": "s3://credit/other.tar.gz"})
    assert choose(other) == "template"


def test_a_champion_that_is_the_declared_model_changes_nothing(properties: Properties) -> None:
    put(champion(identity=DECLARED, package="", version=None, model_name="declared"))
    assert choose(properties) == "template"


@pytest.mark.usefixtures("aws")
def test_the_parameter_is_written_once_and_may_be_gone() -> None:
    write_parameter("/p", "a")
    write_parameter("/p", "a")
    assert boto3.client("ssm").get_parameter(Name="/p")["Parameter"]["Version"] == 1
    delete_parameter("/p")
    delete_parameter("/p")
    assert read_parameter("/p") is None


def baseline(**changes: str) -> BaselineProperties:
    given = {
        "Endpoint": "ep",
        "Monitor": "dq",
        "Bucket": BUCKET,
        "Model": DECLARED,
        "Spec": json.dumps(SPEC),
        "PeriodSeconds": "3600",
        "Dataset": "s3://credit/train.csv",
        "Champion": champion_parameter("ep"),
    }
    return BaselineProperties.parse(given | changes)


@pytest.mark.usefixtures("aws")
def test_a_deployment_binds_the_baseline_to_the_champion() -> None:
    assert of_champion(baseline()).model == DECLARED
    put(champion(dataset="s3://credit/newer.csv"))
    bound = of_champion(baseline())
    assert (bound.model, bound.dataset) == (VERSION, "s3://credit/newer.csv")
    assert of_champion(baseline(Model="s3://credit/other.tar.gz")).dataset == "s3://credit/train.csv"


@pytest.mark.usefixtures("s3")
def test_a_deployment_takes_the_baseline_that_the_champion_came_with() -> None:
    put(champion(dataset="s3://credit/newer.csv", baselines="s3://credit/e1/baseline"))
    bound = of_champion(baseline())
    assert (bound.packaged, bound.dataset) == ("s3://credit/e1/baseline/data-quality/", "s3://credit/newer.csv")


@pytest.mark.usefixtures("s3")
def test_a_promotion_makes_the_baseline_anew_with_what_is_different() -> None:
    keep(baseline())
    told = {"Endpoint": "ep", "Monitor": "dq", "Bucket": BUCKET, "Model": VERSION}
    same = rebound(told)
    assert (same.model, same.dataset, same.spec) == (VERSION, "s3://credit/train.csv", baseline().spec)
    imported = rebound({**told, "Statistics": "s3://m/statistics.json", "Constraints": "s3://m/constraints.json"})
    assert (imported.dataset, imported.statistics) == ("", "s3://m/statistics.json")


def test_what_a_baseline_is_made_of() -> None:
    files = {name: {"S3Uri": f"s3://m/{name}"} for name in ("Statistics", "Constraints")}
    package = Package(VERSION, "credit", 3, "Approved", NOW, {}, {"ModelDataQuality": files}, {})
    assert source_of("data-quality", "s3://d", package) == {
        "Statistics": "s3://m/Statistics",
        "Constraints": "s3://m/Constraints",
    }
    assert source_of("model-quality", "s3://d", package) == {"Dataset": "s3://d"}
    assert source_of("model-quality", "", None) == {}


def test_what_the_pipeline_made_for_a_version_comes_first() -> None:
    files = {name: {"S3Uri": f"s3://m/{name}"} for name in ("Statistics", "Constraints")}
    told = {"training-data-uri": "s3://d", "baseline-uri": "s3://e1/baseline"}
    package = Package(VERSION, "credit", 3, "Approved", NOW, told, {"ModelDataQuality": files}, {})
    assert source_of("data-quality", package.dataset, package) == {
        "Packaged": "s3://e1/baseline/data-quality/",
        "Dataset": "s3://d",
    }
    assert source_of("prediction-drift", package.dataset, package) == {"Dataset": "s3://e1/baseline/holdout.csv"}


def served(**changes: Any) -> ServedIdentity:
    container = ServedContainer(image="i:1", image_digest="sha256:a", artifact="s3://m", artifact_digest="etag:1")
    variant = ServedVariant(name="v", model="m", weight=1.0, containers=(container,))
    facts = {"capture": ServedCapture(enabled=True, percentage=100), "variants": (variant,)}
    return ServedIdentity.model_validate({"endpoint": "ep", "config_name": "c", **facts, **changes})


def test_a_difference_is_told_in_words() -> None:
    other = ServedContainer(image="i:1", image_digest="sha256:b", artifact="s3://m", artifact_digest="etag:1")
    variant = ServedVariant(name="v", model="m", weight=0.5, containers=(other,))
    assert differences(served(), served()) == []
    assert differences(served(), served(variants=(variant,))) == [
        "variant v, weight: 1.0 -> 0.5",
        "variant v, container 1, image digest: sha256:a -> sha256:b",
    ]
    assert differences(served(), served(variants=())) == ["variant v: gone"]
    assert differences(served(), served(capture=ServedCapture(enabled=False))) == [
        "data capture, enabled: True -> False",
        "data capture, percentage: 100 -> 0",
    ]


def test_the_card_says_which_version_serves_and_keeps_what_people_wrote() -> None:
    content = {
        "model_overview": {"model_owner": "me", "model_artifact": [DECLARED]},
        "additional_information": {"custom_details": {"Label": "late"}},
    }
    told = in_service(content, champion(), "s3://b/evaluation.json", MODEL)
    assert told["model_overview"] == {"model_owner": "me", "model_id": MODEL, "model_artifact": [VERSION, DECLARED]}
    (evaluation,) = told["evaluation_details"]
    assert evaluation["evaluation_observation"] == "version 3: see s3://b/evaluation.json"
    assert told["additional_information"]["custom_details"]["Label"] == "late"
    assert told["additional_information"]["custom_details"]["Version in service"].startswith("version 3, since 2013")
    assert in_service(told, champion(), "s3://b/evaluation.json", MODEL) == told
