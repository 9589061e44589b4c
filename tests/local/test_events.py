"""Events reach what their rules name, in Amazon's form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.lab import Lab

RECORDER = "def handler(event, context):\n    print('RECEIVED', __import__('json').dumps(event))"


def received(lab: Lab, function: str) -> list[Any]:
    lines = lab.account.logs(function)
    return [json.loads(line.removeprefix("RECEIVED ")) for line in lines if line.startswith("RECEIVED ")]


def test_a_rule_hands_the_event_to_functions_queues_and_topics(lab: Lab) -> None:
    function, queue = lab.function("recorder", RECORDER), lab.queue("events")
    topic = lab.client("sns").create_topic(Name="events")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ml@example.com")
    lab.rule("all", {"source": ["test"]}, {"Arn": function}, {"Arn": queue}, {"Arn": topic})
    lab.put_event({"n": 1})
    (event,) = received(lab, "recorder")
    assert lab.bodies(queue) == [event]
    assert [json.loads(one["message"]) for one in lab.account.messages() if one["topic"] == topic] == [event]
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Test",
        "source": "test",
        "account": "123456789012",
        "time": lab.account.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [],
        "detail": {"n": 1},
    }


def test_a_rule_sends_only_what_its_pattern_takes(lab: Lab) -> None:
    queue = lab.queue("picky")
    lab.rule("picky", {"detail": {"n": [{"numeric": [">", 1]}], "name": [{"prefix": "flights-"}]}}, {"Arn": queue})
    for detail in ({"n": 2, "name": "flights-a"}, {"n": 1, "name": "flights-b"}, {"n": 2, "name": "other"}, {"n": 2}):
        lab.put_event(detail)
    assert [body["detail"] for body in lab.bodies(queue)] == [{"n": 2, "name": "flights-a"}]


def test_a_pattern_with_an_unknown_operator_is_refused(lab: Lab) -> None:
    with pytest.raises(ClientError, match=r"unknown operator 'like' at detail\.name"):
        lab.rule("wrong", {"detail": {"name": [{"like": "x"}]}})


def test_a_target_that_cannot_be_reached_is_refused(lab: Lab) -> None:
    with pytest.raises(ClientError, match=r"target 'arn:aws:kinesis:.*' cannot be reached"):
        lab.rule("nowhere", {"source": ["test"]}, {"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"})


def test_a_target_gets_its_own_input(lab: Lab) -> None:
    queue = lab.queue("inputs")
    template = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"text": "n is <n>", "n": <n>}'}
    lab.rule(
        "inputs",
        {"source": ["test"]},
        {"Arn": queue, "Input": '{"constant": true}'},
        {"Arn": queue, "InputPath": "$.detail"},
        {"Arn": queue, "InputTransformer": template},
    )
    lab.put_event({"n": 7})
    assert lab.bodies(queue) == [{"constant": True}, {"n": 7}, {"text": "n is 7", "n": 7}]


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(lab: Lab) -> None:
    queue = lab.queue("undeliverable")
    gone = "arn:aws:lambda:us-east-1:123456789012:function:gone"
    lab.rule("broken", {"source": ["test"]}, {"Arn": gone, "DeadLetterConfig": {"Arn": queue}})
    lab.put_event({"n": 1})
    (message,) = lab.messages(queue)
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["TARGET_ARN"] == gone
    assert attributes["RULE_ARN"].endswith(":rule/broken")
    assert attributes["ERROR_CODE"] == "ResourceNotFoundException"
    (delivery,) = lab.journal("delivery")
    assert delivery["detail"]["status"] == "failed"


def test_a_rule_without_dead_letter_queue_leaves_a_trace_of_what_it_lost(lab: Lab) -> None:
    gone = "arn:aws:lambda:us-east-1:123456789012:function:gone"
    lab.rule("broken", {"source": ["test"]}, {"Arn": gone})
    lab.put_event({"n": 1})
    (delivery,) = lab.journal("delivery")
    assert "Function not found" in delivery["detail"]["error"]


def test_a_topic_hands_its_message_to_a_function(lab: Lab) -> None:
    function = lab.function("subscriber", RECORDER)
    topic = lab.client("sns").create_topic(Name="to-function")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    lab.client("sns").publish(TopicArn=topic, Subject="subject", Message="message")
    lab.account.settle()
    (event,) = received(lab, "subscriber")
    record = event["Records"][0]
    assert (record["EventSource"], record["Sns"]["Subject"], record["Sns"]["Message"]) == (
        "aws:sns",
        "subject",
        "message",
    )
    assert record["Sns"]["TopicArn"] == topic
    assert record["Sns"]["Timestamp"] == lab.account.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_an_object_that_is_written_sends_an_event(lab: Lab) -> None:
    queue, s3 = lab.queue("objects"), lab.client("s3")
    lab.rule("objects", {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "labels/"}]}}}, {"Arn": queue})
    s3.create_bucket(Bucket="with-events")
    s3.put_bucket_notification_configuration(
        Bucket="with-events", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="with-events", Key="labels/1.jsonl", Body=b"{}")
    s3.put_object(Bucket="with-events", Key="other", Body=b"{}")
    lab.account.settle()
    (event,) = lab.bodies(queue)
    assert (event["detail-type"], event["detail"]["bucket"]["name"]) == ("Object Created", "with-events")
    assert (event["detail"]["object"]["key"], event["detail"]["object"]["size"]) == ("labels/1.jsonl", 2)


def test_an_event_that_is_malformed_is_answered_with_an_error(lab: Lab) -> None:
    entries = [{"Source": "test", "DetailType": "Test", "Detail": "no json"}, {"DetailType": "Test", "Detail": "{}"}]
    answer = lab.client("events").put_events(Entries=entries)
    assert [entry["ErrorCode"] for entry in answer["Entries"]] == ["MalformedDetail", "InvalidArgument"]
