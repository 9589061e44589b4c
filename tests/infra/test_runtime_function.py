"""The state machine, told as Step Functions would run it, and its schedules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitoring_core.metric_names import schedule_name
from monitoring_core.spec import DataQualitySpec

from .conftest import Resources, Template


def joined(value: Any) -> str:
    """A template string, with references as their logical ids."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(joined(part) for part in value["Fn::Join"][1])
    reference = value.get("Ref") or value["Fn::GetAtt"][0]
    return str(reference)


def states(template: Template) -> dict[str, Any]:
    (machine,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"]
    definition: dict[str, dict[str, Any]] = json.loads(joined(machine["Properties"]["DefinitionString"]))
    return definition["States"]


@pytest.fixture(scope="module")
def machine(flights: Template) -> dict[str, Any]:
    return states(flights)


def test_the_way_of_a_healthy_run(machine: dict[str, Any]) -> None:
    assert machine["Specs"]["Next"] == "Plan"
    choice = machine[machine["Plan"]["Next"]]
    assert choice["Choices"] == [{"Variable": "$.plan.engine", "StringEquals": "none", "Next": "Publish"}]
    assert choice["Default"] == "Evaluate"
    assert machine["Evaluate"]["Next"] == "Publish"
    last = machine[machine["Publish"]["Next"]]
    assert machine[last["Choices"][0]["Next"]]["Type"] == "Succeed"


@pytest.mark.parametrize("state", ["Plan", "Evaluate"])
def test_every_error_is_reported_by_publish_and_fails_the_execution(machine: dict[str, Any], state: str) -> None:
    assert machine[state]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Publish"}]
    last = machine[machine["Publish"]["Next"]]
    assert last["Choices"][0] == {"Variable": "$.error", "IsPresent": False, "Next": "Done"}
    assert machine[last["Default"]]["Type"] == "Fail"


@pytest.mark.parametrize("state", ["Plan", "Evaluate", "Publish"])
def test_faults_of_the_lambda_service_are_retried(machine: dict[str, Any], state: str) -> None:
    (retry,) = machine[state]["Retry"]
    assert "Lambda.TooManyRequestsException" in retry["ErrorEquals"]
    assert (retry["MaxAttempts"], retry["BackoffRate"]) == (6, 2)


def test_states_hand_over_what_the_interfaces_say(machine: dict[str, Any]) -> None:
    assert machine["Specs"]["Parameters"]["request.$"] == "$"
    assert machine["Specs"]["Parameters"]["started_at.$"] == "$$.Execution.StartTime"
    assert [machine[state]["ResultPath"] for state in ("Plan", "Evaluate", "Publish")] == [
        "$",
        "$.result",
        "$.published",
    ]


def test_the_run_spec_is_a_constant_of_the_definition(machine: dict[str, Any]) -> None:
    run = machine["Specs"]["Parameters"]["runs"]["data-quality"]
    assert run["schedule"] == schedule_name("flights-prod", "data-quality")
    assert run["capture_prefix"] == f"s3://{run['bucket']}/capture/flights-prod/"
    assert (run["period_seconds"], run["offset_seconds"]) == (86_400, 0)
    assert DataQualitySpec.model_validate(run["spec"]).columns.outputs == ("probability",)


def test_an_existing_endpoint_is_read_where_it_captures(existing: Template) -> None:
    run = states(existing)["Specs"]["Parameters"]["runs"]["data-quality"]
    assert run["capture_prefix"] == "s3://fraud-capture/datacapture/fraud-prod/"


def test_the_schedule_starts_the_machine_with_its_own_time(flights: Template, of_type: Any) -> None:
    p = next(r["Properties"] for name, r in of_type(flights, "AWS::Scheduler::Schedule") if "dataquality" in name)
    assert json.loads(p["Target"]["Input"]) == {
        "monitor": "data-quality",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    assert p["ScheduleExpression"] == "cron(10 0 * * ? *)"
    assert p["ScheduleExpressionTimezone"] == "UTC"
    assert p["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_schedules_wait_for_the_baseline(flights: Template, of_type: Any) -> None:
    baselines: Resources = of_type(flights, "Custom::WatchkeeperBaseline")
    by_monitor = {resource["Properties"]["Monitor"]: name for name, resource in baselines}
    for _, schedule in of_type(flights, "AWS::Scheduler::Schedule"):
        monitor = json.loads(schedule["Properties"]["Target"]["Input"])["monitor"]
        assert by_monitor[monitor] in schedule["DependsOn"]


def test_failed_executions_are_kept(flights: Template, of_type: Any) -> None:
    (rule,) = [r for name, r in of_type(flights, "AWS::Events::Rule") if "ExecutionFailed" in name]
    detail = rule["Properties"]["EventPattern"]["detail"]
    assert detail["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert "DeadLetters" in json.dumps(rule["Properties"]["Targets"])
