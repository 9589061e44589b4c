"""The custom resources around monitoring schedules, asked as CloudFormation asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from botocore.stub import ANY, Stubber

from functions.model_monitor import waiting
from functions.model_monitor.handler import handler

from .cloudformation import PLENTY, CloudFormation, stubbed
from .conftest import BUCKET

NOTHING = 20_000
GUARD = {"Schedule": "ep-data-quality", "DatapointsToAlert": "2", "EvaluationPeriod": "3"}
OF_THE_SCHEDULE = {"MonitoringScheduleName": "ep-data-quality"}
JOB = "arn:aws:sagemaker:us-east-1:111122223333:processing-job/model-monitoring-202401032200-0123456789abcdef01234567"
STOP = {"ProcessingJobName": "model-monitoring-202401032200-0123456789abcdef01234567"}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def sagemaker(aws: None) -> Iterator[Stubber]:  # noqa: ARG001 - pytest's way to ask for a fixture
    with stubbed("sagemaker") as stubber:
        yield stubber


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Send one request; return the answer."""
    cloudformation = CloudFormation(handler)
    monkeypatch.setattr(urllib3.PoolManager, "request", cloudformation.put)
    monkeypatch.setattr(waiting, "PAUSE_SECONDS", 0)

    def send(kind: str, request_type: str, properties: dict[str, str], milliseconds: int = PLENTY) -> dict[str, Any]:
        return cloudformation.ask(
            request_type,
            properties,
            physical_id="ep-data-quality",
            resource_type=f"Custom::Watchkeeper{kind}",
            milliseconds=milliseconds,
        )

    return send


def running(sagemaker: Stubber, **statuses: list[str]) -> None:
    """What is in progress, by status; each execution has a job."""
    for status in ("Pending", "InProgress", "Stopping"):
        moment = datetime(2024, 1, 3, 22, tzinfo=UTC)
        found = [
            {
                **OF_THE_SCHEDULE,
                "MonitoringExecutionStatus": status,
                "ProcessingJobArn": job,
                **dict.fromkeys(("ScheduledTime", "CreationTime", "LastModifiedTime"), moment),
            }
            for job in statuses.get(status, [])
        ]
        asked = OF_THE_SCHEDULE | {"StatusEquals": status}
        sagemaker.add_response("list_monitoring_executions", {"MonitoringExecutionSummaries": found}, asked)


def alerts(sagemaker: Stubber, *names: str) -> None:
    moment = datetime(2024, 1, 3, 22, tzinfo=UTC)
    found = [
        {
            "MonitoringAlertName": name,
            "CreationTime": moment,
            "LastModifiedTime": moment,
            "AlertStatus": "OK",
            "DatapointsToAlert": 1,
            "EvaluationPeriod": 1,
            "Actions": {},
        }
        for name in names
    ]
    sagemaker.add_response("list_monitoring_alerts", {"MonitoringAlertSummaries": found}, OF_THE_SCHEDULE)


def probed(sagemaker: Stubber, code: str, message: str) -> None:
    asked = {"MonitoringScheduleName": "ep-preflight", "MonitoringScheduleConfig": ANY}
    sagemaker.add_client_error("create_monitoring_schedule", code, message, expected_params=asked)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ValidationException"])
def test_an_account_that_only_misses_the_definition_may_go_on(sagemaker: Stubber, ask: Ask, code: str) -> None:
    probed(sagemaker, code, "Could not find the job definition.")
    assert ask("ModelMonitorAccess", "Create", {"Probe": "ep-preflight"})["Status"] == "SUCCESS"


def test_a_closed_account_is_told_what_to_do(sagemaker: Stubber, ask: Ask) -> None:
    probed(sagemaker, "AccessDeniedException", "Model Monitor takes no new customers.")
    answer = ask("ModelMonitorAccess", "Create", {"Probe": "ep-preflight"}, NOTHING)
    assert answer["Status"] == "FAILED"
    assert "Model Monitor takes no new customers" in answer["Reason"]
    assert "Use `runtime: auto`" in answer["Reason"]


def test_a_refusal_that_passes_is_none(sagemaker: Stubber, ask: Ask) -> None:
    """A role that has just been made is refused for some seconds."""
    probed(sagemaker, "AccessDeniedException", "is not authorized to perform")
    probed(sagemaker, "ResourceNotFound", "Could not find the job definition.")
    assert ask("ModelMonitorAccess", "Create", {"Probe": "ep-preflight"})["Status"] == "SUCCESS"


