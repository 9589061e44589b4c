"""Transform jobs in the place of an endpoint: what starts runs, what they may read, which alarms there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.common.contract import Request, RunSpec
from infra.config import load_file, parse_config
from infra.config.fleet import FleetConfig
from localaws.eventbridge.pattern import compile_pattern
from localaws.eventbridge.transformer import target_input

from .conftest import Template
from .test_runtime_managed import synth
from .test_runtime_own import definition, joined, policy

WATCHED = {"name": "jobs", "captured": "s3://bucket/captured/", "output": "s3://bucket/out/"}
DOCUMENT: dict[str, Any] = {
    "batch_transform": WATCHED,
    "schema": {"problem": "binary-classification", "outputs": ["p"], "probability": "p", "label": "y"},
    "baseline": {"dataset": "s3://bucket/train.csv"},
    "monitors": [{"kind": "data-quality"}, {"kind": "model-quality"}],
}


@pytest.fixture(scope="module")
def batch(templates: dict[str, Template]) -> Template:
    """The example: runs by job and by schedule."""
    return templates["demand-nightly"]


@pytest.fixture(scope="module")
def by_job() -> Template:
    """Runs by job alone, but for one monitor that waits for labels."""
    return synth(parse_config(DOCUMENT, "monitoring.yaml"))


def rule(template: Template) -> dict[str, Any]:
    (found,) = [
        r
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Events::Rule" and "Transform" in json.dumps(r["Properties"]["EventPattern"])
    ]
    return dict(found)


def event(**detail: Any) -> dict[str, Any]:
    job = {
        "TransformJobName": "score-7",
        "TransformJobStatus": "Completed",
        "ModelName": "demand-forecast-2026-11",
        "TransformOutput": {"S3OutputPath": "s3://demand-scoring/scored/2026-11-21"},
    }
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Transform Job State Change",
        "detail": job | detail,
    }


@pytest.mark.parametrize(
    ("detail", "starts"),
    [
        ({}, True),
        ({"TransformOutput": {"S3OutputPath": "s3://demand-scoring/scored"}}, True),
        ({"TransformOutput": {"S3OutputPath": "s3://demand-scoring/scored-by-others/"}}, False),
        ({"ModelName": "churn"}, False),
        ({"TransformJobStatus": "InProgress"}, False),
        ({"TransformJobStatus": "Failed"}, False),
    ],
)
def test_a_job_of_the_model_that_completes_starts_runs(batch: Template, detail: dict[str, Any], starts: bool) -> None:
    assert compile_pattern(rule(batch)["Properties"]["EventPattern"]).matches(event(**detail)) == starts


def test_the_execution_is_told_the_name_of_the_job(batch: Template) -> None:
    (target,) = rule(batch)["Properties"]["Targets"]
    assert "StateMachine" in target["Arn"]["Ref"]
    started = Request.model_validate_json(target_input(target, event(), rule_arn="arn"))
    assert (started.transform_job, started.monitors) == ("score-7", None)


def test_no_job_starts_runs_before_the_baselines_are_made(batch: Template, of_type: Any) -> None:
    assert {name for name, _ in of_type(batch, "Custom::WatchkeeperBaseline")} <= set(rule(batch)["DependsOn"])


def test_the_runs_read_what_the_jobs_captured(batch: Template) -> None:
    runs = definition(batch)["States"]["Specs"]["Parameters"]["runs"]
    found = [RunSpec.model_validate(run) for run in runs.values()]
    assert {(run.source, run.capture_prefix) for run in found} == {("batch-transform", "s3://demand-scoring/captured/")}


@pytest.mark.parametrize("part", ["PlanFunction", "EvaluateFunction"])
def test_functions_may_read_the_manifests_and_the_outputs(batch: Template, part: str) -> None:
    read = {joined(arn).partition(":::")[2] for s in policy(batch, part)["s3:GetObject"] for arn in s["Resource"]}
    assert {"demand-scoring/captured/*", "demand-scoring/scored/*"} <= read


def test_only_plan_asks_for_jobs(batch: Template) -> None:
    (statement,) = policy(batch, "PlanFunction")["sagemaker:DescribeTransformJob"]
    assert joined(statement["Resource"]).endswith("transform-job/*")
    assert "sagemaker:DescribeTransformJob" not in policy(batch, "EvaluateFunction")


def test_both_means_schedules_and_heartbeats_too(batch: Template, of_type: Any) -> None:
    (schedule,) = [r["Properties"] for name, r in of_type(batch, "AWS::Scheduler::Schedule") if name.startswith("Runs")]
    assert json.loads(schedule["Target"]["Input"])["monitors"] == ["data-quality", "prediction-drift"]
    assert {"demand-nightly-data-quality-heartbeat", "demand-nightly-prediction-drift-heartbeat"} <= alarms(batch)


def test_only_labels_need_a_schedule_where_jobs_start_runs(by_job: Template, of_type: Any) -> None:
    (schedule,) = [
        r["Properties"] for name, r in of_type(by_job, "AWS::Scheduler::Schedule") if name.startswith("Runs")
    ]
    assert json.loads(schedule["Target"]["Input"])["monitors"] == ["model-quality"]
    assert {name for name in alarms(by_job) if name.endswith("heartbeat")} == {"jobs-model-quality-heartbeat"}
    assert {"jobs-data-quality-violations", "jobs-data-quality-failed"} <= alarms(by_job)


def test_jobs_start_nothing_where_the_schedule_does(of_type: Any) -> None:
    document = DOCUMENT | {"batch_transform": WATCHED | {"start": "schedule"}}
    template = synth(parse_config(document, "monitoring.yaml"))
    assert "Transform Job" not in json.dumps([r for _, r in of_type(template, "AWS::Events::Rule")])


def test_amazons_metrics_are_looked_up_where_transform_jobs_have_them(batch: Template, of_type: Any) -> None:
    ((_, board),) = of_type(batch, "AWS::CloudWatch::Dashboard")
    body = json.loads(joined(board["Properties"]["DashboardBody"]))
    drawn = [row for one in body["widgets"] for row in one["properties"].get("metrics", ())]
    names = ["aws/sagemaker/ModelMonitoring/data-metrics", "feature_baseline_drift_temp", "MonitoringSchedule"]
    assert [row[:4] for row in drawn if row[0].startswith("aws/")] == [[*names, "demand-nightly-data-quality"]]


def test_transform_jobs_can_be_of_a_fleet(tmp_path: Any) -> None:
    path = tmp_path / "monitoring.yaml"
    path.write_text(json.dumps(DOCUMENT | {"fleet": "payments"}))
    config = load_file(path)
    assert not isinstance(config, FleetConfig)
    assert (config.name, config.fleet) == ("jobs", "payments")


def alarms(template: Template) -> set[str]:
    return {
        r["Properties"]["AlarmName"] for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"
    }
