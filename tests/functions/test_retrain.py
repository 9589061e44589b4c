from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import combinations, count
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.backends import get_backend
from moto.dynamodb.responses import DynamoHandler

from functions.common import clients
from functions.retrain.handler import handler
from functions.retrain.incidents import LOCK
from monitoring_core.errors import ConfigError

BUCKET, PIPELINE, TABLE = "watch-bucket", "flights-prod-retraining", "incidents"
WATCHED = {"flights-prod-data-quality-violations": {"schedule": "flights-prod-data-quality", "kind": "data-quality"}}
RAISED = datetime(2013, 4, 1, 13, 11, 40, tzinfo=UTC)
INCIDENT = "flights-prod-data-quality-violations@2013-04-01T13:11:40.000+0000"
DAY = timedelta(days=1)
Build = Callable[..., Any]


class CrashError(Exception):
    """The function is killed."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, s3: Any, inbox: Any) -> None:  # noqa: ARG001 - a fixture
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "endpoint", "KeyType": "HASH"},
            {"AttributeName": "incident_id", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "endpoint", "AttributeType": "S"},
            {"AttributeName": "incident_id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("sagemaker").create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": []}),
        ClientRequestToken="0" * 32,
        RoleArn="arn:aws:iam::111122223333:role/pipeline",
    )
    for name, value in {
        "BUCKET": BUCKET,
        "ENDPOINT": "flights-prod",
        "INCIDENT_TABLE": TABLE,
        "PIPELINE_NAME": PIPELINE,
        "PIPELINE_PARAMETERS": '{"ModelPackageGroup": "flights"}',
        "ALARMS": json.dumps(WATCHED),
        "COOLDOWN_SECONDS": str(3 * 86_400),
        "TOPIC_ARN": inbox.topic_arn,
    }.items():
        monkeypatch.setenv(name, value)


def item(incident_id: str = INCIDENT, endpoint: str = "flights-prod") -> dict[str, Any]:
    key = {"endpoint": endpoint, "incident_id": incident_id}
    found: dict[str, Any] = boto3.resource("dynamodb").Table(TABLE).get_item(Key=key).get("Item", {})
    return found


def executions() -> list[str]:
    answer = boto3.client("sagemaker").list_pipeline_executions(PipelineName=PIPELINE)
    return [execution["PipelineExecutionArn"] for execution in answer["PipelineExecutionSummaries"]]


@pytest.fixture
def starts() -> Iterator[list[dict[str, Any]]]:
    """Parameters of every StartPipelineExecution that SageMaker answered."""
    asked: list[dict[str, Any]] = []

    def record(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    events = clients.client("sagemaker").meta.events
    events.register("provide-client-params.sagemaker.StartPipelineExecution", record)
    yield asked
    events.unregister("provide-client-params.sagemaker.StartPipelineExecution", record)


def test_an_alarm_starts_the_pipeline_with_its_evidence(
    alarm_change: Build, put_manifest: Build, inbox: Any, starts: list[dict[str, Any]], context: Any
) -> None:
    manifest = put_manifest(datetime(2013, 4, 1, 13, tzinfo=UTC))
    assert handler(alarm_change(at=RAISED), context)["decision"] == "started"
    [asked] = starts
    assert {p["Name"]: p["Value"] for p in asked["PipelineParameters"]} == {
        "ModelPackageGroup": "flights",
        "IncidentId": INCIDENT,
        "EvidenceUri": f"s3://{BUCKET}/retraining/flights-prod/{INCIDENT}/decisions/started.json",
        "WindowEnd": "2013-04-01T13:00:00Z",
    }
    key = f"retraining/flights-prod/{INCIDENT}/decisions/started.json"
    evidence = json.load(boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"])
    assert (evidence["manifest"], evidence["run"]["worst"][0]["feature"]) == (manifest, "temp")
    found = item()
    assert (found["status"], found["decision"], found["opened_at"]) == ("open", "started", "2013-04-01T13:11:40Z")
    assert [found["execution_arn"]] == executions()
    [(subject, text)] = inbox.messages()
    assert subject == "flights-prod: retraining started"
    assert found["execution_arn"] in text


def test_a_challenger_has_to_beat_the_model_that_was_promoted(
    alarm_change: Build, starts: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    artifact = "s3://watch-bucket/retraining/flights-prod/e1/train/job/output/model.tar.gz"
    sagemaker, name = boto3.client("sagemaker"), "/watchkeeper/flights-prod/champion"
    sagemaker.create_model_package_group(ModelPackageGroupName="flights-prod")
    version = sagemaker.create_model_package(
        ModelPackageGroupName="flights-prod",
        InferenceSpecification={
            "Containers": [{"Image": "i", "ModelDataUrl": artifact}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    boto3.client("ssm").put_parameter(Name=name, Value=json.dumps({"package": version}), Type="String")
    monkeypatch.setenv("CHAMPION_PARAMETER", name)
    handler(alarm_change(at=RAISED), context)
    [asked] = starts
    assert {"Name": "ChampionModelUri", "Value": artifact} in asked["PipelineParameters"]


@pytest.mark.parametrize("champion", [None, {"package": "", "model_name": "declared"}])
def test_before_any_promotion_it_has_to_beat_the_declared_model(
    champion: dict[str, str] | None,
    alarm_change: Build,
    starts: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    context: Any,
) -> None:
    name = "/watchkeeper/flights-prod/champion"
    monkeypatch.setenv("CHAMPION_PARAMETER", name)
    if champion:
        boto3.client("ssm").put_parameter(Name=name, Value=json.dumps(champion), Type="String")
    handler(alarm_change(at=RAISED), context)
    [asked] = starts
    assert "ChampionModelUri" not in {one["Name"] for one in asked["PipelineParameters"]}


def test_a_duplicate_starts_and_tells_nothing(alarm_change: Build, inbox: Any, context: Any) -> None:
    for _ in range(3):
        handler(alarm_change(at=RAISED), context)
    assert len(executions()) == 1
    assert len(inbox.messages()) == 1


def test_a_second_incident_within_the_cooldown_only_tells(alarm_change: Build, inbox: Any, context: Any) -> None:
    handler(alarm_change(at=RAISED), context)
    assert handler(alarm_change(at=RAISED + DAY), context)["decision"] == "cooldown"
    assert handler(alarm_change(at=RAISED + 3 * DAY), context)["decision"] == "started"
    assert len(executions()) == 2
    assert sorted(subject for subject, _ in inbox.messages()) == [
        "flights-prod: no retraining: cooldown",
        "flights-prod: retraining started",
        "flights-prod: retraining started",
    ]


def test_a_running_pipeline_is_not_joined(alarm_change: Build, context: Any) -> None:
    answer = boto3.client("sagemaker").start_pipeline_execution(PipelineName=PIPELINE, ClientRequestToken="1" * 32)
    arn = answer["PipelineExecutionArn"]
    backend = get_backend("sagemaker")["123456789012"]["us-east-1"]
    backend.pipelines[PIPELINE].pipeline_executions[arn].pipeline_execution_status = "Executing"
    assert handler(alarm_change(at=RAISED), context)["decision"] == "in-flight"
    assert executions() == [arn]
    assert arn in item()["reason"]


def test_a_dry_run_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, alarm_change: Build, inbox: Any, context: Any
) -> None:
    monkeypatch.setenv("DRY_RUN", "true")
    assert handler(alarm_change(at=RAISED), context)["decision"] == "dry-run"
    assert executions() == []
    assert [subject for subject, _ in inbox.messages()] == ["flights-prod: dry run: retraining would start"]


@pytest.mark.parametrize("first", ["ALARM", "OK"])
def test_back_to_ok_closes_the_incident_in_whatever_order_the_events_come(
    first: str, alarm_change: Build, context: Any
) -> None:
    events = {
        "ALARM": alarm_change(at=RAISED),
        "OK": alarm_change("OK", at=RAISED + DAY, before="ALARM", before_at=RAISED),
    }
    for name in sorted(events, key=lambda name: name != first):
        handler(events[name], context)
    found = item()
    assert (found["status"], found["closed_at"], found["decision"]) == ("closed", "2013-04-02T13:11:40Z", "started")
    assert len(executions()) == 1


def test_a_first_datapoint_is_no_incident(alarm_change: Build, context: Any) -> None:
    assert handler(alarm_change("OK", at=RAISED, before="INSUFFICIENT_DATA"), context) == {}
    assert item() == {}


def test_parameters_that_are_no_json_are_named(
    monkeypatch: pytest.MonkeyPatch, alarm_change: Build, context: Any
) -> None:
    monkeypatch.setenv("PIPELINE_PARAMETERS", "group=flights")
    with pytest.raises(ConfigError, match="PIPELINE_PARAMETERS: Invalid JSON"):
        handler(alarm_change(at=RAISED), context)


class Killer:
    """Kills the function right before or right after its n-th write."""

    WRITES = (
        "dynamodb.TransactWriteItems",
        "dynamodb.UpdateItem",
        "s3.PutObject",
        "sagemaker.StartPipelineExecution",
        "sns.Publish",
    )

    def __init__(self, at: int, *, after: bool) -> None:
        self._at, self._moment = at, "after-call" if after else "before-call"
        self._seen = 0

    def _strike(self, **_: Any) -> None:
        self._seen += 1
        if self._seen == self._at:
            raise CrashError

    def _buses(self) -> list[Any]:
        named = [clients.client(name).meta.events for name in ("s3", "sagemaker", "sns")]
        return [*named, clients.table(TABLE).meta.client.meta.events]

    def __enter__(self) -> None:
        for bus in self._buses():
            for write in self.WRITES:
                bus.register(f"{self._moment}.{write}", self._strike)

    def __exit__(self, *_: object) -> None:
        for bus in self._buses():
            for write in self.WRITES:
                bus.unregister(f"{self._moment}.{write}", self._strike)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_crash_at_any_write_is_finished_by_the_redelivered_event(
    at: int, after: bool, alarm_change: Build, starts: list[dict[str, Any]], inbox: Any, context: Any
) -> None:
    with Killer(at, after=after), pytest.raises(CrashError):
        handler(alarm_change(at=RAISED), context)
    handler(alarm_change(at=RAISED), context)
    handler(alarm_change(at=RAISED), context)
    assert len({asked["ClientRequestToken"] for asked in starts}) == 1
    assert all(asked["PipelineParameters"] == starts[0]["PipelineParameters"] for asked in starts)
    assert item()["execution_arn"] in executions()
    assert len(inbox.messages()) >= 1


@pytest.fixture
def serial_dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB is serialisable; moto, which restores whole tables after a failed transaction, is only one by one."""
    lock, call = threading.Lock(), DynamoHandler.call_action

    def one_by_one(self: DynamoHandler) -> Any:
        with lock:
            return call(self)

    monkeypatch.setattr(DynamoHandler, "call_action", one_by_one)