def test_a_probe_that_succeeds_leaves_nothing(sagemaker: Stubber, ask: Ask) -> None:
    sagemaker.add_response("create_monitoring_schedule", {"MonitoringScheduleArn": "arn:aws:sagemaker:::s"})
    sagemaker.add_response("delete_monitoring_schedule", {}, {"MonitoringScheduleName": "ep-preflight"})
    assert ask("ModelMonitorAccess", "Create", {"Probe": "ep-preflight"})["Status"] == "SUCCESS"


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_the_alert_gets_the_settings_of_the_alarm(sagemaker: Stubber, ask: Ask, request_type: str) -> None:
    alerts(sagemaker, "the-alert")
    sagemaker.add_response(
        "update_monitoring_alert",
        {"MonitoringScheduleArn": "arn:aws:sagemaker:::s", "MonitoringAlertName": "the-alert"},
        OF_THE_SCHEDULE | {"MonitoringAlertName": "the-alert", "DatapointsToAlert": 2, "EvaluationPeriod": 3},
    )
    answer = ask("ScheduleGuard", request_type, GUARD)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "ep-data-quality")


def test_a_schedule_is_deleted_when_its_executions_have_been_stopped(sagemaker: Stubber, ask: Ask) -> None:
    sagemaker.add_response("stop_monitoring_schedule", {}, OF_THE_SCHEDULE)
    running(sagemaker, InProgress=[JOB])
    sagemaker.add_response("stop_processing_job", {}, STOP)
    running(sagemaker, Stopping=[JOB])
    running(sagemaker)
    assert ask("ScheduleGuard", "Delete", GUARD)["Status"] == "SUCCESS"


def test_a_job_that_has_just_ended_needs_no_stopping(sagemaker: Stubber, ask: Ask) -> None:
    sagemaker.add_response("stop_monitoring_schedule", {}, OF_THE_SCHEDULE)
    running(sagemaker, InProgress=[JOB])
    sagemaker.add_client_error("stop_processing_job", "ValidationException", "The job is Completed.")
    running(sagemaker)
    assert ask("ScheduleGuard", "Delete", GUARD)["Status"] == "SUCCESS"


def test_executions_that_do_not_end_in_time_fail_the_deletion(sagemaker: Stubber, ask: Ask) -> None:
    sagemaker.add_response("stop_monitoring_schedule", {}, OF_THE_SCHEDULE)
    running(sagemaker, InProgress=[JOB])
    sagemaker.add_response("stop_processing_job", {}, STOP)
    answer = ask("ScheduleGuard", "Delete", GUARD, NOTHING)
    assert answer["Status"] == "FAILED"
    assert "1 executions of ep-data-quality are still in progress" in answer["Reason"]


def test_a_schedule_that_is_gone_is_no_hindrance(sagemaker: Stubber, ask: Ask) -> None:
    sagemaker.add_client_error("stop_monitoring_schedule", "ResourceNotFound", "Could not find schedule.")
    assert ask("ScheduleGuard", "Delete", GUARD)["Status"] == "SUCCESS"


def test_an_analysis_configuration_is_named_by_its_content(s3: Any, ask: Ask) -> None:
    prefix = f"s3://{BUCKET}/analysis-config/ep/model-bias/"
    given = [{"Prefix": prefix, "Document": json.dumps({"label": label})} for label in ("a", "b", "a")]
    uris = [ask("AnalysisConfig", "Update", properties)["Data"]["Uri"] for properties in given]
    assert uris[0] == uris[2] != uris[1]
    assert all(uri.startswith(prefix) and uri.endswith("/analysis_config.json") for uri in uris)
    stored = s3.get_object(Bucket=BUCKET, Key=uris[1].removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert json.loads(stored) == {"label": "b"}
    assert ask("AnalysisConfig", "Delete", given[1])["Status"] == "SUCCESS"
    assert s3.get_object(Bucket=BUCKET, Key=uris[1].removeprefix(f"s3://{BUCKET}/"))


def test_a_wrong_property_is_told(aws: None, ask: Ask) -> None:  # noqa: ARG001 - pytest's way to ask for a fixture
    answer = ask("ScheduleGuard", "Create", GUARD | {"EvaluationPeriod": "0"})
    assert answer["Status"] == "FAILED"
    assert "EvaluationPeriod" in answer["Reason"]
