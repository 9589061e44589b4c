"""What a stack with promotion declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from infra.app import build
from infra.config import parse_config
from monitoring_core.errors import ConfigError

from .conftest import Template, cdk_context
from .test_field_effect import ATTACHED, PROMOTED, PROMOTED_EXISTING, changed
from .test_loop import function, rules
from .test_runtime_managed import synth
from .test_runtime_own import joined

FILE = Path(__file__).with_name("promotion.yaml")
Properties = dict[str, Any]


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template, with every rule of cdk-nag satisfied: a finding fails the synthesis."""
    app = App(context=cdk_context(), outdir=str(tmp_path_factory.mktemp("cdk.out")))
    build(app, [FILE])
    assembly: CloudAssembly = app.synth()
    return dict(assembly.stacks[0].template)


def only(template: Template, kind: str) -> Properties:
    (found,) = [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]
    return dict(found)


def test_the_endpoint_serves_what_the_champion_says(promoted: Template) -> None:
    (choice,) = [name for name, r in promoted["Resources"].items() if r["Type"] == "Custom::WatchkeeperChampion"]
    (config,) = [name for name, r in promoted["Resources"].items() if r["Type"] == "AWS::SageMaker::EndpointConfig"]
    endpoint = only(promoted, "AWS::SageMaker::Endpoint")
    assert endpoint["EndpointConfigName"] == {"Fn::GetAtt": [choice, "EndpointConfigName"]}
    asked = only(promoted, "Custom::WatchkeeperChampion")
    assert asked["ConfigName"] == {"Fn::GetAtt": [config, "EndpointConfigName"]}
    assert asked["Declared"] == "s3://credit-models/3/model.tar.gz"


def test_baselines_know_where_the_champion_is(promoted: Template) -> None:
    made = [r["Properties"] for r in promoted["Resources"].values() if r["Type"] == "Custom::WatchkeeperBaseline"]
    assert {p["Champion"] for p in made} == {"/watchkeeper/Promoted-prod/champion"}


def test_approvals_endings_and_alarms_start_it(promoted: Template) -> None:
    assert rules(promoted, "Promotes a version")["EventPattern"]["detail"] == {
        "ModelPackageGroupName": ["promoted-prod"],
        "ModelApprovalStatus": ["Approved"],
    }
    assert rules(promoted, "Notes how a deployment")["EventPattern"]["detail"]["EndpointName"] == ["Promoted-prod"]
    assert len(rules(promoted, "Takes a deployment")["EventPattern"]["resources"]) == 3


def test_the_guards_are_errors_latency_and_model_quality(promoted: Template) -> None:
    environment = function(promoted, "promote")["Environment"]["Variables"]
    assert json.loads(joined(environment["GUARDS"])) == [
        "Promoted-prod-errors",
        "Promoted-prod-latency",
        "Promoted-prod-model-quality-violations",
    ]
    assert json.loads(environment["SHIFTING"])["strategy"] == "canary"


def test_people_are_told_when_something_else_serves(promoted: Template) -> None:
    alarms = [r["Properties"] for r in promoted["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    (identity,) = [p for p in alarms if p["AlarmName"] == "Promoted-prod-identity"]
    assert (identity["MetricName"], identity["Threshold"], len(identity["AlarmActions"])) == ("UnapprovedChanges", 0, 1)


def granted(template: Template, policy: str, action: str) -> list[Properties]:
    """The statements of a policy that allow an action."""
    return [
        statement
        for name, r in template["Resources"].items()
        if r["Type"] == "AWS::IAM::Policy" and name.startswith(policy)
        for statement in r["Properties"]["PolicyDocument"]["Statement"]
        if action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]


def test_it_may_pass_the_role_of_the_models_to_sagemaker_alone(promoted: Template) -> None:
    (statement,) = granted(promoted, "PromotionPromote", "iam:PassRole")
    assert "EndpointRole" in json.dumps(statement["Resource"])
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_it_may_update_its_own_endpoint_alone(promoted: Template) -> None:
    (statement,) = granted(promoted, "PromotionPromote", "sagemaker:UpdateEndpoint")
    named = [json.dumps(resource).rpartition(":")[2] for resource in statement["Resource"]]
    assert {text.partition('"')[0] for text in named} == {
        "endpoint/Promoted-prod",
        "endpoint/promoted-prod",
        "endpoint-config/*",
    }


def test_it_may_name_lineage_actions_after_its_own_endpoint_alone(promoted: Template) -> None:
    (statement,) = granted(promoted, "PromotionPromote", "sagemaker:CreateAction")
    named = [json.dumps(resource).rpartition(":")[2].partition('"')[0] for resource in statement["Resource"]]
    assert set(named) == {"action/Promoted-prod-*", "action/promoted-prod-*"}
    (edges,) = granted(promoted, "PromotionPromote", "sagemaker:AddAssociation")
    kinds = {json.dumps(resource).rpartition(":")[2].partition("/")[0] for resource in edges["Resource"]}
    assert kinds == {"action", "artifact", "context"}


def test_the_models_of_the_endpoint_may_read_every_version(promoted: Template) -> None:
    assert "credit-models/*" in json.dumps(granted(promoted, "EndpointRole", "s3:GetObject"))


def test_without_the_section_nothing_of_it_is_there(jobs: Template) -> None:
    assert "Custom::WatchkeeperChampion" not in {r["Type"] for r in jobs["Resources"].values()}


def test_an_existing_endpoint_is_promoted_without_a_champion_resource() -> None:
    template = synth(parse_config(PROMOTED_EXISTING, "existing"))
    kinds = {r["Type"] for r in template["Resources"].values()}
    assert "Custom::WatchkeeperChampion" not in kinds
    assert function(template, "promote")["Environment"]["Variables"]["DECLARED"] == "ep"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({**ATTACHED, "promotion": {"model_package_group": "m"}}, "role of the existing endpoint's models"),
        ({**ATTACHED, "promotion": {"execution_role": "arn:aws:iam::111122223333:role/m"}}, "name the group"),
        (changed(PROMOTED, ("promotion", "variant"), "green"), "no such variant: green"),
        (changed(PROMOTED, ("promotion", "rollback_monitors"), ["sales"]), "no such monitor: sales"),
        (changed(PROMOTED, ("promotion", "bake"), "2h"), "must not be above 1h"),
        (changed(PROMOTED, ("promotion", "execution_role"), "arn:aws:iam::111122223333:role/m"), "existing endpoints"),
    ],
)
def test_what_the_section_must_say(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(document, "file")
