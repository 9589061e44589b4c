"""The state machine, told as Step Functions would run it, and its schedules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from functions.common.contract import Engine, Limits, PlanInput, Request, RunSpec, WindowsInput
from infra.config.runtime import AutoRuntime
from monitoring_core.metric_names import schedule_name
from monitoring_core.spec import DataQualitySpec

from .conftest import Resources, Template

MACHINE = "AWS::StepFunctions::StateMachine"


def joined(value: Any) -> str:
    """A template string, with references as their logical ids."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(joined(part) for part in value["Fn::Join"][1])
    reference = value.get("Ref") or value["Fn::GetAtt"][0]
    return str(reference)


def deployed(value: Any) -> str:
    """A template string as it is in an account, where every function's ARN is one."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(deployed(part) for part in value["Fn::Join"][1])
    if "Ref" in value:
        return str({"AWS::Partition": "aws"}.get(value["Ref"], value["Ref"]))
    return f"arn:aws:lambda:us-east-1:111122223333:function:{value['Fn::GetAtt'][0]}"


def definition(template: Template, part: str = "Runs", spell: Callable[[Any], str] = joined) -> dict[str, Any]:
    """The definition of the state machine in a part of the stack."""
    (machine,) = [
        r
        for name, r in template["Resources"].items()
        if name.startswith(f"{part}StateMachine") and r["Type"] == MACHINE
    ]
    found: dict[str, Any] = json.loads(spell(machine["Properties"]["DefinitionString"]))
    return found


def policy(template: Template, part: str) -> dict[str, list[dict[str, Any]]]:
    """Statements of the roles whose logical ids hold `part`, by action."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, r in template["Resources"].items():
        if r["Type"] == "AWS::IAM::Policy" and part in name:
            for statement in r["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    found.setdefault(action, []).append(statement)
    return found


@pytest.fixture(scope="module")
def states(flights: Template) -> dict[str, Any]:
    found: dict[str, Any] = definition(flights)["States"]
    return found


@pytest.fixture(scope="module")
def of_pass(states: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = states["Passes"]["ItemProcessor"]["States"]
    return found


@pytest.fixture(scope="module")
def with_jobs(jobs: Template) -> dict[str, Any]:
    found: dict[str, Any] = definition(jobs)["States"]["Passes"]["ItemProcessor"]["States"]
    return found


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *((name, part) for name in ("flights-prod", "fraud-prod", "Jobs-prod") for part in ("Runs", "RunsBackfill")),
        ("Jobs-prod", "BaselinesJobs"),
    ],
)
def test_the_definition_is_of_the_states_language(templates: dict[str, Template], name: str, part: str) -> None:
    text = json.dumps(definition(templates[name], part, deployed))
    program, _ = AmazonStateLanguageParser.parse(text)
    assert program


def test_the_way_of_a_healthy_run(states: dict[str, Any], of_pass: dict[str, Any]) -> None:
    assert [states["Specs"]["Next"], states["Plan"]["Next"]] == ["Plan", "Passes"]
    choice = of_pass[states["Passes"]["ItemProcessor"]["StartAt"]]
    assert choice["Choices"] == [{"Variable": "$.engine", "StringEquals": "none", "Next": "Publish"}]
    assert choice["Default"] == "Evaluate"
    assert of_pass["Evaluate"]["Next"] == "Publish"
    assert of_pass["Publish"]["End"]
    last = states[states["Passes"]["Next"]]
    assert states[last["Default"]]["Type"] == "Succeed"


