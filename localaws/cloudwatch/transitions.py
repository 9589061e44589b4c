"""What follows when an alarm changes its state: an event on the default bus, and the alarm's actions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from moto.cloudwatch.models import Alarm, cloudwatch_backends

from localaws.services import Services
from monitoring_core.alarms import (
    AlarmDefinition,
    AlarmState,
    CompositeAlarmDefinition,
    StateValue,
    alarm_state_change_event,
    sns_alarm_message,
    sns_alarm_subject,
)

AnyAlarm = AlarmDefinition | CompositeAlarmDefinition

ACTIONS = ("lambda", "sns")
"""Services whose ARNs can be actions here."""


class Transitions:
    """Records and announces changes of state.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._region_name = _region_name(services.region)
        self._actions: Mapping[str, Callable[[str, AnyAlarm, AlarmState, AlarmState], None]] = {
            "lambda": self._invoke,
            "sns": self._notify,
        }

    def record(self, definition: AnyAlarm, state: AlarmState) -> None:
        """Let DescribeAlarms show a state."""
        stored = self._stored(definition)
        stored.update_state(state.reason, json.dumps(state.reason_data), str(state.value))

    def announce(self, definition: AnyAlarm, previous: AlarmState, current: AlarmState) -> None:
        """Send the event and run the actions."""
        services = self._services
        services.journal.write(
            "alarm", definition.alarm_name, state=current.value, previous=previous.value, reason=current.reason
        )
        services.bus.publish(self._event(definition, previous, current))
        if self._stored(definition).actions_enabled:  # what EnableAlarmActions and DisableAlarmActions change
            for arn in _actions(definition, current.value):
                self._actions[arn.split(":")[2]](arn, definition, previous, current)

    def _stored(self, definition: AnyAlarm) -> Alarm:
        alarms = cloudwatch_backends[self._services.account_id][self._services.region].alarms
        return alarms[definition.alarm_name]

    def _event(self, definition: AnyAlarm, previous: AlarmState, current: AlarmState) -> dict[str, Any]:
        where = {"account": self._services.account_id, "region": self._services.region}
        event_id = self._services.bus.new_id()
        return alarm_state_change_event(definition, previous, current, event_id=event_id, **where)

    def _notify(self, arn: str, definition: AnyAlarm, previous: AlarmState, current: AlarmState) -> None:
        message = sns_alarm_message(
            definition,
            previous,
            current,
            account=self._services.account_id,
            region=self._services.region,
            region_name=self._region_name,
        )
        subject = sns_alarm_subject(definition, current, region_name=self._region_name)
        self._services.client("sns").publish(TopicArn=arn, Subject=subject, Message=message)

    def _invoke(self, arn: str, definition: AnyAlarm, previous: AlarmState, current: AlarmState) -> None:
        event = self._event(definition, previous, current)
        payload = {
            "source": event["source"],
            "alarmArn": event["resources"][0],
            "accountId": event["account"],
            "time": event["detail"]["state"]["timestamp"],
            "region": event["region"],
            "alarmData": event["detail"],
        }
        self._services.client("lambda").invoke(
            FunctionName=arn, InvocationType="Event", Payload=json.dumps(payload).encode()
        )


def _actions(definition: AnyAlarm, value: StateValue) -> tuple[str, ...]:
    return {
        StateValue.ALARM: definition.alarm_actions,
        StateValue.OK: definition.ok_actions,
        StateValue.INSUFFICIENT_DATA: definition.insufficient_data_actions,
    }[value]


def _region_name(region: str) -> str:
    """Return the name that messages print, for instance ``US East (N. Virginia)``."""
    partitions = boto3.session.Session()._session.get_data("endpoints")["partitions"]  # noqa: SLF001 - no public way
    names = {code: entry["description"] for partition in partitions for code, entry in partition["regions"].items()}
    return str(names.get(region, region))
