"""The same configuration as a Model Monitor schedule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from aws_cdk import App, Tags, aws_iam
from aws_cdk.assertions import Template as Found
from constructs import Construct

from infra.bundling import ROOT
from infra.config import EndpointConfig, load_config
from infra.config.operations import Governance, ManagedRuntime, Runtime
from infra.constructs.permissions import Grant, service_role
from infra.managed.images import ANALYZER_ACCOUNTS
from infra.stacks.endpoint_stack import EndpointStack
from monitoring_core.spec import DataQualitySpec

from .conftest import Template, cdk_context
from .test_runtime_function import states


def config(**monitor: Any) -> EndpointConfig:
    """The managed example, with some fields of its monitor changed."""
    example = load_config(ROOT / "examples/managed-data-quality/monitoring.yaml")
    document = example.model_dump(by_alias=True, exclude_unset=True)
    document["monitors"] = [{**document["monitors"][0], **monitor}]
    return EndpointConfig.model_validate(document)


def synth(configuration: EndpointConfig) -> Template:
    stack = EndpointStack(App(context=cdk_context()), "Stack", config=configuration)
    template: Template = dict(Found.from_stack(stack).to_json())
    return template


def definition_name(template: Template) -> str:
    (p,) = [
        r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::SageMaker::DataQualityJobDefinition"
    ]
    return str(p["JobDefinitionName"])


def baseline_spec(template: Template) -> DataQualitySpec:
    (p,) = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "Custom::WatchkeeperBaseline"]
    return DataQualitySpec.model_validate_json(p["Spec"])


@pytest.fixture(scope="module")
def as_function() -> Template:
    return synth(config(runtime="function"))


def test_both_runtimes_get_the_same_spec(managed: Template, as_function: Template) -> None:
    run = states(as_function)["Specs"]["Parameters"]["runs"]["data-quality"]
    spec = DataQualitySpec.model_validate(run["spec"])
    assert spec.distribution.comparison_threshold == 0.2
    assert baseline_spec(managed) == baseline_spec(as_function) == spec


def test_the_schedule_runs_amazons_analyzer_on_the_endpoint(managed: Template, of_type: Any) -> None:
    ((_, schedule),) = of_type(managed, "AWS::SageMaker::MonitoringSchedule")
    ((_, definition),) = of_type(managed, "AWS::SageMaker::DataQualityJobDefinition")
    held = schedule["Properties"]["MonitoringScheduleConfig"]
    assert schedule["Properties"]["MonitoringScheduleName"] == "churn-managed-data-quality"
    assert held["MonitoringJobDefinitionName"] == definition["Properties"]["JobDefinitionName"]
    assert held["ScheduleConfig"] == {"ScheduleExpression": "cron(0 0 ? * * *)"}
    job_input = definition["Properties"]["DataQualityJobInput"]["EndpointInput"]
    assert job_input == {"EndpointName": "churn-managed", "LocalPath": "/opt/ml/processing/input/endpoint"}


def test_the_job_reads_the_baseline_that_the_deployment_made(managed: Template, of_type: Any) -> None:
    ((baseline, _),) = of_type(managed, "Custom::WatchkeeperBaseline")
    ((_, definition),) = of_type(managed, "AWS::SageMaker::DataQualityJobDefinition")
    config_ = definition["Properties"]["DataQualityBaselineConfig"]
    assert config_["ConstraintsResource"] == {"S3Uri": {"Fn::GetAtt": [baseline, "ConstraintsUri"]}}
    assert config_["StatisticsResource"] == {"S3Uri": {"Fn::GetAtt": [baseline, "StatisticsUri"]}}


def test_a_changed_definition_gets_another_name(managed: Template) -> None:
    other_limit = synth(config(distribution={"comparison_threshold": 0.3}))
    other_machine = synth(config().model_copy(update={"runtime": Runtime(managed=ManagedRuntime(volume_gib=30))}))
    names = {definition_name(template) for template in (managed, other_limit, other_machine)}
    assert len(names) == 3
    assert definition_name(managed) == definition_name(synth(config()))
    assert definition_name(managed).startswith("churn-managed-data-quality-")


def test_a_definition_whose_tags_change_gets_another_name(managed: Template) -> None:
    """Job definitions cannot be changed: with the same name CloudFormation could not replace it."""
    governed = Governance(owner="churn-team", tags={"cost-centre": "43"})
    retagged = synth(config().model_copy(update={"governance": governed}))
    assert definition_name(retagged) != definition_name(managed)


def test_a_definition_gets_another_name_with_a_tag_that_someone_else_adds(managed: Template) -> None:
    stack = EndpointStack(App(context=cdk_context()), "Stack", config=config())
    Tags.of(stack).add("team", "b")
    assert definition_name(dict(Found.from_stack(stack).to_json())) != definition_name(managed)


def test_a_definition_of_another_role_gets_another_name(managed: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_another_id(scope: Construct, construct_id: str, service: str, grants: Iterable[Grant]) -> aws_iam.Role:
        return service_role(scope, f"Other{construct_id}", service, grants)

    monkeypatch.setattr("infra.runtimes.managed.service_role", with_another_id)
    assert definition_name(synth(config())) != definition_name(managed)


def test_a_definition_of_a_corrected_image_gets_another_name(
    managed: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ANALYZER_ACCOUNTS, "eu-west-1", "000000000000")
    assert definition_name(synth(config())) != definition_name(managed)


def test_the_job_may_publish_its_metrics_however_the_namespace_is_spelled(managed: Template, of_type: Any) -> None:
    (policy,) = [p for name, p in of_type(managed, "AWS::IAM::Policy") if name.startswith("ManagedJobRole")]
    (statement,) = [
        s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Action"] == "cloudwatch:PutMetricData"
    ]
    namespaces = statement["Condition"]["StringEquals"]["cloudwatch:namespace"]
    assert {"aws/sagemaker/Endpoints/data-metrics", "aws/sagemaker/Endpoint/data-metrics"} <= set(namespaces)


def test_a_definitions_name_keeps_to_63_characters() -> None:
    assert len(definition_name(synth(config(name="m" * 49)))) == 63


def test_the_alarm_holds_each_feature_against_its_own_limit() -> None:
    own_limit = config(emit_features=["day_minutes", "plan"], features={"plan": {"max_distance": 0.05}})
    alarms = [r["Properties"] for r in synth(own_limit)["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    (violations,) = [p for p in alarms if p["AlarmName"] == "churn-managed-data-quality-violations"]
    expression, *metrics = violations["Metrics"]
    assert expression["Expression"] == "MAX([d0 - 0.2, d1 - 0.05])"
    names = [metric["MetricStat"]["Metric"]["MetricName"] for metric in metrics]
    assert names == ["feature_baseline_drift_day_minutes", "feature_baseline_drift_plan"]
    assert (violations["Threshold"], violations["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_a_failed_job_reaches_people(managed: Template, of_type: Any) -> None:
    (rule,) = [r["Properties"] for _, r in of_type(managed, "AWS::Events::Rule")]
    detail = rule["EventPattern"]["detail"]
    assert detail["ProcessingJobStatus"] == ["Failed", "Stopped"]
    assert "reports/churn-managed/" in json.dumps(detail["ProcessingOutputConfig"])
    assert "Topic" in json.dumps(rule["Targets"][0]["Arn"])


def test_the_image_is_the_one_of_the_region(managed: Template, of_type: Any) -> None:
    ((_, definition),) = of_type(managed, "AWS::SageMaker::DataQualityJobDefinition")
    image = json.dumps(definition["Properties"]["DataQualityAppSpecification"]["ImageUri"])
    assert "AWS::URLSuffix" in image
    assert image.endswith('/sagemaker-model-monitor-analyzer"]]}')
    ((accounts),) = managed["Mappings"].values()
    assert {region: entry["account"] for region, entry in accounts.items()} == ANALYZER_ACCOUNTS


def test_accounts_of_the_analyzer_are_well_formed_and_cover_all_partitions() -> None:
    assert all(len(account) == 12 and account.isdigit() for account in ANALYZER_ACCOUNTS.values())
    assert {"us-east-1", "cn-north-1", "us-gov-west-1"} <= ANALYZER_ACCOUNTS.keys()


def test_nothing_of_our_own_runtime_is_deployed(managed: Template, of_type: Any) -> None:
    assert of_type(managed, "AWS::StepFunctions::StateMachine") == []
    assert [p["Properties"]["Handler"] for _, p in of_type(managed, "AWS::Lambda::Function")] == [
        "functions.baseline.handler.handler"
    ]
