"""Alarms that are evaluated: on the simulated clock, and whenever a metric they watch gets data."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localaws.cloudwatch.metrics import MetricKey
from localaws.cloudwatch.transitions import Transitions
from localaws.services import Services
from monitoring_core.alarms import (
    AlarmDefinition,
    AlarmState,
    CompositeAlarmDefinition,
    MetricStat,
    evaluate,
    evaluate_composite,
)

LONGEST_STEP_SECONDS = 3_600
"""CloudWatch looks at an alarm each minute. Here each period's end is enough, and each hour within a longer period."""


@dataclass
class _Watched:
    """A metric alarm, and whether time alone can still change its state."""

    definition: AlarmDefinition
    keys: frozenset[MetricKey]
    awake: bool = True

    @property
    def step(self) -> int:
        return min(self.definition.period_seconds, LONGEST_STEP_SECONDS)


class Alarms:
    """All alarms of the account, and their timeline.

    Parameters
    ----------
    services : Services
        The account.
    transitions : Transitions
        What a change of state sets off.
    """

    def __init__(self, services: Services, transitions: Transitions) -> None:
        self._services, self._transitions = services, transitions
        self._lock = threading.RLock()  # requests put and delete alarms while the worker evaluates them
        self._metric: dict[str, _Watched] = {}
        self._composite: dict[str, CompositeAlarmDefinition] = {}
        self._states: dict[str, AlarmState] = {}
        services.metrics.watch(self._wake)

    def put(self, definition: AlarmDefinition | CompositeAlarmDefinition) -> AlarmState:
        """Take up a new or changed alarm; a changed one keeps its state."""
        name = definition.alarm_name
        with self._lock:
            if isinstance(definition, AlarmDefinition):
                queries = [query.metric_stat for query in definition.queries if query.metric_stat is not None]
                self._metric[name] = _Watched(definition, frozenset(map(MetricKey.of_query, queries)))
            else:
                self._composite[name] = definition
            return self._states.setdefault(name, AlarmState.initial(self._services.clock.now))

    def delete(self, names: Iterable[str]) -> None:
        """Forget alarms."""
        with self._lock:
            for name in names:
                self._metric.pop(name, None)
                self._composite.pop(name, None)
                self._states.pop(name, None)

    def set_state(self, name: str, state: AlarmState) -> None:
        """Set a state by hand; an evaluation may change it back, as in CloudWatch."""
        with self._lock:
            definition = self._metric[name].definition if name in self._metric else self._composite[name]
            if name in self._metric:
                self._metric[name].awake = True
            self._change(definition, state)
            self._evaluate_composites()

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when an alarm is evaluated next."""
        seconds = int(after.timestamp())
        with self._lock:
            steps = {watched.step for watched in self._metric.values() if watched.awake}
        return min((datetime.fromtimestamp((seconds // step + 1) * step, UTC) for step in steps), default=None)

    def fire(self, at: datetime, /) -> None:
        """Evaluate the alarms due at `at`."""
        seconds = int(at.timestamp())
        with self._lock:
            due = [name for name, watched in self._metric.items() if watched.awake and seconds % watched.step == 0]
        self._services.work.submit("alarm evaluation", lambda: self._evaluate(due))

    def _wake(self, changed: set[MetricKey]) -> None:
        with self._lock:
            names = [name for name, watched in self._metric.items() if watched.keys & changed]
            for name in names:
                self._metric[name].awake = True
        if names:
            self._services.work.submit("alarm evaluation", lambda: self._evaluate(names))

    def _evaluate(self, names: Iterable[str]) -> None:
        with self._lock:
            for name in sorted(names):
                if (watched := self._metric.get(name)) is not None:
                    self._evaluate_one(watched)
            self._evaluate_composites()

    def _evaluate_one(self, watched: _Watched) -> None:
        metrics, now = self._services.metrics, self._services.clock.now
        asleep = True

        def fetch(stat: MetricStat, start: datetime, end: datetime, period: int) -> Mapping[datetime, float]:
            nonlocal asleep
            # Without data in its range an alarm stays as it is, however time goes on, until there is some.
            asleep = asleep and not metrics.has_any_since(MetricKey.of_query(stat), start - timedelta(seconds=period))
            return metrics.fetch(stat, start, end, period)

        state = evaluate(watched.definition, fetch, now, self._states[watched.definition.alarm_name])
        watched.awake = not asleep
        self._change(watched.definition, state)

    def _evaluate_composites(self) -> None:
        """Evaluate until nothing changes: a composite alarm may watch another."""
        changed = True
        while changed:
            changed = False
            for name, definition in sorted(self._composite.items()):
                now, previous = self._services.clock.now, self._states[name]
                if definition.children <= self._states.keys():
                    changed |= self._change(definition, evaluate_composite(definition, self._states, now, previous))

    def _change(self, definition: AlarmDefinition | CompositeAlarmDefinition, state: AlarmState) -> bool:
        previous = self._states[definition.alarm_name]
        if state is previous:
            return False
        self._states[definition.alarm_name] = state
        self._transitions.record(definition, state)
        if state.value is not previous.value:
            self._transitions.announce(definition, previous, state)
        return state.value is not previous.value


def definition_of(request: Mapping[str, Any]) -> AlarmDefinition | CompositeAlarmDefinition:
    """Read PutMetricAlarm's or PutCompositeAlarm's request.

    Raises
    ------
    ConfigError
        Names what cannot be evaluated.
    """
    kind = CompositeAlarmDefinition if "AlarmRule" in request else AlarmDefinition
    return kind.from_api(request)
