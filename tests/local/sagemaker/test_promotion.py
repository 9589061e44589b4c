"""Approved versions come into service on a deployed stack, with real traffic, and go back when they are bad."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.account import LocalAccount
from tests.local.deploy.toolkit import CDK, ROOT, deploy_file
from tests.local.permissions.book import check
from tests.local.sagemaker.conftest import Bench

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.xdist_group("promotion")]

ENDPOINT = "promoted-prod"
START = datetime(2013, 3, 1, 8, 30, tzinfo=UTC)
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/credit:1"
CONFIG = f"""
endpoint:
  name: {ENDPOINT}
  create:
    variants:
      - model:
          image: {IMAGE}
          artifact: s3://credit/models/0.0/model.tar.gz
          environment: {{SAGEMAKER_PROGRAM: inference.py, SAGEMAKER_SUBMIT_DIRECTORY: /opt/ml/model/code}}
capture: {{sampling_percentage: SAMPLING}}
schema: {{problem: regression, outputs: [p], prediction: p, features: [income, age], label: late}}
baseline: {{dataset: s3://credit/train.csv}}
monitors: [{{kind: data-quality}}, {{kind: model-quality}}]
promotion:
  canary_percent: 50
  wait: 5m
  bake: 5m
  model_package_group: credit
  artifacts: [s3://credit/models/]
  images: ["{IMAGE}"]
runtime: {{on_delete: destroy}}
"""
INFERENCE = """
import os

def model_fn(model_dir):
    return float(open(os.path.join(model_dir, "weight.txt")).read())

def input_fn(body, content_type):
    return [[float(cell) for cell in line.split(",")] for line in body.splitlines()]

def predict_fn(data, model):
    if model == 13:
        raise RuntimeError("this version never answers")
    return [model for _ in data]

def output_fn(prediction, accept):
    return "".join(f"{value}\\n" for value in prediction)
"""


@dataclass
class Shop:
    """The deployed stack, and what people and clients do with it."""

    account: LocalAccount
    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def upload_model(self, weight: float) -> str:
        body = Bench.archive({"weight.txt": str(weight), "code/inference.py": INFERENCE})
        key = f"models/{weight}/model.tar.gz"
        self.client("s3").put_object(Bucket="credit", Key=key, Body=body)
        return f"s3://credit/{key}"

    def deploy(self, sampling: int) -> None:
        """``cdk deploy`` with another share of captured requests."""
        file = self.folder / "monitoring.yaml"
        file.write_text(CONFIG.replace("SAMPLING", str(sampling)))
        self.outputs = deploy_file(self.account, file, ENDPOINT)
        self.account.settle()

    def register(self, weight: float, **more: str) -> str:
        """Register a version that waits for its approval."""
        answer = self.client("sagemaker").create_model_package(
            ModelPackageGroupName="credit",
            InferenceSpecification={
                "Containers": [
                    {"Image": IMAGE, "ModelDataUrl": self.upload_model(weight), "Environment": Bench.SCRIPT_MODE}
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={"trained-by": "the tests", **more},
        )
        return str(answer["ModelPackageArn"])

    def approve(self, package: str) -> None:
        self.client("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
        self.account.settle()

    def ask(self, requests: int = 20) -> set[float]:
        """Send traffic; return the distinct answers, nan for errors."""
        found = set()
        for _ in range(requests):
            try:
                answer = self.client("sagemaker-runtime").invoke_endpoint(
                    EndpointName=ENDPOINT, ContentType="text/csv", Body=b"100,30"
                )
                found.add(float(answer["Body"].read()))
            except ClientError:
                found.add(-1.0)
        return found

    def pass_time(self, minutes: int, *, traffic: bool = True) -> None:
        for _ in range(minutes):
            if traffic:
                self.ask(8)
            self.account.advance_to(self.account.now + timedelta(minutes=1))

    @property
    def live(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
        return told

    @property
    def champion(self) -> dict[str, Any]:
        name = f"/watchkeeper/{ENDPOINT}/champion"
        told: dict[str, Any] = json.loads(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        return told

    def pointer(self, monitor: str) -> dict[str, Any]:
        key = f"baselines/{ENDPOINT}/{monitor}/current.json"
        body = self.client("s3").get_object(Bucket=self.outputs["BucketName"], Key=key)["Body"].read()
        told: dict[str, Any] = json.loads(body)
        return told

    def order(self, **order: Any) -> dict[str, Any]:
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs["PromoteFunction"],
            Payload=json.dumps({"scheduled_time": self.account.now.isoformat(), **order}).encode(),
        )
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        self.account.settle()
        return told

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run ``watchkeeper`` with the configuration file, and return its JSON."""
        name, *others = arguments
        command = [sys.executable, "-m", "watchkeeper", name, "--config", str(self.folder / "monitoring.yaml"), *others]
        done = subprocess.run(  # noqa: S603 - our own program
            command, cwd=ROOT, env=self.account.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.account.settle()
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def subjects(self) -> list[str]:
        return [str(message["subject"]) for message in self.account.messages()]


def training_data() -> str:
    chance, text = random.Random(1), io.StringIO()  # noqa: S311 - a simulation
    writer = csv.writer(text)
    writer.writerow(["income", "age", "p", "late"])
    for _ in range(300):
        writer.writerow([round(chance.gauss(100, 20), 2), chance.randint(18, 90), round(chance.random(), 3), 0.5])
    return text.getvalue()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if not CDK.exists() or shutil.which("node") is None:
        pytest.skip("the CDK CLI is not installed: run npm ci")
    with LocalAccount(start=START) as account:
        shop = Shop(account, tmp_path_factory.mktemp("promotion"))
        s3 = account.client("s3")
        s3.create_bucket(Bucket="credit")
        s3.put_object(Bucket="credit", Key="train.csv", Body=training_data().encode())
        shop.upload_model(0.0)
        account.client("sagemaker").create_model_package_group(ModelPackageGroupName="credit")
        shop.deploy(sampling=100)
        subscribe(account, shop.outputs["TopicArn"])
        yield shop
        assert account.failures() == []


def subscribe(account: LocalAccount, topic: str) -> None:
    account.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="people@example.com")


@pytest.fixture(scope="module")
def packages(shop: Shop) -> Mapping[str, str]:
    """Versions 1 to 4 of the registry, none of them approved."""
    weights = {"good": 1.0, "broken": 13.0, "worse": 3.0, "better": 4.0}
    return {name: shop.register(weight) for name, weight in weights.items()}


def test_the_deployed_model_is_the_first_champion(shop: Shop) -> None:
    assert shop.ask() == {0.0}
    assert shop.champion["identity"] == "s3://credit/models/0.0/model.tar.gz"
    assert shop.champion["version"] is None


def test_an_approved_version_comes_into_service_by_a_canary(shop: Shop, packages: Mapping[str, str]) -> None:
    shop.approve(packages["good"])
    assert shop.live["EndpointStatus"] == "Updating"
    assert shop.ask(40) == {0.0, 1.0}
    shop.pass_time(6)
    assert shop.ask() == {1.0}
    assert shop.pointer("data-quality")["model"] == "s3://credit/models/0.0/model.tar.gz"
    shop.pass_time(6)
    assert shop.live["EndpointStatus"] == "InService"
    assert shop.champion["identity"] == packages["good"]
    assert {shop.pointer(name)["model"] for name in ("data-quality", "model-quality")} == {packages["good"]}
    assert f"{ENDPOINT}: version 1 is in service" in shop.subjects()
    config = shop.client("sagemaker").describe_endpoint_config(EndpointConfigName=shop.live["EndpointConfigName"])
    assert config["DataCaptureConfig"]["InitialSamplingPercentage"] == 100


def test_a_version_that_fails_goes_back_by_itself(shop: Shop, packages: Mapping[str, str]) -> None:
    shop.approve(packages["broken"])
    assert shop.ask(40) == {1.0, -1.0}
    shop.pass_time(4)
    assert (shop.ask(), shop.live["EndpointStatus"]) == ({1.0}, "InService")
    assert shop.champion["identity"] == packages["good"]
    assert shop.pointer("data-quality")["model"] == packages["good"]
    assert f"{ENDPOINT}: version 2 was not taken into service" in shop.subjects()
    shop.pass_time(10, traffic=False)


def test_a_version_of_worse_quality_on_labels_goes_back_by_itself(shop: Shop, packages: Mapping[str, str]) -> None:
    shop.approve(packages["worse"])
    shop.pass_time(2)
    shop.client("cloudwatch").put_metric_data(
        Namespace="Watchkeeper",
        MetricData=[
            {
                "MetricName": "Violations",
                "Dimensions": [
                    {"Name": "Endpoint", "Value": ENDPOINT},
                    {"Name": "MonitoringSchedule", "Value": f"{ENDPOINT}-model-quality"},
                ],
                "Timestamp": shop.account.now,
                "Value": 1.0,
            }
        ],
    )
    shop.account.settle()
    shop.pass_time(3)
    assert (shop.ask(), shop.champion["identity"]) == ({1.0}, packages["good"])
    assert f"{ENDPOINT}: version 3 was not taken into service" in shop.subjects()


def test_a_deployment_of_the_stack_keeps_the_champion(shop: Shop, packages: Mapping[str, str]) -> None:
    shop.deploy(sampling=60)
    config = shop.client("sagemaker").describe_endpoint_config(EndpointConfigName=shop.live["EndpointConfigName"])
    assert config["DataCaptureConfig"]["InitialSamplingPercentage"] == 60
    assert shop.ask() == {1.0}
    assert (shop.champion["identity"], shop.champion["config_name"]) == (
        packages["good"],
        shop.live["EndpointConfigName"],
    )
    assert shop.pointer("data-quality")["model"] == packages["good"]


def test_people_go_back_to_any_version_and_approving_an_older_one_is_refused(
    shop: Shop, packages: Mapping[str, str]
) -> None:
    shop.pass_time(120, traffic=False)
    shop.approve(packages["better"])
    shop.pass_time(12)
    assert (shop.ask(), shop.champion["version"]) == ({4.0}, 4)
    shop.client("sagemaker").update_model_package(
        ModelPackageArn=packages["good"], ModelApprovalStatus="PendingManualApproval"
    )
    shop.approve(packages["good"])
    assert f"{ENDPOINT}: version 1 is refused" in shop.subjects()
    assert shop.live["EndpointStatus"] == "InService"
    assert shop.command("rollback", "--to", "1", "--json")["status"] == "deploying"
    shop.pass_time(12)
    assert (shop.ask(), shop.champion["version"]) == ({1.0}, 1)
    assert shop.pointer("data-quality")["model"] == packages["good"]


def test_a_change_by_hand_raises_the_alarm_and_is_told(shop: Shop) -> None:
    sagemaker = shop.client("sagemaker")
    shop.order(trigger="check")
    assert f"{ENDPOINT}: an unapproved change of what it serves" not in shop.subjects()
    approved = sagemaker.describe_endpoint_config(EndpointConfigName=shop.live["EndpointConfigName"])
    sagemaker.create_endpoint_config(EndpointConfigName="mine", ProductionVariants=approved["ProductionVariants"])
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="mine")
    shop.order(trigger="check")
    shop.order(trigger="check")
    (message,) = [one for one in shop.account.messages() if "unapproved change" in str(one["subject"])]
    assert "data capture, enabled: True -> False" in message["message"]
    assert f"endpoint configuration: {shop.champion['config_name']} -> mine" in message["message"]
    shop.pass_time(61, traffic=False)
    (alarm,) = shop.client("cloudwatch").describe_alarms(AlarmNames=[f"{ENDPOINT}-identity"])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_lineage_leads_from_every_promoted_version_to_the_endpoint(shop: Shop, packages: Mapping[str, str]) -> None:
    sagemaker = shop.client("sagemaker")
    (context,) = sagemaker.list_contexts(SourceUri=shop.live["EndpointArn"])["ContextSummaries"]
    produced = sagemaker.list_associations(DestinationArn=context["ContextArn"], AssociationType="Produced")
    actions = [sagemaker.describe_action(ActionName=one["SourceArn"]) for one in produced["AssociationSummaries"]]
    actions.sort(key=lambda one: one["CreationTime"])
    assert [one["Properties"]["version"] for one in actions] == ["1", "4", "1"]
    assert [one["Properties"]["asked-by"] for one in actions] == ["approval", "approval", "rollback"]
    assert actions[-1]["Properties"]["model"] == shop.champion["model_name"]
    for action, name in zip(actions, ("good", "better", "good"), strict=True):
        (package,) = sagemaker.list_artifacts(SourceUri=packages[name])["ArtifactSummaries"]
        (edge,) = sagemaker.list_associations(DestinationArn=action["ActionArn"])["AssociationSummaries"]
        assert (edge["SourceArn"], edge["AssociationType"]) == (package["ArtifactArn"], "ContributedTo")


def test_no_role_has_done_what_its_policies_do_not_allow(shop: Shop) -> None:
    check("promotion", shop.account.permissions())


def test_the_model_card_shows_which_model_serves_and_what_runs_have_found(shop: Shop) -> None:
    sagemaker = shop.client("sagemaker")
    content = json.loads(sagemaker.describe_model_card(ModelCardName=ENDPOINT)["Content"])
    champion = sagemaker.describe_model(ModelName=shop.champion["model_name"])
    assert content["model_overview"]["model_id"] == champion["ModelArn"]
    assert content["additional_information"]["custom_details"]["Version in service"].startswith("version 1, since")
    (shown,) = [one for one in content["evaluation_details"] if one["name"] == "Monitor data-quality"]
    assert shown["metadata"]["run_id"].startswith(f"{ENDPOINT}/data-quality/")
    assert {"rows", "violations"} <= {one["name"] for one in shown["metric_groups"][0]["metric_data"]}
