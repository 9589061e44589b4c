"""CloudWatch alarms, evaluated as CloudWatch evaluates them, without CloudWatch.

A local account needs it to fire alarms, and a backtest to say which alarms would have fired.

>>> from datetime import datetime, timedelta, timezone
>>> from monitoring_core.alarms import AlarmDefinition, AlarmState, Datum, MetricStore, evaluate
>>> noon = datetime(2013, 4, 1, 12, tzinfo=timezone.utc)
>>> alarm = AlarmDefinition.from_api({
...     "AlarmName": "flights-violations", "Namespace": "Watchkeeper", "MetricName": "Violations",
...     "Statistic": "Maximum", "Period": 3600, "EvaluationPeriods": 1, "Threshold": 0,
...     "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"})
>>> store = MetricStore([Datum("Watchkeeper", "Violations", {}, noon - timedelta(minutes=30), 2.0)])
>>> state = evaluate(alarm, store.fetch, noon, AlarmState.initial(noon - timedelta(days=1)))
>>> print(state.value, "-", state.reason)
ALARM - Threshold Crossed: 1 datapoint [2.0 (01/04/13 11:00:00)] was greater than the threshold (0.0).
"""

from monitoring_core.alarms.composite import CompositeAlarmDefinition, evaluate_composite
from monitoring_core.alarms.definition import AlarmDefinition
from monitoring_core.alarms.evaluate import Fetch, evaluate
from monitoring_core.alarms.messages import alarm_state_change_event, sns_alarm_message, sns_alarm_subject
from monitoring_core.alarms.queries import Dimension, MetricDataQuery, MetricStat
from monitoring_core.alarms.state import AlarmState, StateValue
from monitoring_core.alarms.store import Datum, MetricStore

__all__ = [
    "AlarmDefinition",
    "AlarmState",
    "CompositeAlarmDefinition",
    "Datum",
    "Dimension",
    "Fetch",
    "MetricDataQuery",
    "MetricStat",
    "MetricStore",
    "StateValue",
    "alarm_state_change_event",
    "evaluate",
    "evaluate_composite",
    "sns_alarm_message",
    "sns_alarm_subject",
]
