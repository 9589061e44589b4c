"""Rules with a schedule."""

from __future__ import annotations

from datetime import datetime

from moto.events.models import Rule, events_backends

from localaws.schedules import Schedule, parse
from localaws.services import Services


class ScheduledRules:
    """The timeline of rules that fire by the clock.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._parsed: dict[tuple[str, str], Schedule] = {}

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when a rule fires next."""
        times = [time for rule in self._rules() if (time := self._schedule(rule, after).next_after(after)) is not None]
        return min(times, default=None)

    def fire(self, at: datetime, /) -> None:
        """Send the events of the rules due at `at`."""
        for rule in self._rules():
            if self._due(rule, at):
                event = self._services.bus.event(
                    source="aws.events", detail_type="Scheduled Event", detail={}, resources=[rule.arn]
                )
                self._services.journal.write("schedule", rule.arn)
                self._services.bus.send_to_targets(rule, event)

    def _due(self, rule: Rule, at: datetime) -> bool:
        just_before = at - at.resolution
        return self._schedule(rule, just_before).next_after(just_before) == at

    def _schedule(self, rule: Rule, now: datetime) -> Schedule:
        """Return the schedule; a rate counts from the time the clock first saw the rule."""
        key = (rule.arn, rule.scheduled_expression or "")
        if key not in self._parsed:
            self._parsed[key] = parse(key[1], origin=now)
        return self._parsed[key]

    def _rules(self) -> list[Rule]:
        buses = events_backends[self._services.account_id][self._services.region].event_buses.values()
        rules = [rule for bus in buses for rule in bus.rules.values()]
        return [rule for rule in rules if rule.scheduled_expression and rule.state != "DISABLED"]
