"""State machines that wait: for a processing job, for another execution, for the items of a map."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.lab import ROLE, Lab
from tests.local.test_step_functions import run

CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
CAUGHT = {"Caught": {"Type": "Pass", "End": True}}


def job(script: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
        "Parameters": {
            "ProcessingJobName.$": "$.name",
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": "image",
                "ContainerEntrypoint": ["python3", "-c", script],
                "ContainerArguments": ["fold"],
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
            },
        },
        "ResultPath": "$.job",
        **more,
    }


def machine(start: str, **states: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": states}


def test_a_state_machine_goes_on_when_its_processing_job_is_over(lab: Lab) -> None:
    script = "import sys; assert sys.argv[1:] == ['fold']"
    done = run(lab, "job", machine("Job", Job=job(script, End=True)), {"name": "waited-for"})
    output = json.loads(done["output"])["job"]
    assert (output["ProcessingJobStatus"], output["ProcessingJobName"]) == ("Completed", "waited-for")
    assert output["ProcessingEndTime"] == lab.account.now.timestamp() * 1000
    assert "ResponseMetadata" not in output


def test_a_failed_job_fails_the_task_with_its_description(lab: Lab) -> None:
    definition = machine("Job", Job=job("raise SystemExit(7)", Catch=CATCH, End=True), **CAUGHT)
    error = json.loads(run(lab, "failed", definition, {"name": "failing"})["output"])["error"]
    cause = json.loads(error["Cause"])
    assert error["Error"] == "States.TaskFailed"
    assert (cause["ProcessingJobStatus"], cause["ProcessingJobName"]) == ("Failed", "failing")
    assert "exit code: 7" in cause["FailureReason"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("taken", "SageMaker.ResourceInUseException"), ("not_a_name", "SageMaker.AmazonSageMakerException")],
)
def test_a_job_that_cannot_be_made_has_an_error_of_its_own(lab: Lab, name: str, error: str) -> None:
    definition = machine("Job", Job=job("pass", Next="Again"), Again=job("pass", Catch=CATCH, End=True), **CAUGHT)
    done = run(lab, f"refused-{len(name)}", definition, {"name": name})
    assert (done.get("error") or json.loads(done["output"])["error"]["Error"]) == error


def test_an_execution_waits_for_another_one(lab: Lab) -> None:
    states = lab.client("stepfunctions")
    inner = machine("Q", Q={"Type": "Choice", "Choices": [{"Variable": "$.ok", "BooleanEquals": True, "Next": "Yes"}],
                            "Default": "No"},
                    Yes={"Type": "Pass", "Result": {"answer": 42}, "End": True},
                    No={"Type": "Fail", "Error": "No", "Cause": "because"})  # fmt: skip
    arn = states.create_state_machine(name="inner", definition=json.dumps(inner), roleArn=ROLE)["stateMachineArn"]
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn, "Input": {"ok.$": "$.ok"}},
        "Catch": CATCH,
        "End": True,
    }
    outer = machine("Call", Call=call, **CAUGHT)

    output = json.loads(run(lab, "outer", outer, {"ok": True})["output"])
    error = json.loads(run(lab, "outer-no", outer, {"ok": False})["output"])["error"]

    assert (output["Status"], output["Output"], output["Input"]) == ("SUCCEEDED", {"answer": 42}, {"ok": True})
    assert error["Error"] == "States.TaskFailed"
    assert {**json.loads(error["Cause"]), "StateMachineArn": arn}["Error"] == "No"
    states.delete_state_machine(stateMachineArn=arn)


def over_items(mode: str, **more: Any) -> dict[str, Any]:
    item = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericGreaterThan": 8, "Next": "TooBig"}],
        "Default": "Fits",
    }
    states = {
        "Item": item,
        "TooBig": {"Type": "Fail", "Error": "TooBig"},
        "Fits": {"Type": "Pass", "Parameters": {"n.$": "$.n", "failed.$": "$.failed", "id.$": "$$.Execution.Id"}}
        | {"End": True},
    }
    config = {"Mode": "INLINE"} if mode == "INLINE" else {"Mode": mode, "ExecutionType": "STANDARD"}
    over = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 3,
        "ItemSelector": {"n.$": "$$.Map.Item.Index", "failed.$": "$$.Map.Item.Value.failed"},
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Item", "States": states},
        "ResultPath": "$.published",
        "Catch": CATCH,
        "Next": "Any",
        **more,
    }
    any_ = {
        "Type": "Pass",
        "Parameters": {
            "any.$": "States.ArrayContains($.published[*].failed, true)",
            "order.$": "$.published[*].n",
            "ids.$": "States.ArrayUnique($.published[*].id)",
        },
        "End": True,
    }
    return machine("Over", Over=over, Any=any_, **CAUGHT)


@pytest.mark.parametrize(("mode", "executions"), [("INLINE", 1), ("DISTRIBUTED", 3)])
def test_a_map_answers_in_order_and_its_answers_can_be_searched(lab: Lab, mode: str, executions: int) -> None:
    items = [{"failed": False}, {"failed": True}, {"failed": False}]
    output = json.loads(run(lab, f"map-{mode}", over_items(mode), {"items": items})["output"])
    assert (output["any"], output["order"], len(output["ids"])) == (True, [0, 1, 2], executions)


@pytest.mark.parametrize(
    ("mode", "error"), [("INLINE", "TooBig"), ("DISTRIBUTED", "States.ExceedToleratedFailureThreshold")]
)
def test_a_map_fails_with_its_items(lab: Lab, mode: str, error: str) -> None:
    done = run(lab, f"fails-{mode}", over_items(mode), {"items": [{"failed": False}] * 10})
    assert json.loads(done["output"])["error"]["Error"] == error


def test_a_distributed_map_tolerates_what_it_is_told_to(lab: Lab) -> None:
    tolerant = over_items("DISTRIBUTED", ToleratedFailurePercentage=10, ResultPath=None, Next="Caught")
    assert run(lab, "tolerant", tolerant, {"items": [{"failed": False}] * 10})["status"] == "SUCCEEDED"


def test_the_items_of_a_map_may_start_jobs_and_executions(lab: Lab) -> None:
    states = lab.client("stepfunctions")
    inner = machine("Job", Job=job("pass", End=True))
    arn = states.create_state_machine(name="each", definition=json.dumps(inner), roleArn=ROLE)["stateMachineArn"]
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": arn, "Input": {"name.$": "$"}},
        "ResultSelector": {"status.$": "$.Output.job.ProcessingJobStatus"},
        "End": True,
    }
    over = {
        "Type": "Map",
        "MaxConcurrency": 2,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
        | machine("Call", Call=call),
        "End": True,
    }
    done = run(lab, "fleet", machine("Over", Over=over), ["each-a", "each-b"])
    assert json.loads(done["output"]) == [{"status": "Completed"}] * 2
    states.delete_state_machine(stateMachineArn=arn)
