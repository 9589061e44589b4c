"""State machines run their own definition, with the deployed functions."""

from __future__ import annotations

import json
from typing import Any

from tests.local.lab import ROLE, Lab

FLAKY = """
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        if calls < event["needed"]:
            raise RuntimeError("not yet")
        return {"engine": "function", "calls": calls}
"""


def task(function: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "ResultSelector": {"plan.$": "$.Payload"},
        "ResultPath": "$.planned",
        **more,
    }


def run(lab: Lab, name: str, definition: dict[str, Any], event: Any) -> dict[str, Any]:
    states = lab.client("stepfunctions")
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]
    lab.account.settle()
    described: dict[str, Any] = states.describe_execution(executionArn=execution)
    states.delete_state_machine(stateMachineArn=machine)
    return described


def test_tasks_are_retried_at_once_and_choices_are_made(lab: Lab) -> None:
    function = lab.function("flaky", FLAKY)
    retry = [{"ErrorEquals": ["RuntimeError"], "IntervalSeconds": 600, "MaxAttempts": 3, "BackoffRate": 2}]
    definition = {
        "StartAt": "Plan",
        "States": {
            "Plan": task(function, Retry=retry, Next="Engine"),
            "Engine": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.planned.plan.engine", "StringEquals": "function", "Next": "Done"}],
                "Default": "Wrong",
            },
            "Done": {
                "Type": "Pass",
                "Parameters": {"text.$": "States.Format('{} calls', $.planned.plan.calls)"},
                "End": True,
            },
            "Wrong": {"Type": "Fail", "Error": "Wrong"},
        },
    }
    for _ in range(2):  # the second run must not see retries of the first
        done = run(lab, "retrying", definition, {"needed": 3})
        assert (done["status"], json.loads(done["output"])["text"][-5:]) == ("SUCCEEDED", "calls")


def test_an_execution_knows_its_start_in_simulated_time(lab: Lab) -> None:
    given = {"Type": "Pass", "Parameters": {"started_at.$": "$$.Execution.StartTime"}, "End": True}
    done = run(lab, "dated", {"StartAt": "Given", "States": {"Given": given}}, {})
    assert json.loads(done["output"])["started_at"] == lab.account.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert done["startDate"] == done["stopDate"] == lab.account.now


def test_a_caught_error_reaches_the_next_state_and_a_failure_is_visible(lab: Lab) -> None:
    function = lab.function("broken", "def handler(event, context): raise ValueError('no such bucket')")
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Report"}]
    definition = {
        "StartAt": "Plan",
        "States": {
            "Plan": task(function, Catch=catch, End=True),
            "Report": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"},
        },
    }
    done = run(lab, "failing", definition, {})
    assert (done["status"], done["error"]) == ("FAILED", "ValueError")
    assert json.loads(done["cause"])["errorMessage"] == "no such bucket"
    (execution,) = lab.journal("execution")
    assert (execution["detail"]["status"], execution["detail"]["error"]) == ("FAILED", "ValueError")


def test_a_wait_takes_no_time(lab: Lab) -> None:
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}}
    assert run(lab, "waiting", definition, {})["status"] == "SUCCEEDED"


def test_an_ended_execution_sends_an_event_and_counts(lab: Lab) -> None:
    queue = lab.queue("executions")
    lab.rule("executions", {"source": ["aws.states"]}, {"Arn": queue})
    run(lab, "counted", {"StartAt": "Stop", "States": {"Stop": {"Type": "Fail", "Error": "Stop"}}}, {"a": 1})
    (event,) = lab.bodies(queue)
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["detail"]["status"], event["detail"]["error"]) == ("FAILED", "Stop")
    names = {one["MetricName"] for one in lab.client("cloudwatch").list_metrics(Namespace="AWS/States")["Metrics"]}
    assert "ExecutionsFailed" in names
