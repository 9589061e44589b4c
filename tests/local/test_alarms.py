"""Alarms are evaluated by their own definition, and what they announce arrives."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.local.lab import Lab

OUR_ALARM = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}


def state(lab: Lab, name: str) -> str:
    answer = lab.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return str(alarm["StateValue"])


def test_an_alarm_starts_without_data_and_follows_its_metric(lab: Lab) -> None:
    start = lab.account.now
    lab.alarm("drift", "drift")
    assert state(lab, "drift") == "INSUFFICIENT_DATA"
    lab.account.advance_to(start + timedelta(hours=1))
    assert state(lab, "drift") == "OK"  # notBreaching
    lab.metric("drift", 2.0, Timestamp=start + timedelta(minutes=30))
    assert state(lab, "drift") == "ALARM"
    lab.account.advance_to(start + timedelta(hours=5))
    assert state(lab, "drift") == "OK"
    assert [value for _, value in lab.alarm_changes("drift")] == ["OK", "ALARM", "OK"]


def test_only_the_metric_with_exactly_the_dimensions_counts(lab: Lab) -> None:
    dimensions = [{"Name": "Endpoint", "Value": "flights"}]
    lab.alarm("dimensions", "rows", Dimensions=dimensions)
    at = lab.account.now
    lab.account.advance_to(at + timedelta(hours=1))
    lab.metric("rows", 9.0, Timestamp=at)
    lab.metric("rows", 9.0, Timestamp=at, Dimensions=[{"Name": "Endpoint", "Value": "other"}])
    assert state(lab, "dimensions") == "OK"
    lab.metric("rows", 9.0, Timestamp=at, Dimensions=dimensions)
    assert state(lab, "dimensions") == "ALARM"


@pytest.mark.parametrize(
    ("age", "delay"),
    [(timedelta(hours=2, minutes=59), 0), (timedelta(hours=3), 2), (timedelta(hours=23), 2), (timedelta(hours=24), 48)],
)
def test_what_is_old_when_it_arrives_is_seen_late(lab: Lab, age: timedelta, delay: int) -> None:
    name = f"late-{age.total_seconds():.0f}"
    lab.alarm(name, name, Period=86_400, EvaluationPeriods=7, DatapointsToAlarm=1, TreatMissingData="missing")
    lab.account.advance_to(lab.account.now + timedelta(hours=30))
    arrival = lab.account.now
    lab.metric(name, 2.0, Timestamp=arrival - age)
    assert (state(lab, name) == "ALARM") is (delay == 0)
    lab.account.advance_to(arrival + timedelta(hours=60))
    rang = [time for time, value in lab.alarm_changes(name) if value == "ALARM"]
    assert [datetime.fromisoformat(time) for time in rang] == [arrival + timedelta(hours=delay)]


def test_a_dead_man_alarm_rises_when_data_stops(lab: Lab) -> None:
    start = lab.account.now
    lab.alarm("heartbeat", "runs", ComparisonOperator="LessThanThreshold", TreatMissingData="breaching")
    for hour in range(3):
        lab.metric("runs", 1.0, Timestamp=start + timedelta(hours=hour))
        lab.account.advance_to(start + timedelta(hours=hour + 1))
    assert state(lab, "heartbeat") == "OK"
    lab.account.advance_to(start + timedelta(hours=12))
    assert state(lab, "heartbeat") == "ALARM"


def test_metric_math_and_m_of_n_decide(lab: Lab) -> None:
    def stat(identifier: str, name: str) -> dict[str, object]:
        metric = {"Namespace": "Test", "MetricName": name}
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}, "ReturnData": False}

    lab.client("cloudwatch").put_metric_alarm(
        AlarmName="rate",
        Metrics=[stat("e", "errors"), stat("n", "calls"), {"Id": "r", "Expression": "e / n", "ReturnData": True}],
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
    )
    start = lab.account.now
    for hour, errors in enumerate((0, 5, 0, 5, 5)):
        lab.metric("calls", 10.0, Timestamp=start + timedelta(hours=hour))
        lab.metric("errors", errors, Timestamp=start + timedelta(hours=hour))
        lab.account.advance_to(start + timedelta(hours=hour + 1))
    changes = [(time[11:16], value) for time, value in lab.alarm_changes("rate")]
    assert changes[-1] == ("04:00", "ALARM")


def test_the_event_and_the_message_have_amazons_form(lab: Lab) -> None:
    queue = lab.queue("alarm-events")
    topic = lab.client("sns").create_topic(Name="alarms")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ml@example.com")
    lab.rule("alarms", {**OUR_ALARM, "detail": {"state": {"value": ["ALARM"]}}}, {"Arn": queue})
    lab.alarm("announced", "drift", AlarmActions=[topic], AlarmDescription="too much drift")
    start = lab.account.now
    lab.account.advance_to(start + timedelta(hours=1))
    lab.metric("drift", 3.0, Timestamp=start)
    (event,) = lab.bodies(queue)
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:announced"
    assert (event["account"], event["region"], event["resources"]) == ("123456789012", "us-east-1", [arn])
    assert event["time"] == lab.account.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    detail = event["detail"]
    assert detail["configuration"]["description"] == "too much drift"
    assert detail["previousState"]["value"] == "OK"
    assert detail["state"]["reason"].startswith("Threshold Crossed: 1 datapoint [3.0 (")
    assert json.loads(detail["state"]["reasonData"])["threshold"] == 1.0
    (message,) = [one for one in lab.account.messages() if one["topic"] == topic]
    assert (message["endpoint"], message["subject"]) == (
        "ml@example.com",
        'ALARM: "announced" in US East (N. Virginia)',
    )
    assert json.loads(message["message"])["NewStateReason"] == detail["state"]["reason"]


def test_setting_a_state_by_hand_takes_the_same_way(lab: Lab) -> None:
    queue = lab.queue("set-by-hand")
    lab.rule("hand", OUR_ALARM, {"Arn": queue})
    lab.alarm("hand", "nothing")
    lab.client("cloudwatch").set_alarm_state(AlarmName="hand", StateValue="ALARM", StateReason="a test")
    lab.account.settle()
    (event,) = lab.bodies(queue)
    assert (event["detail"]["state"]["value"], event["detail"]["state"]["reason"]) == ("ALARM", "a test")
    assert state(lab, "hand") == "ALARM"


def test_a_composite_alarm_follows_its_children(lab: Lab) -> None:
    for name in ("first", "second"):
        lab.alarm(name, name)
    lab.client("cloudwatch").put_composite_alarm(AlarmName="both", AlarmRule="ALARM(first) AND ALARM(second)")
    start = lab.account.now
    lab.account.advance_to(start + timedelta(hours=1))
    lab.metric("first", 2.0, Timestamp=start)
    assert state(lab, "both") == "OK"
    lab.metric("second", 2.0, Timestamp=start)
    assert state(lab, "both") == "ALARM"


def test_an_alarm_that_cannot_be_evaluated_is_refused(lab: Lab) -> None:
    with pytest.raises(ClientError, match=r"needs exactly one of Statistic and ExtendedStatistic"):
        lab.alarm("half", "drift", ExtendedStatistic="p99")
    with pytest.raises(ClientError, match=r"action arn:aws:ssm.* is not simulated"):
        lab.alarm("acting", "drift", AlarmActions=["arn:aws:ssm:us-east-1:123456789012:opsitem:1"])


def test_a_quiet_alarm_costs_nothing_over_a_year(lab: Lab) -> None:
    """Without data an alarm sleeps; a year of minutes would otherwise be half a million evaluations."""
    lab.alarm("minute", "quiet", Period=60)
    lab.account.advance_to(lab.account.now + timedelta(days=365))
    assert lab.alarm_changes("minute")[-1][1] == "OK"


def test_disabled_actions_are_not_run_but_the_event_is_sent(lab: Lab) -> None:
    queue, topic = lab.queue("disabled"), lab.client("sns").create_topic(Name="disabled")["TopicArn"]
    lab.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ml@example.com")
    lab.rule("disabled", OUR_ALARM, {"Arn": queue})
    lab.alarm("disabled", "nothing", AlarmActions=[topic])
    lab.client("cloudwatch").disable_alarm_actions(AlarmNames=["disabled"])
    lab.client("cloudwatch").set_alarm_state(AlarmName="disabled", StateValue="ALARM", StateReason="a test")
    lab.account.settle()
    assert len(lab.bodies(queue)) == 1
    assert lab.journal("message") == []
