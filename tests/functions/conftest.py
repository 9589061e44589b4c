from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from functions.analyzer.__main__ import main
from functions.common import clients
from functions.common.contract import Engine, Manifest, RunSpec, Status, WorstFeature
from functions.common.storage import split_uri
from monitoring_core.spec import DataQualitySpec, SchemaSpec

from .job_tree import mount

BUCKET = "watch-bucket"
ENDPOINT = "flights-prod"
SCHEDULE = "flights-prod-data-quality"


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a handler, as far as Powertools reads it."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:function"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"core": {"reset_boto3_session": False}}):  # a session reads what is known of a service once
        clients.client.cache_clear()
        clients.table.cache_clear()
        yield


@pytest.fixture
def s3(aws: None) -> Any:  # noqa: ARG001 - pytest's way to ask for a fixture
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def run_spec() -> RunSpec:
    return RunSpec(
        endpoint=ENDPOINT,
        monitor="data-quality",
        schedule=SCHEDULE,
        bucket=BUCKET,
        capture_prefix=f"s3://{BUCKET}/capture/{ENDPOINT}/",
        period_seconds=3600,
        spec=DataQualitySpec(columns=SchemaSpec(outputs=("late",), features=("temp", "origin"))),
        report_title="Flights",
    )


def capture_line(at: datetime, row: str, answer: str, event_id: str = "") -> bytes:
    """One capture record in Amazon's form, of an event of its own unless it is named."""
    record = {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": row, "encoding": "CSV"},
            "endpointOutput": {"observedContentType": "text/csv", "mode": "OUTPUT", "data": answer, "encoding": "CSV"},
        },
        "eventMetadata": {
            "eventId": event_id or str(uuid4()),
            "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        },
        "eventVersion": "0",
    }
    return json.dumps(record).encode() + b"\n"


@pytest.fixture
def put_capture(s3: Any) -> Callable[..., str]:
    """Write a capture object begun at a moment, one record a second; return its key."""

    def put(
        begun: datetime,
        rows: list[str],
        *,
        extra: bytes = b"",
        endpoint: str = ENDPOINT,
        variant: str = "AllTraffic",
        first: datetime | None = None,
        event_id: str = "",
    ) -> str:
        key = f"capture/{endpoint}/{variant}/{begun:%Y/%m/%d/%H/%M-%S}-000-{abs(hash((begun, variant))):x}.jsonl"
        lines = [
            capture_line((first or begun) + timedelta(seconds=i), row, answer=str(i % 2), event_id=event_id)
            for i, row in enumerate(rows)
        ]
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"".join(lines) + extra)
        return key

    return put


