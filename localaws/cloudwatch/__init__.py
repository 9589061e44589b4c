"""CloudWatch: metrics, alarms that are evaluated, and tagged dashboards.

Why each of moto 5.2.5's methods is replaced
--------------------------------------------
- ``CloudWatchBackend.put_metric_data`` keeps one list, which an alarm would have to search each time.
- ``CloudWatchResponse.put_metric_alarm`` starts alarms in OK and never evaluates them; ``put_composite_alarm`` is
  missing, although the other understands its parameters.
- ``CloudWatchBackend.set_alarm_state`` changes a field, and nothing follows from it.
- ``CloudWatchResponse.put_dashboard`` drops the tags.
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from localaws.cloudwatch.alarms import Alarms, definition_of
from localaws.cloudwatch.transitions import ACTIONS, Transitions
from localaws.replacing import add, replace
from localaws.services import Services
from monitoring_core.alarms import AlarmState, StateValue
from monitoring_core.errors import ConfigError

_ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def install(services: Services) -> None:
    """Give the account working alarms; `metrics` are installed before everything that publishes some."""
    transitions = Transitions(services)
    alarms = Alarms(services, transitions)
    services.clock.add(alarms)
    _put_alarms(services, alarms, transitions)
    _change_alarms(services, alarms)
    _tag_dashboards()


def _put_alarms(services: Services, alarms: Alarms, transitions: Transitions) -> None:
    def put_alarm(self: Any) -> Any:
        arn = f"arn:aws:cloudwatch:{services.region}:{services.account_id}:alarm:{self.params['AlarmName']}"
        request = {**self.params, "AlarmArn": arn, "AlarmConfigurationUpdatedTimestamp": services.clock.now}
        try:
            definition = definition_of(request)
        except ConfigError as error:
            raise ValidationError(str(error)) from error
        for action in (arn for name in _ACTION_LISTS for arn in request.get(name, [])):
            if action.split(":")[2] not in ACTIONS:
                raise ValidationError(f"action {action} is not simulated; possible are {', '.join(ACTIONS)}")
        answer = original(self)
        transitions.record(definition, alarms.put(definition))
        return answer

    original = replace(CloudWatchResponse, "put_metric_alarm", put_alarm)
    add(CloudWatchResponse, "put_composite_alarm", put_alarm)


def _change_alarms(services: Services, alarms: Alarms) -> None:
    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        alarms.delete(alarm_names)  # first: what is not evaluated any more may vanish
        original_delete(self, alarm_names)

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
        if alarm_name not in self.alarms:
            raise ValidationError(f"alarm {alarm_name} does not exist")
        if state_value not in list(StateValue):
            raise ValidationError(f"state {state_value!r} is not one of {', '.join(StateValue)}")
        data = json.loads(reason_data or "{}")
        state = AlarmState(StateValue(state_value), reason, services.clock.now, data)
        services.work.submit(f"set alarm {alarm_name}", lambda: alarms.set_state(alarm_name, state))

    original_delete = replace(CloudWatchBackend, "delete_alarms", delete_alarms)
    replace(CloudWatchBackend, "set_alarm_state", set_alarm_state)


def _tag_dashboards() -> None:
    def put_dashboard(self: Any) -> Any:
        answer = original(self)
        backend = self.cloudwatch_backend
        arn = backend.get_dashboard(self.params["DashboardName"]).arn
        backend.tagger.tag_resource(arn, self.params.get("Tags", []))
        return answer

    original = replace(CloudWatchResponse, "put_dashboard", put_dashboard)