def test_every_pass_is_worked_on_some_at_a_time(states: dict[str, Any]) -> None:
    passes = states["Passes"]
    assert passes["ItemsPath"] == "$.passes"
    assert passes["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert 1 < passes["MaxConcurrency"] < 10


def test_an_error_of_a_pass_is_reported_by_publish(of_pass: dict[str, Any]) -> None:
    assert of_pass["Evaluate"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Publish"}]


def test_a_pass_that_cannot_be_published_does_not_stop_the_others(of_pass: dict[str, Any]) -> None:
    (catch,) = of_pass["Publish"]["Catch"]
    assert of_pass[catch["Next"]]["Parameters"] == {"failed": True}


def test_any_failed_pass_fails_the_execution_in_the_end(states: dict[str, Any]) -> None:
    assert states["Passes"]["ResultSelector"] == {"failed.$": "States.ArrayContains($[*].failed, true)"}
    (choice,) = states[states["Passes"]["Next"]]["Choices"]
    assert (choice["Variable"], choice["BooleanEquals"]) == ("$.failed", True)
    assert states[choice["Next"]]["Type"] == "Fail"


def test_an_error_of_plan_is_published_and_fails_the_execution(states: dict[str, Any]) -> None:
    (catch,) = states["Plan"]["Catch"]
    assert catch["ResultPath"] == "$.error"
    publish = states[catch["Next"]]
    assert publish["Resource"] == states["Passes"]["ItemProcessor"]["States"]["Publish"]["Resource"]
    assert states[publish["Next"]]["Type"] == "Fail"


def test_faults_of_the_lambda_service_are_retried(states: dict[str, Any], of_pass: dict[str, Any]) -> None:
    for state in (states["Plan"], of_pass["Evaluate"], of_pass["Publish"]):
        (retry,) = state["Retry"]
        assert "Lambda.TooManyRequestsException" in retry["ErrorEquals"]
        assert (retry["MaxAttempts"], retry["BackoffRate"], retry["JitterStrategy"]) == (6, 2, "FULL")


def test_plan_understands_what_the_definition_gives_it(jobs: Template) -> None:
    given = definition(jobs)["States"]["Specs"]["Parameters"]
    assert [given[name] for name in ("request.$", "started_at.$", "execution.$")] == [
        "$",
        "$$.Execution.StartTime",
        "$$.Execution.Name",
    ]
    constants = {name: value for name, value in given.items() if not name.endswith(".$")}
    planned = PlanInput.model_validate(constants | {"request": {"window": "a/b"}})
    assert planned.engines == (Engine.FUNCTION, Engine.PROCESSING, Engine.SPARK)
    assert planned.limits == Limits(
        function_bytes=256 * 2**20, function_rows=10**6, processing_bytes=10 * 2**30, processing_rows=2 * 10**7
    )
    assert {name: run.runtime for name, run in planned.runs.items()} == {
        "data-quality": "auto",
        "model-quality": "processing",
        "prediction-drift": "spark",
    }


def test_without_settings_only_the_function_is_picked(flights: Template) -> None:
    given = definition(flights)["States"]["Specs"]["Parameters"]
    assert given["engines"] == ["function"]
    assert given["limits"]["function_bytes"] == AutoRuntime().function_max.size


def test_the_run_spec_is_a_constant_of_the_definition(states: dict[str, Any]) -> None:
    run = RunSpec.model_validate(states["Specs"]["Parameters"]["runs"]["data-quality"])
    assert run.schedule == schedule_name("flights-prod", "data-quality")
    assert run.capture_prefix == f"s3://{run.bucket}/capture/flights-prod/"
    assert (run.period_seconds, run.offset_seconds) == (86_400, 0)
    assert isinstance(run.spec, DataQualitySpec)
    assert run.spec.columns.outputs == ("probability",)


def test_an_existing_endpoint_is_read_where_it_captures(existing: Template) -> None:
    run = definition(existing)["States"]["Specs"]["Parameters"]["runs"]["data-quality"]
    assert run["capture_prefix"] == "s3://fraud-capture/datacapture/fraud-prod/"


def test_a_job_folds_between_plan_and_evaluate(with_jobs: dict[str, Any]) -> None:
    choices = {choice["StringEquals"]: choice["Next"] for choice in with_jobs["Which engine?"]["Choices"]}
    for engine in ("processing", "spark"):
        job = with_jobs[choices[engine]]
        assert job["Next"] == "Evaluate"
        assert job["ResultPath"] is None
        assert job["Resource"].endswith(":states:::sagemaker:createProcessingJob.sync")
        assert job["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Publish"}]


def test_the_request_of_a_processing_job(with_jobs: dict[str, Any]) -> None:
    asked = with_jobs["Fold by processing"]["Parameters"]
    assert (asked["ProcessingJobName.$"], asked["ProcessingInputs.$"]) == ("$.job.name", "$.job.inputs")
    (output,) = asked["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"] == {
        "S3Uri.$": "$.job.output",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    cluster = asked["ProcessingResources"]["ClusterConfig"]
    assert cluster.pop("VolumeKmsKeyId") == asked["ProcessingOutputConfig"]["KmsKeyId"]
    assert cluster == {"InstanceCount": 2, "InstanceType": "ml.m5.2xlarge", "VolumeSizeInGB": 50}
    assert asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}
    assert asked["NetworkConfig"] == {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "VpcConfig": {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]},
    }
    assert asked["AppSpecification"]["ContainerArguments"] == ["fold"]
    assert {"Key": "cost-centre", "Value": "42"} in asked["Tags"]