@pytest.fixture
def alarm_change() -> Callable[..., dict[str, Any]]:
    """Build an alarm event in Amazon's shape (contract 8.3)."""

    def build(
        value: str = "ALARM",
        *,
        at: datetime,
        before: str = "OK",
        before_at: datetime | None = None,
        alarm: str = f"{SCHEDULE}-violations",
        before_reason: str = "",
    ) -> dict[str, Any]:
        dimensions = {"Endpoint": ENDPOINT, "MonitoringSchedule": SCHEDULE}
        metric = {"namespace": "Watchkeeper", "name": "Violations", "dimensions": dimensions}
        return {
            "version": "0",
            "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": "111122223333",
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "region": "us-east-1",
            "resources": [f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{alarm}"],
            "detail": {
                "alarmName": alarm,
                "configuration": {
                    "description": "Violated constraints",
                    "metrics": [
                        {
                            "id": "m1",
                            "metricStat": {"metric": metric, "period": 3600, "stat": "Maximum"},
                            "returnData": True,
                        }
                    ],
                },
                "previousState": {"value": before, "reason": before_reason, "timestamp": aws_time(before_at or at)},
                "state": {
                    "value": value,
                    "reason": "Threshold Crossed: 1 out of the last 1 datapoints [2.0] was greater than the threshold",
                    "reasonData": "{}",
                    "timestamp": aws_time(at),
                },
            },
        }

    return build


def aws_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"


@pytest.fixture
def put_manifest(s3: Any, run_spec: RunSpec) -> Callable[..., str]:
    """Write the manifest of a run over the hour before `end`; return its URI."""

    def put(end: datetime, **fields: Any) -> str:
        window = run_spec.grid.ending_by(end)
        worst = WorstFeature(
            feature="temp", check="baseline_drift_check", value=0.91, limit=0.65, description="Baseline drift ..."
        )
        given: dict[str, Any] = {
            "status": Status.COMPLETED_WITH_VIOLATIONS,
            "rows": 913,
            "quarantined": 0,
            "violations": 2,
            "drift_excess": 1.4,
            "worst": (worst,),
            "report": f"{run_spec.report_prefix(window)}report.html",
        }
        manifest = Manifest(
            run_id=run_spec.run_id(window),
            endpoint=ENDPOINT,
            monitor=run_spec.monitor,
            schedule=SCHEDULE,
            window=window,
            engine=Engine.FUNCTION,
            engine_reason="",
            **given | fields,
        )
        uri = f"{run_spec.report_prefix(window)}manifest.json"
        s3.put_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"), Body=manifest.model_dump_json().encode())
        return uri

    return put


@pytest.fixture
def inbox(aws: None) -> Inbox:  # noqa: ARG001 - pytest's way to ask for a fixture
    """A topic, and what was sent to it."""
    topic = boto3.client("sns").create_topic(Name="people")["TopicArn"]
    queue = boto3.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return Inbox(topic, queue)


@dataclass(frozen=True)
class Inbox:
    topic_arn: str
    queue_url: str

    def messages(self) -> list[tuple[str, str]]:
        """Subject and text of every message so far."""
        return [(body["Subject"], body["Message"]) for body in self.bodies()]

    def attributes(self) -> list[dict[str, str]]:
        """What subscriptions choose the messages by."""
        return [{name: one["Value"] for name, one in body["MessageAttributes"].items()} for body in self.bodies()]

    def bodies(self) -> list[dict[str, Any]]:
        """Every message so far, as SNS hands it on."""
        found: list[dict[str, Any]] = []
        while True:
            answer = boto3.client("sqs").receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            found += [json.loads(message["Body"]) for message in answer["Messages"]]


@pytest.fixture
def run_job(s3: Any) -> Callable[[dict[str, Any], Path, int], list[str]]:  # noqa: ARG001 - the bucket
    """Run the job of a pass on so many machines; return what each said at its end."""
    return _run_job


def _run_job(item: dict[str, Any], folder: Path, hosts: int) -> list[str]:
    """Run the job of a pass, one machine after the other; return what each said at its end."""
    names, said = [f"algo-{n + 1}" for n in range(hosts)], []
    for host, name in enumerate(names):
        root = folder / name / "opt" / "ml"
        mount(item["job"]["inputs"], root, host, hosts)
        config = root / "config" / "resourceconfig.json"
        config.parent.mkdir(parents=True)
        config.write_text(json.dumps({"current_host": name, "hosts": names}))
        assert main({"output_message_file": str(root / "output" / "message")}, ["fold"]) == 0
        said.append((root / "output" / "message").read_text())
        for path in (root / "processing" / "output").iterdir():
            bucket, key = split_uri(item["job"]["output"] + path.name)
            clients.client("s3").put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    return said


@pytest.fixture
def notify_settings(monkeypatch: pytest.MonkeyPatch, s3: Any, inbox: Inbox) -> None:  # noqa: ARG001 - a fixture
    """What `notify` finds in its environment, and the table of what it has told."""
    boto3.client("dynamodb").create_table(
        TableName="told",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for name, value in {
        "BUCKET": BUCKET,
        "ENDPOINT": ENDPOINT,
        "TOPIC_ARN": inbox.topic_arn,
        "IDEMPOTENCY_TABLE": "told",
        "RUNBOOK_URL": "https://example.com/runbook.md",
    }.items():
        monkeypatch.setenv(name, value)