OTHER = "flights-prod-model-quality-violations"


def test_an_alarm_that_is_decided_meanwhile_counts_for_the_cooldown(alarm_change: Build, context: Any) -> None:
    """The second alarm is handled from its beginning to its end between the first one's check and its claim."""
    events = clients.table(TABLE).meta.client.meta.events
    second: list[dict[str, str]] = []

    def interfere(**_: Any) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", interfere)
        second.append(handler(alarm_change(at=RAISED, alarm=OTHER), context))

    events.register("before-call.dynamodb.TransactWriteItems", interfere)
    first = handler(alarm_change(at=RAISED), context)
    assert (first["decision"], [answer["decision"] for answer in second]) == ("cooldown", ["started"])
    assert len(executions()) == 1


@pytest.mark.usefixtures("serial_dynamodb")
@pytest.mark.parametrize("same", [True, False], ids=["one alarm twice", "different alarms"])
def test_simultaneous_alarms_start_one_execution(
    same: bool, alarm_change: Build, starts: list[dict[str, Any]], context: Any
) -> None:
    together = threading.Barrier(4)
    alarms = [f"flights-prod-{'same' if same else n}-violations" for n in range(together.parties)]

    def deliver(alarm: str) -> str:
        together.wait()
        return str(handler(alarm_change(at=RAISED, alarm=alarm), context)["decision"])

    with ThreadPoolExecutor(together.parties) as pool:
        decisions = sorted(pool.map(deliver, alarms))
    assert decisions == (["started"] * 4 if same else ["cooldown"] * 3 + ["started"])
    # SageMaker starts one execution for one token, however often it is asked; moto does not know tokens
    assert len({asked["ClientRequestToken"] for asked in starts}) == 1


