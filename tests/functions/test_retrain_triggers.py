"""What else than an alarm's event asks for a retraining, and what stands against one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from pydantic import ValidationError

from functions.common import clients
from functions.common.contract import Diagnosed, LabelCounts, RunSpec, Status
from functions.ledger.chain import is_seal
from functions.retrain.handler import handler
from monitoring_core.diagnosis.findings import Kind

BUCKET, PIPELINE, TABLE = "watch-bucket", "flights-prod-retraining", "incidents"
DATA, QUALITY = "flights-prod-data-quality", "flights-prod-model-quality"
RAISED = datetime(2013, 4, 1, 13, 11, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Build = Callable[..., Any]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, s3: Any, inbox: Any) -> None:  # noqa: ARG001 - a fixture
    keys = {"endpoint": "HASH", "incident_id": "RANGE"}
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("sagemaker").create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": []}),
        ClientRequestToken="0" * 32,
        RoleArn="arn:aws:iam::111122223333:role/pipeline",
    )
    alarms = {
        f"{DATA}-violations": {"schedule": DATA, "kind": "data-quality"},
        f"{QUALITY}-violations": {"schedule": QUALITY, "kind": "model-quality"},
    }
    for name, value in {
        "BUCKET": BUCKET,
        "ENDPOINT": "flights-prod",
        "INCIDENT_TABLE": TABLE,
        "PIPELINE_NAME": PIPELINE,
        "ALARMS": json.dumps(alarms),
        "COOLDOWN_SECONDS": "0",
        "TOPIC_ARN": inbox.topic_arn,
    }.items():
        monkeypatch.setenv(name, value)


def executions() -> list[dict[str, Any]]:
    answer = boto3.client("sagemaker").list_pipeline_executions(PipelineName=PIPELINE)
    return list(answer["PipelineExecutionSummaries"])


def manual(number: int, at: datetime = RAISED) -> dict[str, str]:
    return {"trigger": "manual", "id": f"request-{number}", "at": at.isoformat(), "reason": "new suppliers"}


def put_alarm(state: str, name: str = f"{DATA}-violations") -> None:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="Violations",
        Namespace="Watchkeeper",
        Period=3600,
        Statistic="Maximum",
        Threshold=0,
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="1 of 1 datapoints")


def reconcile(at: datetime) -> dict[str, str]:
    return {"trigger": "reconcile", "scheduled_time": at.isoformat()}


def test_a_person_asks_once_however_often_the_request_is_sent(inbox: Any, context: Any) -> None:
    for _ in range(2):
        assert handler(manual(1), context)["decision"] == "started"
    assert len(executions()) == 1
    [(_, text)] = inbox.messages()
    assert "new suppliers" in text


def test_a_schedule_retrains_and_waits_for_nothing(context: Any) -> None:
    event = {"trigger": "schedule", "scheduled_time": "2013-04-01T00:00:00Z"}
    answer = handler(event, context)
    assert (answer["incident_id"], answer["decision"]) == ("schedule@2013-04-01T00:00:00Z", "started")
    assert answer["status"] == "closed"


def test_a_request_that_is_none_of_the_forms_is_refused(context: Any) -> None:
    with pytest.raises(ValidationError, match="trigger"):
        handler({"trigger": "now"}, context)


def test_a_run_with_violations_asks_where_runs_are_listened_to(context: Any) -> None:
    window = {"start": "2013-04-01T00:00:00Z", "end": "2013-04-01T01:00:00Z"}
    detail = {
        "endpoint": "flights-prod",
        "monitor": "data-quality",
        "schedule": DATA,
        "run_id": "r",
        "window": window,
        "revision": 1,
        "status": "CompletedWithViolations",
        "violations": 1,
        "rows": 10,
        "drift_excess": 2.0,
        "worst": [],
        "report": None,
        "manifest": None,
        "reason": "",
    }
    event = {"detail-type": "Monitor Run Completed", "detail": detail}
    assert handler(event, context)["decision"] == "started"
    assert handler(event | {"detail": detail | {"status": "Completed"}}, context) == {}


def test_an_alarm_whose_event_was_lost_is_found_and_closed_again(inbox: Any, context: Any) -> None:
    put_alarm("ALARM")
    now = datetime.now(UTC)
    handler(reconcile(now), context)
    handler(reconcile(now + HOUR), context)
    assert len(executions()) == 1
    assert len(inbox.messages()) == 1

    put_alarm("OK")
    handler(reconcile(now + 2 * HOUR), context)
    [incident] = [one for one in scan() if one["incident_id"] != "lock"]
    assert (incident["status"], incident["outcome"]) == ("closed", "registered")


def scan() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = boto3.resource("dynamodb").Table(TABLE).scan()["Items"]
    return items


def test_the_event_that_comes_after_the_poll_is_the_same_incident(alarm_change: Build, context: Any) -> None:
    put_alarm("ALARM")
    handler(reconcile(datetime.now(UTC)), context)
    [alarm] = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    late = alarm_change(at=alarm["StateUpdatedTimestamp"].astimezone(UTC) + timedelta(seconds=1))
    assert handler(late, context)["incident_id"].startswith(f"{DATA}-violations@")
    assert len(executions()) == 1


def test_broken_data_veto_until_they_are_mended(
    alarm_change: Build, put_manifest: Build, inbox: Any, s3: Any, context: Any
) -> None:
    broken = Diagnosed(kind=Kind.PIPELINE_BUG, sentence="temp: its values are those of the baseline multiplied by 1000")
    manifest = put_manifest(RAISED.replace(minute=0, second=0), diagnosis=broken)
    answer = handler(alarm_change(at=RAISED), context)
    assert answer["decision"] == "vetoed"
    assert "multiplied by 1000" in answer["reason"]
    assert executions() == []
    [(subject, text)] = inbox.messages()
    assert subject == "flights-prod: no retraining: it would not help"
    assert "It is decided again while the alarm lasts" in text
    key = f"retraining/flights-prod/{answer['incident_id']}/decisions/vetoed.json"
    evidence = json.load(s3.get_object(Bucket=BUCKET, Key=key)["Body"])
    assert (evidence["decision"], evidence["decision_reason"]) == ("vetoed", answer["reason"])
    assert evidence["manifest"] == manifest
    assert is_seal(key)


def test_a_veto_lasts_until_the_alarm_ends_though_its_cause_is_mended(
    alarm_change: Build, put_manifest: Build, inbox: Any, context: Any
) -> None:
    broken = Diagnosed(kind=Kind.PIPELINE_BUG, sentence="temp: its values are those of the baseline multiplied by 1000")
    hour = RAISED.replace(minute=0, second=0)
    put_manifest(hour, diagnosis=broken)
    put_alarm("ALARM")
    [alarm] = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert handler(alarm_change(at=alarm["StateUpdatedTimestamp"].astimezone(UTC)), context)["decision"] == "vetoed"
    put_manifest(hour + HOUR, status=Status.COMPLETED, violations=0, worst=())
    for hours in range(2, 5):
        handler(reconcile(datetime.now(UTC) + hours * HOUR), context)
    assert executions() == []
    assert len(inbox.messages()) == 1


def test_bad_answers_to_broken_data_are_vetoed_when_their_labels_come_after_the_mending(
    alarm_change: Build, put_manifest: Build, run_spec: RunSpec, s3: Any, context: Any
) -> None:
    broken = Diagnosed(kind=Kind.PIPELINE_BUG, sentence="temp: 100.0% of its values are missing")
    hour = RAISED.replace(minute=0, second=0)
    uri = put_manifest(hour - HOUR, diagnosis=broken)
    put_manifest(hour, status=Status.COMPLETED, violations=0, worst=())
    written = s3.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read().decode()
    quality = run_spec.model_copy(update={"monitor": "model-quality", "schedule": QUALITY})
    key = f"{quality.report_prefix(run_spec.grid.ending_by(hour - HOUR))}manifest.json".removeprefix(f"s3://{BUCKET}/")
    body = json.loads(written) | {"schedule": QUALITY, "monitor": "model-quality", "diagnosis": None}
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())
    event = json.dumps(alarm_change(at=RAISED)).replace(DATA, QUALITY)
    answer = handler(json.loads(event), context)
    assert answer["decision"] == "vetoed"
    assert "temp: 100.0% of its values are missing" in answer["reason"]


def test_a_drift_of_the_population_that_is_over_stands_against_no_other_alarm(
    alarm_change: Build, put_manifest: Build, monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    monkeypatch.setenv("DRY_RUN", "true")
    hour = RAISED.replace(minute=0, second=0)
    put_manifest(hour, diagnosis=Diagnosed(kind=Kind.POPULATION_SHIFT, sentence=""))
    put_manifest(hour + HOUR, status=Status.COMPLETED, violations=0, worst=())
    handler(alarm_change(at=RAISED), context)
    answer = handler(alarm_change(at=RAISED + 2 * HOUR, alarm=f"{QUALITY}-violations"), context)
    assert answer["decision"] == "dry-run"


def test_model_quality_waits_while_the_data_are_in_question(
    alarm_change: Build, monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    monkeypatch.setenv("COOLDOWN_SECONDS", str(3 * 86_400))
    handler(alarm_change(at=RAISED), context)
    answer = handler(alarm_change(at=RAISED + HOUR, alarm=f"{QUALITY}-violations"), context)
    assert answer["decision"] == "vetoed"
    assert f"the data-quality incident {DATA}-violations@" in answer["reason"]


def test_too_few_labels_are_waited_for(
    alarm_change: Build, put_manifest: Build, monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    monkeypatch.setenv("MIN_LABELS", "100")
    monkeypatch.setenv("LABELLED_SCHEDULE", DATA)
    counts = LabelCounts(
        events=5, matched=4, coverage=0.8, duplicates=0, late=0, labels_without_event=0, digest="0" * 16
    )
    end = RAISED.replace(minute=0, second=0)
    for hours in range(2):
        put_manifest(end - hours * HOUR, labels=counts, rows=40)
    answer = handler(alarm_change(at=RAISED), context)
    assert (answer["decision"], answer["reason"]) == (
        "too-few-labels",
        "80 labelled rows are at hand, 100 are needed",
    )
    put_manifest(end - 2 * HOUR, labels=counts, rows=40)
    assert handler(alarm_change(at=RAISED + HOUR), context)["decision"] == "started"


def test_the_months_budget_is_kept(alarm_change: Build, monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
    monkeypatch.setenv("MONTHLY_BUDGET", "25")
    monkeypatch.setenv("EXPECTED_COST", "10")
    decisions = [handler(alarm_change(at=RAISED + k * HOUR), context)["decision"] for k in range(3)]
    assert decisions == ["started", "started", "over-budget"]
    assert handler(alarm_change(at=RAISED + 30 * DAY), context)["decision"] == "started"


def test_the_end_of_a_pipeline_is_noted_on_its_incident(alarm_change: Build, context: Any) -> None:
    handler(alarm_change(at=RAISED), context)
    [execution] = executions()
    detail = {"pipelineExecutionArn": execution["PipelineExecutionArn"], "currentPipelineExecutionStatus": "Failed"}
    backend = get_backend("sagemaker")["123456789012"]["us-east-1"]
    held = backend.pipelines[PIPELINE].pipeline_executions[execution["PipelineExecutionArn"]]
    held.pipeline_execution_status = "Failed"
    event = {"detail-type": "SageMaker Model Building Pipeline Execution Status Change", "detail": detail}
    handler(event, context)
    [incident] = [one for one in scan() if one["incident_id"] != "lock"]
    assert incident["outcome"] == "failed"
    other = event | {"detail": detail | {"pipelineExecutionArn": execution["PipelineExecutionArn"][:-1]}}
    assert handler(other, context) == {}


def test_a_pipeline_of_another_make_gets_its_own_parameter_names(
    alarm_change: Build, monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    monkeypatch.setenv("PARAMETER_NAMES", '{"IncidentId": "Ticket", "WindowEnd": ""}')
    asked: list[dict[str, Any]] = []

    def record(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    events = clients.client("sagemaker").meta.events
    events.register("provide-client-params.sagemaker.StartPipelineExecution", record)
    handler(alarm_change(at=RAISED), context)
    events.unregister("provide-client-params.sagemaker.StartPipelineExecution", record)
    assert {p["Name"] for p in asked[0]["PipelineParameters"]} == {"Ticket", "EvidenceUri"}
