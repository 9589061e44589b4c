"""Alarms, and what they set in motion."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.bundling import ROOT
from infra.config import parse_config
from monitoring_core import metric_names

from .conftest import Template
from .test_field_effect import CREATED, changed
from .test_runtime_managed import synth
from .test_runtime_own import joined


@pytest.fixture(scope="module")
def alarms(flights: Template) -> dict[str, dict[str, Any]]:
    found = [r["Properties"] for r in flights["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    return {p["AlarmName"].removeprefix("flights-prod-"): p for p in found}


def function(template: Template, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Lambda::Function" and r["Properties"]["Handler"] == f"functions.{name}.handler.handler"
    ]
    (only,) = found
    return only


def rules(template: Template, purpose: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Events::Rule" and r["Properties"]["Description"].startswith(purpose)
    ]
    (only,) = found
    return only


def permissions(template: Template, role: str) -> list[tuple[str, Any]]:
    """Actions of a role's policy, each with its resource."""
    policies = [r["Properties"]["PolicyDocument"] for name, r in template["Resources"].items() if name.startswith(role)]
    return [
        (action, statement["Resource"])
        for policy in policies
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]


@pytest.mark.parametrize(
    ("name", "metric", "operator", "threshold", "missing"),
    [
        ("violations", metric_names.VIOLATIONS, "GreaterThanThreshold", 0, "missing"),
        ("failed", metric_names.RUNS_FAILED, "GreaterThanThreshold", 0, "notBreaching"),
    ],
)
def test_an_alarm_watches_its_metric_of_the_catalogue(
    alarms: dict[str, dict[str, Any]],
    name: str,
    metric: metric_names.Metric,
    operator: str,
    threshold: int,
    missing: str,
) -> None:
    p = alarms[f"data-quality-{name}"]
    assert (p["Namespace"], p["MetricName"]) == (metric_names.NAMESPACE, metric.name)
    assert {d["Name"]: d["Value"] for d in p["Dimensions"]} == {
        "Endpoint": "flights-prod",
        "MonitoringSchedule": "flights-prod-data-quality",
    }
    assert (p["ComparisonOperator"], p["Threshold"], p["TreatMissingData"]) == (operator, threshold, missing)
    assert p["Period"] == 86_400


def test_violations_alarm_after_m_of_n_runs(alarms: dict[str, dict[str, Any]]) -> None:
    p = alarms["data-quality-violations"]
    assert (p["DatapointsToAlarm"], p["EvaluationPeriods"]) == (3, 4)
    assert "3 of the last 4 runs" in p["AlarmDescription"]


def test_the_heartbeat_needs_every_window_to_be_silent(alarms: dict[str, dict[str, Any]]) -> None:
    p = alarms["data-quality-heartbeat"]
    expression, runs = p["Metrics"]
    assert expression["Expression"] == "FILL(runs, 0)"
    assert runs["MetricStat"]["Metric"]["MetricName"] == metric_names.RUNS_COMPLETED.name
    assert (p["ComparisonOperator"], p["Threshold"], p["TreatMissingData"]) == ("LessThanThreshold", 1, "breaching")
    assert p["DatapointsToAlarm"] == p["EvaluationPeriods"] == 3