_endpoints = count()
_deliveries = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["ALARM", "OK"]), st.integers(0, 8), st.booleans()), max_size=14
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=_deliveries)
def test_exactly_one_retraining_per_incident_under_duplicates_reordering_and_crashes(
    monkeypatch: pytest.MonkeyPatch,
    alarm_change: Build,
    starts: list[dict[str, Any]],
    context: Any,
    deliveries: list[tuple[int, str, int, bool]],
) -> None:
    endpoint = f"endpoint-{next(_endpoints)}"
    monkeypatch.setenv("ENDPOINT", endpoint)
    starts.clear()
    for incident, value, kill_at, after in deliveries:
        opened = RAISED + incident * DAY
        event = (
            alarm_change(at=opened)
            if value == "ALARM"
            else alarm_change("OK", at=opened + DAY / 2, before="ALARM", before_at=opened)
        )
        if kill_at:
            try:
                with Killer(kill_at, after=after):
                    handler(event, context)
            except CrashError:
                pass
        handler(event, context)  # the event is delivered until the function succeeds

    found = boto3.resource("dynamodb").Table(TABLE).query(KeyConditionExpression=Key("endpoint").eq(endpoint))["Items"]
    held = [one for one in found if one["incident_id"] != LOCK]
    started = [found for found in held if found.get("decision") == "started"]
    assert {asked["ClientRequestToken"] for asked in starts} == {found["client_request_token"] for found in started}
    assert all("execution_arn" in found for found in started)
    times = [datetime.fromisoformat(found["opened_at"]) for found in started]
    assert all(abs(one - other) >= 3 * DAY for one, other in combinations(times, 2))
    alarms = {incident for incident, value, *_ in deliveries if value == "ALARM"}
    assert len([found for found in held if "decision" in found]) == len(alarms)
    assert bool(started) == bool(alarms)
    closed = {incident for incident, value, *_ in deliveries if value == "OK"}
    assert len([found for found in held if found["status"] == "closed"]) == len(closed)