def test_local_disks_get_no_key(with_jobs: dict[str, Any]) -> None:
    assert "VolumeKmsKeyId" not in with_jobs["Fold by spark"]["Parameters"]["ProcessingResources"]["ClusterConfig"]


def test_a_throttled_job_is_started_again_and_a_full_account_is_waited_for(with_jobs: dict[str, Any]) -> None:
    throttled, full = with_jobs["Fold by processing"]["Retry"]
    assert throttled["ErrorEquals"] == ["SageMaker.AmazonSageMakerException"]
    assert (throttled["BackoffRate"], throttled["JitterStrategy"]) == (2, "FULL")
    assert full["ErrorEquals"] == ["SageMaker.ResourceLimitExceededException"]
    assert full["IntervalSeconds"] * full["MaxAttempts"] == 3600


def test_the_machine_has_time_for_its_jobs(jobs: Template, flights: Template) -> None:
    assert definition(jobs)["TimeoutSeconds"] > 7200 + 3600
    assert definition(flights)["TimeoutSeconds"] == 3600


def test_the_state_machine_starts_only_jobs_of_its_endpoint(jobs: Template) -> None:
    allowed = policy(jobs, "RunsStateMachineRole")
    for verb in ("AddTags", "CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob"):
        for statement in allowed[f"sagemaker:{verb}"]:
            assert {joined(arn).rpartition(":")[2] for arn in statement["Resource"]} == {
                "processing-job/Jobs-prod-*",
                "processing-job/jobs-prod-*",
            }
    assert {s["Condition"]["StringEquals"]["iam:PassedToService"] for s in allowed["iam:PassRole"]} == {
        "sagemaker.amazonaws.com"
    }
    assert {joined(s["Resource"]).rpartition("/")[2] for s in allowed["events:PutRule"]} == {
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule"
    }


def test_a_job_reads_its_inputs_and_writes_its_states(jobs: Template) -> None:
    allowed = policy(jobs, "RunsProcessingJobsRole")
    ((written,),) = [[s["Resource"]] for s in allowed["s3:PutObject"]]
    assert joined(written).endswith("/work/Jobs-prod/*")
    read = [joined(arn) for s in allowed["s3:GetObject"] for arn in s["Resource"]]
    for part in ("datacapture/Jobs-prod/*", "baselines/Jobs-prod/*", "work/Jobs-prod/*", "ground-truth/Jobs-prod/*"):
        assert any(arn.endswith(part) for arn in read), part
    assert any(s["Resource"] == "arn:aws:kms:eu-west-1:111122223333:key/capture" for s in allowed["kms:Decrypt"])
    joins = [joined(arn).rpartition(":")[2] for arn in allowed["ec2:CreateNetworkInterface"][0]["Resource"]]
    assert sorted(joins) == ["network-interface/*", "security-group/sg-0a1b2c3d", "subnet/subnet-0a1b2c3d"]
    assert "ec2:CreateNetworkInterface" not in policy(jobs, "RunsSparkJobsRole")


