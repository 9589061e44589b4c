"""Deployed state machines started from the command line, on a Step Functions that really runs definitions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto.core.config import default_user_config

Cli = Callable[..., Any]
ROLE = "arn:aws:iam::123456789012:role/states"
DAY = "2013-04-01T00:00:00Z/2013-04-02T00:00:00Z"


@pytest.fixture
def aws(s3: dict[str, str]) -> Iterator[dict[str, str]]:
    """Environment of a process that talks to an account on loopback, whose state machines run."""
    options = default_user_config["stepfunctions"]
    before = options["execute_state_machine"]
    options["execute_state_machine"] = True
    yield s3
    options["execute_state_machine"] = before


def published(monitor: str, status: str, **more: Any) -> dict[str, Any]:
    run = {"monitor": monitor, "run_id": f"ep/{monitor}/1", "status": status, "violations": None, "reason": ""}
    return {**run, "report": None, **more}


def machine(name: str, states: Mapping[str, Any]) -> str:
    """Make a state machine whose states follow on each other."""
    names = [*states, None]
    linked = {
        one: {**state, **({"Next": after} if after else {"End": True})}
        for (one, state), after in zip(states.items(), names[1:], strict=True)
    }
    for state in linked.values():
        if state["Type"] == "Fail":
            del state["End"]
    definition = json.dumps({"StartAt": names[0], "States": linked})
    client = boto3.client("stepfunctions")
    arn: str = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    return arn


def publishing(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"Publish": {"Type": "Pass", "Result": {"failed": False, "runs": list(runs)}}}


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["Completed", "NoData"], 0),
        (["Completed", "CompletedWithViolations"], 1),
        (["NoData", "NoData"], 3),
        (["CompletedWithViolations", "Failed"], 4),
    ],
)
def test_a_window_of_the_deployed_monitors_ends_with_the_code_of_its_worst_run(
    aws: dict[str, str], cli: Cli, statuses: list[str], code: int
) -> None:
    runs = [published(f"m{i}", status) for i, status in enumerate(statuses)]
    arn = machine(f"runs-{code}", publishing(*runs))
    done = cli("run", "--deployed", "--window", DAY, "--state-machine", arn, "--json", env=aws)
    assert done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] == "SUCCEEDED"
    assert [run["status"] for run in answer["runs"]] == statuses
    described = boto3.client("stepfunctions").describe_execution(executionArn=answer["execution"])
    assert json.loads(described["input"]) == {"window": DAY}


def test_one_monitor_is_run_and_told_in_plain_lines(aws: dict[str, str], cli: Cli) -> None:
    run = published("drift", "CompletedWithViolations", violations=2, report="s3://b/report.html")
    arn = machine("plain", publishing(run))
    done = cli("run", "--deployed", "--window", DAY, "--monitor", "drift", "--state-machine", arn, env=aws)
    assert (done.returncode, done.stdout) == (1, "drift\tCompletedWithViolations\t2\t\ts3://b/report.html\n")
    [execution] = boto3.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    described = boto3.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"])["monitors"] == ["drift"]


def test_an_execution_that_publishes_nothing_is_an_error_with_its_cause(aws: dict[str, str], cli: Cli) -> None:
    arn = machine("broken", {"Stop": {"Type": "Fail", "Cause": "no such bucket"}})
    done = cli("run", "--deployed", "--window", DAY, "--state-machine", arn, env=aws)
    assert done.returncode == 4
    assert "has ended as FAILED: no such bucket; look at it in Step Functions" in done.stderr


def test_without_waiting_the_execution_is_named(aws: dict[str, str], cli: Cli) -> None:
    arn = machine("later", publishing(published("drift", "Failed")))
    done = cli("run", "--deployed", "--window", DAY, "--state-machine", arn, "--no-wait", env=aws)
    assert done.returncode == 0
    assert done.stdout.startswith(f"started {arn.replace(':stateMachine:', ':execution:')}:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--deployed", "--state-machine", "arn"], "--deployed needs --window START/END"),
        (["run", "data.csv", "--deployed", "--window", DAY], "give no DATA or baseline"),
        (["run", "--deployed", "--window", DAY], "one of --config FILE, --stack NAME and --state-machine ARN"),
        (["run", "data.csv"], "give DATA and --baseline, or --deployed and --window"),
        (["run", "--deployed", "--window", DAY, "--stack", "Nowhere"], "the stack Nowhere is not deployed"),
        (["backfill", "yesterday", "--stack", "Nowhere"], "'yesterday' is not a window; write START/END"),
    ],
)
def test_wrong_usage_says_what_to_give(aws: dict[str, str], cli: Cli, arguments: list[str], message: str) -> None:
    done = cli(*arguments, env=aws)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr


def test_a_backfill_is_found_by_its_stack_and_tells_every_window(aws: dict[str, str], cli: Cli) -> None:
    main = machine("main", publishing(published("drift", "Completed")))
    spans = [f"2013-04-0{day}T00:00:00Z/2013-04-0{day + 1}T00:00:00Z" for day in (1, 2)]
    windows = [{"name": f"w-{day}", "input": {"monitors": ["drift"], "window": span}} for day, span in enumerate(spans)]
    client = boto3.client("stepfunctions")
    for window in windows:
        client.start_execution(stateMachineArn=main, name=str(window["name"]), input=json.dumps(window["input"]))
    states = {
        "Windows": {"Type": "Pass", "Result": {"windows": windows, "max_concurrency": 2}},
        "Started": {"Type": "Pass", "Parameters": {"StateMachineArn": main}},
    }
    arn = machine("backfill", states)
    outputs = {"BackfillArn": {"Value": arn}}
    queue = {"Type": "AWS::SQS::Queue"}
    template = json.dumps({"Resources": {"Queue": queue}, "Outputs": outputs})
    boto3.client("cloudformation").create_stack(StackName="Watchkeeper-ep", TemplateBody=template)
    span = "2013-04-01T00:00:00Z/2013-04-03T00:00:00Z"
    done = cli("backfill", span, "--stack", "Watchkeeper-ep", "--attempt", "again", "--json", env=aws)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [one["window"] for one in answer["windows"]] == spans
    assert {run["status"] for one in answer["windows"] for run in one["runs"]} == {"Completed"}
    described = client.describe_execution(executionArn=answer["execution"])
    assert json.loads(described["input"]) == {
        "from": "2013-04-01T00:00:00+00:00",
        "to": "2013-04-03T00:00:00+00:00",
        "attempt": "again",
    }
