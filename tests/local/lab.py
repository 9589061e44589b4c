"""Helpers that put small things into a local account."""

from __future__ import annotations

import io
import json
import sys
import textwrap
import zipfile
from collections.abc import Mapping
from typing import Any

from localaws.account import LocalAccount

ROLE = "arn:aws:iam::123456789012:role/r"


class Lab:
    """A local account with short ways to make and read things."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._functions: list[str] = []
        self._before = len(account.journal())

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def function(self, name: str, source: str, **more: Any) -> str:
        """Create a function from source text, and return its ARN."""
        self._functions.append(name)
        settings = {"Runtime": RUNTIME, "Handler": "index.handler", "Role": ROLE, **more}
        created = self.client("lambda").create_function(
            FunctionName=name, Code={"ZipFile": zipped(index=source)}, **settings
        )
        return str(created["FunctionArn"])

    def invoke(self, name: str, event: Any) -> tuple[Any, str | None]:
        """Invoke a function; return its answer and the kind of error."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.load(answer["Payload"]), answer.get("FunctionError")

    def send(self, name: str, event: Any) -> None:
        """Invoke a function asynchronously."""
        self.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))

    def queue(self, name: str) -> str:
        """Create a queue, and return its ARN."""
        url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def messages(self, queue_arn: str) -> list[dict[str, Any]]:
        """Take all messages from a queue, as SQS hands them out."""
        sqs, found = self.client("sqs"), []
        url = sqs.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
        ask = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while messages := sqs.receive_message(**ask).get("Messages"):
            for message in messages:
                found.append(message)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def bodies(self, queue_arn: str) -> list[Any]:
        """Take all messages from a queue, and return what they say."""
        return [json.loads(message["Body"]) for message in self.messages(queue_arn)]

    def rule(self, name: str, pattern: Mapping[str, Any], *targets: Mapping[str, Any]) -> None:
        """Create a rule with targets."""
        self.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.client("events").put_targets(Rule=name, Targets=numbered)

    def put_event(self, detail: Mapping[str, Any], source: str = "test") -> None:
        """Put an event on the default bus, and wait until it is delivered."""
        entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}
        (answer,) = self.client("events").put_events(Entries=[entry])["Entries"]
        assert "EventId" in answer, answer
        self.account.settle()

    def metric(self, name: str, value: float, **more: Any) -> None:
        """Put one value of a metric in the namespace "Test", and wait for what follows."""
        datum = {"MetricName": name, "Value": value, **more}
        self.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[datum])
        self.account.settle()

    def alarm(self, name: str, metric: str, **more: Any) -> None:
        """Create an alarm: above 1 in an hour."""
        definition = {
            "Namespace": "Test",
            "MetricName": metric,
            "Statistic": "Maximum",
            "Period": 3600,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        self.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**definition, **more})

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """Return what happened in this test."""
        return self.account.journal(kind, after=self._before - 1)

    def alarm_changes(self, name: str) -> list[tuple[str, str]]:
        """Return the (time, state) of an alarm's transitions."""
        return [(one["time"], one["detail"]["state"]) for one in self.journal("alarm") if one["subject"] == name]

    def clean(self) -> None:
        """Delete functions, rules and alarms."""
        for name in self._functions:
            self.client("lambda").delete_function(FunctionName=name)
        for rule in self.client("events").list_rules()["Rules"]:
            targets = self.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
            if targets:
                self.client("events").remove_targets(Rule=rule["Name"], Ids=[target["Id"] for target in targets])
            self.client("events").delete_rule(Name=rule["Name"])
        for kind, alarms in self.client("cloudwatch").describe_alarms(AlarmTypes=ALARM_TYPES).items():
            if kind in ("MetricAlarms", "CompositeAlarms"):
                self.client("cloudwatch").delete_alarms(AlarmNames=[alarm["AlarmName"] for alarm in alarms])
        for schedule in self.client("scheduler").list_schedules()["Schedules"]:
            self.client("scheduler").delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])


ALARM_TYPES = ["MetricAlarm", "CompositeAlarm"]

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""The Lambda runtime that this interpreter can run."""


def zipped(**modules: str) -> bytes:
    """Return a zip with the given modules."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, source in modules.items():
            archive.writestr(f"{name}.py", textwrap.dedent(source))
    return content.getvalue()