def test_one_schedule_starts_all_monitors_that_are_due_at_the_same_times(jobs: Template, of_type: Any) -> None:
    found = [r["Properties"] for name, r in of_type(jobs, "AWS::Scheduler::Schedule") if name.startswith("Runs")]
    time = {"scheduled_time": "<aws.scheduler.scheduled-time>"}
    assert {(p["ScheduleExpression"], p["Target"]["Input"]) for p in found} == {
        ("cron(10 * * * ? *)", json.dumps({"monitors": ["data-quality", "model-quality"], **time})),
        ("cron(10 * * * ? *)", json.dumps({"monitors": ["model-quality"], **time, "final": True})),
        ("cron(10 0 * * ? *)", json.dumps({"monitors": ["prediction-drift"], **time})),
    }
    for p in found:
        asked = {**json.loads(p["Target"]["Input"]), "scheduled_time": "2026-01-01T00:10:00Z"}
        assert Request.model_validate(asked).monitors
        assert (p["ScheduleExpressionTimezone"], p["FlexibleTimeWindow"]) == ("UTC", {"Mode": "OFF"})


def test_schedules_wait_for_the_baselines(flights: Template, of_type: Any) -> None:
    baselines: Resources = of_type(flights, "Custom::WatchkeeperBaseline")
    by_monitor = {resource["Properties"]["Monitor"]: name for name, resource in baselines}
    schedules = [r for name, r in of_type(flights, "AWS::Scheduler::Schedule") if name.startswith("Runs")]
    assert schedules
    for schedule in schedules:
        for monitor in json.loads(schedule["Properties"]["Target"]["Input"])["monitors"]:
            assert by_monitor[monitor] in schedule["DependsOn"]


def test_failed_executions_are_kept(flights: Template, of_type: Any) -> None:
    (rule,) = [r for name, r in of_type(flights, "AWS::Events::Rule") if "ExecutionFailed" in name]
    detail = rule["Properties"]["EventPattern"]["detail"]
    assert detail["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert "DeadLetters" in json.dumps(rule["Properties"]["Targets"])


def test_a_backfill_runs_each_window_as_an_execution_of_its_own(jobs: Template) -> None:
    states = definition(jobs, "RunsBackfill")["States"]
    each = states[states["Windows"]["Next"]]
    assert (each["ItemsPath"], each["MaxConcurrencyPath"]) == ("$.windows", "$.max_concurrency")
    assert each["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    run = each["ItemProcessor"]["States"]["Run"]
    assert run["Resource"].endswith(":states:::states:startExecution.sync:2")
    assert {name: run["Parameters"][name] for name in ("Name.$", "Input.$")} == {
        "Name.$": "$.name",
        "Input.$": "$.input",
    }


def test_a_window_that_ran_before_is_over_and_one_that_fails_does_not_stop_the_others(jobs: Template) -> None:
    inner = definition(jobs, "RunsBackfill")["States"]["Each window"]["ItemProcessor"]["States"]
    ran_before, failed = inner["Run"]["Catch"]
    assert ran_before["ErrorEquals"] == ["StepFunctions.ExecutionAlreadyExistsException"]
    assert [inner[catch["Next"]]["Parameters"]["failed"] for catch in (ran_before, failed)] == [False, True]


def test_windows_understands_what_the_definition_gives_it(jobs: Template) -> None:
    given = definition(jobs, "RunsBackfill")["States"]["Given"]["Parameters"]
    assert given.pop("request.$") == "$"
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    assert WindowsInput.model_validate(given | {"request": span}).max_concurrency == 2


def test_the_state_machines_are_outputs_of_the_stack(jobs: Template) -> None:
    assert {"StateMachineArn", "BackfillArn"} <= jobs["Outputs"].keys()