def test_every_alarm_leads_to_a_section_of_the_runbook(templates: dict[str, Template]) -> None:
    sections = set(re.findall(r"^## (\S+)", (ROOT / "docs/runbook.md").read_text(), flags=re.MULTILINE))
    resources = [resource for template in templates.values() for resource in template["Resources"].values()]
    texts = [r["Properties"]["AlarmDescription"] for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert {text.rpartition("#")[2] for text in texts} <= sections


def test_dead_letters_tell_the_topic_without_a_function(alarms: dict[str, dict[str, Any]]) -> None:
    p = alarms["dead-letters"]
    assert (p["Namespace"], p["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert "Topic" in json.dumps(p["AlarmActions"])


def test_people_hear_of_every_change_and_retraining_of_violations_only(flights: Template) -> None:
    told, retrained = rules(flights, "Tells people when"), rules(flights, "Retrains the model")
    for rule in (told, retrained):
        assert rule["EventPattern"]["source"] == ["aws.cloudwatch"]
        assert rule["EventPattern"]["detail-type"] == ["CloudWatch Alarm State Change"]
        assert rule["EventPattern"]["detail"] == {"state": {"value": ["ALARM", "OK", "INSUFFICIENT_DATA"]}}
    named = [joined(arn) for arn in told["EventPattern"]["resources"]]
    assert len(named) == 4 * 4  # violations, heartbeat, failed and quarantined of each monitor
    assert [joined(arn) for arn in retrained["EventPattern"]["resources"]] == [n for n in named if "Violations" in n]


def test_retrain_gets_its_settings(flights: Template) -> None:
    environment = function(flights, "retrain")["Environment"]["Variables"]
    assert environment["PIPELINE_NAME"] == "flights-prod-retraining"
    assert environment["COOLDOWN_SECONDS"] == str(7 * 86_400)
    assert environment["DRY_RUN"] == "false"
    assert {"BUCKET", "ENDPOINT", "INCIDENT_TABLE", "TOPIC_ARN"} <= environment.keys()


def test_no_function_needs_reserved_concurrency_which_a_new_account_has_not(
    templates: dict[str, Template], of_type: Any
) -> None:
    functions = [f for template in templates.values() for _, f in of_type(template, "AWS::Lambda::Function")]
    assert functions
    assert [f for f in functions if "ReservedConcurrentExecutions" in f["Properties"]] == []


def test_people_hear_how_a_retraining_of_this_pipeline_has_ended(flights: Template) -> None:
    rule = rules(flights, "Tells people how a retraining")
    assert rule["EventPattern"]["source"] == ["aws.sagemaker"]
    assert rule["EventPattern"]["detail-type"] == ["SageMaker Model Building Pipeline Execution Status Change"]
    detail = rule["EventPattern"]["detail"]
    assert joined(detail["pipelineArn"][0]).endswith(":pipeline/flights-prod-retraining")
    assert detail["currentPipelineExecutionStatus"] == ["Succeeded", "Failed", "Stopped"]
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 21_600, "MaximumRetryAttempts": 10}
    assert "DeadLetters" in json.dumps(target["DeadLetterConfig"])
    assert "Notify" in json.dumps(target["Arn"])


def test_notify_may_read_the_executions_and_results_of_retraining_only(flights: Template, existing: Template) -> None:
    allowed = joined(dict(permissions(flights, "LoopNotifyRoleDefault"))["sagemaker:ListPipelineExecutionSteps"])
    assert allowed.endswith(":pipeline/flights-prod-retraining/execution/*")
    assert not [action for action, _ in permissions(existing, "LoopNotifyRoleDefault") if "sagemaker" in action]


def test_a_group_with_registered_models_does_not_block_the_deletion_of_the_stack(
    flights: Template, of_type: Any
) -> None:
    ((_, group),) = of_type(flights, "AWS::SageMaker::ModelPackageGroup")
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"


def test_notify_says_what_follows(flights: Template, existing: Template) -> None:
    assert function(flights, "notify")["Environment"]["Variables"]["RETRAINING"] == "automatic"
    assert function(existing, "notify")["Environment"]["Variables"]["RETRAINING"] == "off"


def test_tables_have_the_keys_that_the_functions_use(flights: Template, of_type: Any) -> None:
    keys = {
        tuple(key["AttributeName"] for key in r["Properties"]["KeySchema"])
        for _, r in of_type(flights, "AWS::DynamoDB::Table")
    }
    assert keys == {("endpoint", "deployment_id"), ("endpoint", "incident_id"), ("id",)}


def test_retrain_may_start_its_own_pipeline_only(flights: Template) -> None:
    policies = [
        r["Properties"] for name, r in flights["Resources"].items() if name.startswith("LoopRetrainRoleDefault")
    ]
    (statement,) = [
        s for s in policies[0]["PolicyDocument"]["Statement"] if "sagemaker:StartPipelineExecution" in s["Action"]
    ]
    assert joined(statement["Resource"]).endswith(":pipeline/flights-prod-retraining")


def test_the_pipeline_is_the_committed_definition_with_this_deployments_values(flights: Template, of_type: Any) -> None:
    ((_, pipeline),) = of_type(flights, "AWS::SageMaker::Pipeline")
    body = json.loads(joined(pipeline["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"]))
    defaults = {p["Name"]: p.get("DefaultValue") for p in body["Parameters"]}
    assert all(value is not None for value in defaults.values())
    assert defaults["ApprovalStatus"] == "PendingManualApproval"
    assert defaults["LabelLagHours"] == 24
    assert (defaults["Outputs"], defaults["Label"], defaults["TimeColumn"]) == ("probability", "late", "time")
    assert defaults["ChampionModelUri"] == "s3://flights-data/model/model.tar.gz"
    assert defaults["GroundTruthPrefix"].endswith("/ground-truth/flights-prod/")
    assert [step["Name"] for step in body["Steps"]] == ["Prepare", "IsUsable", "IsBetter"]


def test_names_that_stand_in_arns_are_in_lower_case() -> None:
    """SageMaker spells some of them so, whatever the name was; a policy compares letter by letter."""
    template = synth(parse_config(changed(CREATED, ("endpoint", "name"), "Flights-Prod"), "f"))
    found = [r["Properties"] for r in template["Resources"].values()]
    (pipeline,) = [p["PipelineName"] for p in found if "PipelineName" in p]
    (group,) = [p["ModelPackageGroupName"] for p in found if "ModelPackageGroupName" in p]
    assert (pipeline, group) == ("flights-prod-retraining", "flights-prod")
    policies = [p for p in found if "PolicyDocument" in p]
    arns = re.findall(r":(?:pipeline|model-package-group|model-package)/[\w-]+", json.dumps(policies))
    assert arns
    assert all(arn == arn.lower() for arn in arns)


def test_without_retraining_nothing_of_it_is_deployed(existing: Template, of_type: Any) -> None:
    assert of_type(existing, "AWS::SageMaker::Pipeline") == []
    assert [r for _, r in of_type(existing, "AWS::Events::Rule") if "Retrains" in r["Properties"]["Description"]] == []
