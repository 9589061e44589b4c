"""EventBridge: events in Amazon's form, patterns with all operators, targets that receive.

Why each of moto 5.2.5's methods is replaced
--------------------------------------------
- ``EventsBackend.put_events`` makes events with epoch times, and hands them over only to queues, logs and buses.
- ``EventPattern.matches_event`` lets unknown operators pass.
- ``EventPatternParser.parse`` and ``EventsBackend.put_targets`` accept patterns and targets that then do nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern, EventPatternParser, EventsBackend

from localaws.eventbridge.bus import DEFAULT_BUS, EventBus
from localaws.eventbridge.pattern import InvalidEventPatternError, Pattern, compile_pattern
from localaws.eventbridge.rules import ScheduledRules
from localaws.eventbridge.targets import Targets, UnsupportedTargetError
from localaws.replacing import replace
from localaws.services import Services


def install(services: Services) -> None:
    """Give the account a working EventBridge."""
    services.targets = Targets(services)
    services.bus = EventBus(services)
    services.clock.add(ScheduledRules(services))
    _put_events(services.bus)
    _put_targets(services.targets)
    _patterns()


def _put_events(bus: EventBus) -> None:
    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [_put_entry(self, bus, entry) for entry in events]

    replace(EventsBackend, "put_events", put_events)


def _put_entry(backend: Any, bus: EventBus, entry: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event_id = bus.put(
        source=entry["Source"],
        detail_type=entry["DetailType"],
        detail=detail,
        resources=entry.get("Resources", []),
        time=_time(entry.get("Time")),
        bus=backend._get_event_bus(entry.get("EventBusName") or DEFAULT_BUS).name,  # noqa: SLF001 - resolves ARNs
    )
    return {"EventId": event_id}


def _time(given: Any) -> datetime | None:
    """Return the time of an entry, which the wire carries as seconds."""
    if given is None:
        return None
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(given), UTC)


def _put_targets(reachable: Targets) -> None:
    def put_targets(self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            try:
                reachable.check(target["Arn"])
            except UnsupportedTargetError as error:
                raise ValidationException(str(error)) from error
        original(self, name, event_bus_arn, targets)

    original = replace(EventsBackend, "put_targets", put_targets)


def _patterns() -> None:
    compiled: dict[str, Pattern] = {}

    def parse(self: Any) -> dict[str, Any]:
        if not self.pattern:
            return {}
        try:
            pattern: dict[str, Any] = json.loads(self.pattern)
            compiled[self.pattern] = compile_pattern(pattern)
        except InvalidEventPatternError as error:
            raise InvalidEventPatternException(reason=str(error)) from error
        except ValueError as error:
            raise InvalidEventPatternException(reason="Invalid JSON") from error
        return pattern

    def matches_event(self: Any, event: Mapping[str, Any]) -> bool:
        """Whether a rule with this pattern takes the event; a rule without pattern fires by the clock only."""
        raw = self.dump()
        return bool(raw) and compiled[raw].matches(event)

    replace(EventPatternParser, "parse", parse)
    replace(EventPattern, "matches_event", matches_event)
