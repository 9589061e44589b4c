"""What CloudWatch sends when an alarm changes its state: the EventBridge event and the SNS message."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, TypeAlias

from monitoring_core.alarms.composite import CompositeAlarmDefinition
from monitoring_core.alarms.definition import AlarmDefinition
from monitoring_core.alarms.queries import MetricDataQuery
from monitoring_core.alarms.state import AlarmState, timestamp_text

AnyAlarm: TypeAlias = AlarmDefinition | CompositeAlarmDefinition


def alarm_state_change_event(
    definition: AnyAlarm, previous: AlarmState, current: AlarmState, *, account: str, region: str, event_id: str
) -> dict[str, Any]:
    """Build the ``CloudWatch Alarm State Change`` event.

    Parameters
    ----------
    event_id : str
        A UUID.

    References
    ----------
    .. [1] Amazon CloudWatch User Guide, "Alarm events and EventBridge".
    """
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": f"{current.timestamp.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [_arn(definition, account, region)],
        "detail": {
            "alarmName": definition.alarm_name,
            "configuration": _configuration(definition),
            "previousState": _state(previous),
            "state": _state(current),
        },
    }


def sns_alarm_subject(definition: AnyAlarm, current: AlarmState, *, region_name: str) -> str:
    """Subject of the SNS message, cut to the 100 characters SNS allows."""
    return f'{current.value}: "{definition.alarm_name}" in {region_name}'[:100]


def sns_alarm_message(
    definition: AnyAlarm, previous: AlarmState, current: AlarmState, *, account: str, region: str, region_name: str
) -> str:
    """Build the JSON text CloudWatch publishes to an alarm action's topic.

    Parameters
    ----------
    region_name : str
        The region's display name, e.g. ``US East (N. Virginia)``.
    """
    updated = definition.alarm_configuration_updated_timestamp
    message: dict[str, Any] = {
        "AlarmName": definition.alarm_name,
        "AlarmDescription": definition.alarm_description or None,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": None if updated is None else timestamp_text(updated),
        "NewStateValue": current.value,
        "NewStateReason": current.reason,
        "StateChangeTime": timestamp_text(current.timestamp),
        "Region": region_name,
        "AlarmArn": _arn(definition, account, region),
        "OldStateValue": previous.value,
        "OKActions": definition.ok_actions,
        "AlarmActions": definition.alarm_actions,
        "InsufficientDataActions": definition.insufficient_data_actions,
    }
    if isinstance(definition, CompositeAlarmDefinition):
        message |= {"AlarmRule": definition.alarm_rule, "TriggeringChildren": _triggering_children(current)}
    else:
        message["Trigger"] = _trigger(definition)
    return json.dumps(message)


def _arn(definition: AnyAlarm, account: str, region: str) -> str:
    return definition.alarm_arn or f"arn:aws:cloudwatch:{region}:{account}:alarm:{definition.alarm_name}"


def _state(state: AlarmState) -> dict[str, Any]:
    data = {"reasonData": json.dumps(state.reason_data, separators=(",", ":"))} if state.reason_data else {}
    return {"value": str(state.value), "reason": state.reason, **data, "timestamp": timestamp_text(state.timestamp)}


def _configuration(definition: AnyAlarm) -> dict[str, Any]:
    description = {"description": definition.alarm_description} if definition.alarm_description else {}
    if isinstance(definition, CompositeAlarmDefinition):
        return {"alarmRule": definition.alarm_rule, **description}
    return {**description, "metrics": [_event_metric(query) for query in definition.metrics or definition.queries]}


def _event_metric(query: MetricDataQuery) -> dict[str, Any]:
    if query.metric_stat is None:
        label = {} if query.label is None else {"label": query.label}
        return {"id": query.id, "expression": query.expression, **label, "returnData": query.return_data}
    stat = query.metric_stat
    metric = {"namespace": stat.metric.namespace, "name": stat.metric.metric_name}
    return {
        "id": query.id,
        "metricStat": {
            "metric": metric | {"dimensions": stat.metric.dimension_values},
            "period": stat.period,
            "stat": stat.stat,
        },
        "returnData": query.return_data,
    }


def _trigger(definition: AlarmDefinition) -> dict[str, Any]:
    decision = {
        "Period": definition.period_seconds,
        "EvaluationPeriods": definition.evaluation_periods,
        **({} if definition.datapoints_to_alarm is None else {"DatapointsToAlarm": definition.datapoints_to_alarm}),
        "ComparisonOperator": definition.comparison_operator,
        "Threshold": definition.threshold,
        "TreatMissingData": definition.treat_missing_data,
        "EvaluateLowSampleCountPercentile": definition.evaluate_low_sample_count_percentile,
    }
    if definition.metrics:
        return decision | {"Metrics": [_trigger_metric(query) for query in definition.metrics]}
    kind = "Statistic" if definition.statistic is not None else "ExtendedStatistic"
    return {
        "MetricName": definition.metric_name,
        "Namespace": definition.namespace,
        "StatisticType": kind,
        kind: _STATISTICS.get(definition.statistic or "", definition.extended_statistic),
        "Unit": definition.unit,
        "Dimensions": [{"value": dimension.value, "name": dimension.name} for dimension in definition.dimensions],
        **decision,
    }


_STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def _trigger_metric(query: MetricDataQuery) -> dict[str, Any]:
    if query.metric_stat is None:
        label = {} if query.label is None else {"Label": query.label}
        return {"Expression": query.expression, "Id": query.id, **label, "ReturnData": query.return_data}
    stat = query.metric_stat
    dimensions = [{"value": dimension.value, "name": dimension.name} for dimension in stat.metric.dimensions]
    metric = {"Dimensions": dimensions, "MetricName": stat.metric.metric_name, "Namespace": stat.metric.namespace}
    return {
        "Id": query.id,
        "MetricStat": {"Metric": metric, "Period": stat.period, "Stat": stat.stat},
        "ReturnData": query.return_data,
    }


def _triggering_children(state: AlarmState) -> list[dict[str, Any]]:
    return [
        {"Arn": alarm["arn"], "State": {"Value": alarm["state"]["value"], "Timestamp": alarm["state"]["timestamp"]}}
        for alarm in state.reason_data.get("triggeringAlarms", ())
    ]
