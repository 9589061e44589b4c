from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from monitoring_core.alarms import (
    AlarmDefinition,
    AlarmState,
    CompositeAlarmDefinition,
    Datum,
    MetricStore,
    StateValue,
    alarm_state_change_event,
    evaluate,
    sns_alarm_message,
    sns_alarm_subject,
)

NOW = datetime(2019, 10, 2, 17, 4, 40, 989_000, tzinfo=UTC)
ACCOUNT, REGION, REGION_NAME = "111122223333", "us-east-1", "US East (N. Virginia)"
NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
ALARM = AlarmDefinition.from_api(
    {
        "AlarmName": "drift-age",
        "AlarmDescription": "age drifts",
        "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:topic"],
        "Namespace": NAMESPACE,
        "MetricName": "feature_baseline_drift_age",
        "Dimensions": [{"Name": "Endpoint", "Value": "ep"}, {"Name": "MonitoringSchedule", "Value": "sch"}],
        "Statistic": "Maximum",
        "Period": 3600,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 0.1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
)
BEFORE = AlarmState(StateValue.OK, "Threshold Crossed: ...", NOW - timedelta(days=1), {"version": "1.0"})
MATH = AlarmDefinition.from_api(
    {
        "AlarmName": "rate",
        "Metrics": [
            {"Id": "e", "Expression": "m * 2", "Label": "twice", "ReturnData": True},
            {
                "Id": "m",
                "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "p99"},
                "ReturnData": False,
            },
        ],
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
    }
)


def raised() -> AlarmState:
    dimensions = {"Endpoint": "ep", "MonitoringSchedule": "sch"}
    datum = Datum(NAMESPACE, "feature_baseline_drift_age", dimensions, NOW - timedelta(minutes=30), 0.31)
    return evaluate(ALARM, MetricStore([datum]).fetch, NOW, BEFORE)


def test_the_event_has_the_shape_eventbridge_delivers() -> None:
    current = raised()
    event = alarm_state_change_event(ALARM, BEFORE, current, account=ACCOUNT, region=REGION, event_id="c4c1c1c9")
    detail = event.pop("detail")
    assert event == {
        "version": "0",
        "id": "c4c1c1c9",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": "2019-10-02T17:04:40Z",
        "region": REGION,
        "resources": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:drift-age"],
    }
    assert detail["alarmName"] == "drift-age"
    assert detail["configuration"] == {
        "description": "age drifts",
        "metrics": [
            {
                "id": "m1",
                "metricStat": {
                    "metric": {
                        "namespace": NAMESPACE,
                        "name": "feature_baseline_drift_age",
                        "dimensions": {"Endpoint": "ep", "MonitoringSchedule": "sch"},
                    },
                    "period": 3600,
                    "stat": "Maximum",
                },
                "returnData": True,
            }
        ],
    }
    assert detail["previousState"]["timestamp"] == "2019-10-01T17:04:40.989+0000"
    assert detail["state"]["value"] == "ALARM"
    assert detail["state"]["timestamp"] == "2019-10-02T17:04:40.989+0000"
    assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [0.31]


def test_the_event_of_a_math_alarm_carries_expressions_in_the_order_given() -> None:
    event = alarm_state_change_event(MATH, BEFORE, BEFORE, account=ACCOUNT, region=REGION, event_id="x")
    assert event["detail"]["configuration"]["metrics"] == [
        {"id": "e", "expression": "m * 2", "label": "twice", "returnData": True},
        {
            "id": "m",
            "metricStat": {"metric": {"namespace": "n", "name": "m", "dimensions": {}}, "period": 60, "stat": "p99"},
            "returnData": False,
        },
    ]


def test_the_sns_message_is_the_one_cloudwatch_publishes() -> None:
    text = sns_alarm_message(ALARM, BEFORE, raised(), account=ACCOUNT, region=REGION, region_name=REGION_NAME)
    message = json.loads(text)
    assert message["NewStateValue"] == "ALARM"
    assert message["OldStateValue"] == "OK"
    assert message["StateChangeTime"] == "2019-10-02T17:04:40.989+0000"
    assert message["Region"] == REGION_NAME
    assert message["AlarmActions"] == ["arn:aws:sns:us-east-1:111122223333:topic"]
    assert message["Trigger"] == {
        "MetricName": "feature_baseline_drift_age",
        "Namespace": NAMESPACE,
        "StatisticType": "Statistic",
        "Statistic": "MAXIMUM",
        "Unit": None,
        "Dimensions": [{"value": "ep", "name": "Endpoint"}, {"value": "sch", "name": "MonitoringSchedule"}],
        "Period": 3600,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.1,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }
    assert sns_alarm_subject(ALARM, raised(), region_name=REGION_NAME) == 'ALARM: "drift-age" in US East (N. Virginia)'


def test_the_sns_message_of_a_math_alarm_lists_its_metrics() -> None:
    text = sns_alarm_message(MATH, BEFORE, BEFORE, account=ACCOUNT, region=REGION, region_name=REGION_NAME)
    first, second = json.loads(text)["Trigger"]["Metrics"]
    assert first == {"Expression": "m * 2", "Id": "e", "Label": "twice", "ReturnData": True}
    assert second["MetricStat"]["Metric"] == {"Dimensions": [], "MetricName": "m", "Namespace": "n"}


def test_a_composite_alarm_sends_its_rule() -> None:
    composite = CompositeAlarmDefinition.from_api({"AlarmName": "any", "AlarmRule": "ALARM(drift-age)"})
    event = alarm_state_change_event(composite, BEFORE, raised(), account=ACCOUNT, region=REGION, event_id="x")
    assert event["detail"]["configuration"] == {"alarmRule": "ALARM(drift-age)"}
    text = sns_alarm_message(composite, BEFORE, raised(), account=ACCOUNT, region=REGION, region_name=REGION_NAME)
    assert json.loads(text)["AlarmRule"] == "ALARM(drift-age)"
