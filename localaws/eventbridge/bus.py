"""Event buses: events come in, rules send them on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from moto.events.models import EventBus as MotoBus
from moto.events.models import Rule, events_backends

from localaws.eventbridge.targets import Delivery
from localaws.eventbridge.transformer import target_input
from localaws.services import Services

Event = dict[str, Any]

DEFAULT_BUS = "default"


class EventBus:
    """The buses of the account.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._numbers = 0

    def put(
        self,
        *,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        time: datetime | None = None,
        bus: str = DEFAULT_BUS,
    ) -> str:
        """Put an event on a bus, and return its id."""
        event = self.event(source=source, detail_type=detail_type, detail=detail, resources=resources, time=time)
        self.publish(event, bus)
        return str(event["id"])

    def event(
        self,
        *,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        time: datetime | None = None,
    ) -> Event:
        """Make an event in the form that rules and targets see."""
        return {
            "version": "0",
            "id": self.new_id(),
            "detail-type": detail_type,
            "source": source,
            "account": self._services.account_id,
            "time": (time or self._services.clock.now).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._services.region,
            "resources": list(resources),
            "detail": dict(detail),
        }

    def publish(self, event: Event, bus: str = DEFAULT_BUS) -> None:
        """Let the rules of a bus have an event."""
        self._services.journal.write("event", event["detail-type"], bus=bus, event=event)
        for rule in list(self._bus(bus).rules.values()):
            if rule.state != "DISABLED" and rule.event_pattern.matches_event(event):  # type: ignore[arg-type]  # moto names the keys, ours are open
                self.send_to_targets(rule, event)

    def send_to_targets(self, rule: Rule, event: Event) -> None:
        """Hand an event to the targets of a rule, in the background."""
        for target in list(rule.targets):
            text = target_input(target, event, rule_arn=rule.arn)
            delivery = Delivery(rule.arn, target, text, {"RULE_ARN": rule.arn})
            self._services.work.submit(f"rule {rule.name}", partial(self._deliver, rule, delivery))

    def _deliver(self, rule: Rule, delivery: Delivery) -> None:
        delivered = self._services.targets.deliver(delivery)
        counts = {"Invocations": 1.0, "FailedInvocations": float(not delivered)}
        self._services.metrics.put_aws("AWS/Events", {"RuleName": rule.name}, counts)

    def _bus(self, name: str) -> MotoBus:
        return events_backends[self._services.account_id][self._services.region].describe_event_bus(name)

    def new_id(self) -> str:
        """Return an id that a repeated simulation gives again."""
        self._numbers += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._services.account_id}/{self._services.seed}/{self._numbers}"))
