"""The same configuration as a Model Monitor schedule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from aws_cdk import App, Tags, aws_iam
from aws_cdk.assertions import Template as Found
from constructs import Construct

from functions.common.contract import RunSpec
from infra.bundling import ROOT
from infra.config import EndpointConfig, load_config
from infra.config.managed_runtime import ManagedRuntime
from infra.config.operations import Governance
from infra.config.runtime import Runtime
from infra.constructs.permissions import Grant, service_role
from infra.managed.registries import MODEL_MONITOR_ACCOUNTS
from infra.stacks.endpoint_stack import EndpointStack
from monitoring_core.spec import DataQualitySpec

from .conftest import Template, cdk_context
from .test_runtime_own import definition


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
    run = definition(as_function)["States"]["Specs"]["Parameters"]["runs"]["data-quality"]
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

    monkeypatch.setattr("infra.managed.role.service_role", with_another_id)
    assert definition_name(synth(config())) != definition_name(managed)


def test_a_definition_of_a_corrected_image_gets_another_name(
    managed: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODEL_MONITOR_ACCOUNTS, "eu-west-1", "000000000000")
    assert definition_name(synth(config())) != definition_name(managed)


def publishing(template: Template, of_type: Any) -> list[Any]:
    (policy,) = [p for name, p in of_type(template, "AWS::IAM::Policy") if name.startswith("ManagedJobRole")]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    return [statement for statement in statements if statement["Action"] == "cloudwatch:PutMetricData"]


def test_the_job_may_publish_its_metrics_however_the_namespace_is_spelled(managed: Template, of_type: Any) -> None:
    document = config(emit_features=[]).model_dump(by_alias=True, exclude_unset=True)
    document["runtime"] = {"managed": {"publish_metrics": True}}
    (statement,) = publishing(synth(EndpointConfig.model_validate(document)), of_type)
    assert publishing(managed, of_type) == []  # the function publishes what is named
    namespaces = statement["Condition"]["StringEquals"]["cloudwatch:namespace"]
    assert {"aws/sagemaker/Endpoints/data-metrics", "aws/sagemaker/Endpoint/data-metrics"} <= set(namespaces)


def test_a_definitions_name_keeps_to_63_characters() -> None:
    assert len(definition_name(synth(config(name="m" * 49)))) == 63


def test_the_image_is_the_one_of_the_region(managed: Template, of_type: Any) -> None:
    ((_, definition),) = of_type(managed, "AWS::SageMaker::DataQualityJobDefinition")
    image = json.dumps(definition["Properties"]["DataQualityAppSpecification"]["ImageUri"])
    assert "AWS::URLSuffix" in image
    assert image.endswith('/sagemaker-model-monitor-analyzer"]]}')
    ((accounts),) = managed["Mappings"].values()
    assert {region: entry["account"] for region, entry in accounts.items()} == MODEL_MONITOR_ACCOUNTS


def test_a_finished_job_becomes_a_run(managed: Template, of_type: Any) -> None:
    """Its end, or else an hourly look, starts what reads Amazon's files and publishes them."""
    ((results, _),) = of_type(managed, "AWS::StepFunctions::StateMachine")
    (rule,) = [r["Properties"] for name, r in of_type(managed, "AWS::Events::Rule") if "JobEnded" in name]
    detail = rule["EventPattern"]["detail"]
    assert detail["ProcessingJobStatus"] == ["Completed", "Failed", "Stopped"]
    assert "reports/churn-managed/" in json.dumps(detail["ProcessingOutputConfig"])
    ((_, poll),) = of_type(managed, "AWS::Scheduler::Schedule")
    assert poll["Properties"]["ScheduleExpression"] == "rate(1 hour)"
    assert poll["Properties"]["Target"]["Input"] == '{"poll": true}'
    for target in (rule["Targets"][0], poll["Properties"]["Target"]):
        assert target["Arn"] == {"Ref": results}
        assert "DeadLetterConfig" in target


def test_the_results_are_published_as_those_of_every_other_runtime(managed: Template) -> None:
    found = definition(managed, "ManagedResults")["States"]
    run = RunSpec.model_validate(found["Specs"]["Parameters"]["runs"]["data-quality"])
    assert (run.schedule, run.period_seconds) == ("churn-managed-data-quality", 86_400)
    assert found["Specs"]["Parameters"]["event.$"] == "$"
    assert found["Specs"]["Parameters"]["started_at.$"] == "$$.Execution.StartTime"
    assert [found["Specs"]["Next"], found["Read"]["Next"], found["Runs"]["ItemsPath"]] == ["Read", "Runs", "$.passes"]
    assert list(found["Runs"]["ItemProcessor"]["States"]) == ["Publish"]


def test_its_alarms_are_those_of_every_other_runtime(managed: Template, of_type: Any) -> None:
    alarms = {p["Properties"]["AlarmName"]: p["Properties"] for _, p in of_type(managed, "AWS::CloudWatch::Alarm")}
    assert set(alarms) == {
        *(f"churn-managed-data-quality-{name}" for name in ("violations", "heartbeat", "failed")),
        "churn-managed-dead-letters",
    }
    assert alarms["churn-managed-data-quality-violations"]["MetricName"] == "Violations"


def test_the_schedule_is_ended_before_it_is_deleted(managed: Template, of_type: Any) -> None:
    ((schedule, _),) = of_type(managed, "AWS::SageMaker::MonitoringSchedule")
    ((_, guard),) = of_type(managed, "Custom::WatchkeeperScheduleGuard")
    assert schedule in guard["DependsOn"]
    assert guard["Properties"]["Schedule"] == "churn-managed-data-quality"


def test_a_closed_account_is_told_before_anything_is_made(managed: Template, of_type: Any) -> None:
    ((access, _),) = of_type(managed, "Custom::WatchkeeperModelMonitorAccess")
    ((_, definition),) = of_type(managed, "AWS::SageMaker::DataQualityJobDefinition")
    assert access in definition["DependsOn"]


def test_alarms_of_managed_monitors_retrain() -> None:
    pipeline = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/mine"
    document = config().model_dump(by_alias=True, exclude_unset=True) | {"retraining": {"pipeline": pipeline}}
    template = synth(EndpointConfig.model_validate(document))
    rules = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::Events::Rule"]
    (rule,) = [p for p in rules if p["Description"].startswith("Retrains the model")]
    assert "Alarmsdataquality" in json.dumps(rule["EventPattern"]["resources"])
