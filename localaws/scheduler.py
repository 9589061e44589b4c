"""EventBridge Scheduler: schedules fire on the simulated clock (moto only keeps them)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.scheduler.models import Schedule as Stored

from localaws.access import Permission
from localaws.eventbridge.targets import Delivery
from localaws.replacing import replace
from localaws.schedules import Once, Schedule, parse
from localaws.services import Services


def install(services: Services) -> None:
    """Let schedules fire, and refuse those that never could."""
    services.clock.add(Scheduler(services))

    def check(given: dict[str, Any]) -> None:
        timezone = given.get("schedule_expression_timezone") or "UTC"
        try:
            parse(given["schedule_expression"], origin=services.clock.now, timezone=timezone)
            services.targets.check(given["target"]["Arn"])
        except ValueError as error:
            raise ValidationException(str(error)) from error

    def create_schedule(self: Any, **given: Any) -> Any:
        check(given)
        return original_create(self, **given)

    def update_schedule(self: Any, **given: Any) -> Any:
        check(given)
        return original_update(self, **given)

    original_create = replace(EventBridgeSchedulerBackend, "create_schedule", create_schedule)
    original_update = replace(EventBridgeSchedulerBackend, "update_schedule", update_schedule)


class Scheduler:
    """The timeline of all schedules.

    Flexible time windows are not used: a schedule fires at the window's start. One that would fire more often than the
    account lets it leaves firings out.

    Parameters
    ----------
    services : Services
        The account.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._parsed: dict[tuple[Any, ...], Schedule] = {}
        self._fired: dict[str, datetime] = {}

    def next_time(self, after: datetime, /) -> datetime | None:
        """Return when a schedule fires next."""
        return min((time for one in self._enabled() if (time := self._next(one, after)) is not None), default=None)

    def fire(self, at: datetime, /) -> None:
        """Fire the schedules due at `at`, by name."""
        just_before = at - at.resolution
        for stored in sorted(self._enabled(), key=lambda one: (one.group_name, one.name)):
            if self._next(stored, just_before) == at:
                self._fire(stored, at)
                self._fired[stored.arn] = at

    def _fire(self, stored: Stored, at: datetime) -> None:
        services, target = self._services, stored.target
        if stored.kms_key_arn:  # the input is encrypted
            via = ("kms:ViaService", f"scheduler.{services.region}.amazonaws.com")
            services.access.check(target["RoleArn"], [Permission("kms:Decrypt", stored.kms_key_arn, (via,))])
        text = _filled(stored, target.get("Input") or self._default_input(stored, at), at)
        services.journal.write("schedule", stored.arn, target=target["Arn"])
        delivery = Delivery(stored.arn, target, text, {"SCHEDULE_ARN": stored.arn, "SCHEDULED_TIME": _iso(at)})
        services.work.submit(f"schedule {stored.name}", lambda: services.targets.deliver(delivery))
        if stored.action_after_completion == "DELETE" and isinstance(self._schedule(stored, at), Once):
            services.client("scheduler").delete_schedule(Name=stored.name, GroupName=stored.group_name)

    def _next(self, stored: Stored, after: datetime) -> datetime | None:
        start, end = _moment(stored.start_date), _moment(stored.end_date)
        schedule = self._schedule(stored, after)
        earliest = [moment - moment.resolution for moment in (start, self._rested(stored)) if moment is not None]
        time = schedule.next_after(max([after, *earliest]))
        return None if time is None or (end is not None and time > end) else time

    def _rested(self, stored: Stored) -> datetime | None:
        """Return when the schedule may fire again; None where it has not fired yet."""
        last = self._fired.get(stored.arn)
        return None if last is None else last + self._services.schedules_rest

    def _schedule(self, stored: Stored, now: datetime) -> Schedule:
        """Return the schedule; without a start date, a rate counts from the time the clock first saw it."""
        key = (stored.arn, stored.schedule_expression, stored.schedule_expression_timezone, stored.start_date)
        if key not in self._parsed:
            self._parsed[key] = parse(
                stored.schedule_expression,
                origin=_moment(stored.start_date) or now,
                timezone=stored.schedule_expression_timezone,
            )
        return self._parsed[key]

    def _enabled(self) -> list[Stored]:
        backend = scheduler_backends[self._services.account_id][self._services.region]
        groups = backend.schedule_groups.values()
        return [one for group in groups for one in group.schedules.values() if one.state == "ENABLED"]

    def _default_input(self, stored: Stored, at: datetime) -> str:
        """Return what a target gets that has no input of its own."""
        event = self._services.bus.event(
            source="aws.scheduler", detail_type="Scheduled Event", detail={}, resources=[stored.arn], time=at
        )
        return json.dumps({**event, "detail": "{}"})


def _filled(stored: Stored, text: str, at: datetime) -> str:
    """Replace the context attributes in an input; the execution id is the same when a simulation is repeated."""
    attributes = {
        "<aws.scheduler.schedule-arn>": stored.arn,
        "<aws.scheduler.scheduled-time>": _iso(at),
        "<aws.scheduler.execution-id>": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{stored.arn}/{_iso(at)}")),
        "<aws.scheduler.attempt-number>": "1",
    }
    for name, value in attributes.items():
        text = text.replace(name, value)
    return text


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(stored: Any) -> datetime | None:
    """Return a start or end date, which moto keeps as seconds or as text."""
    if stored is None:
        return None
    if isinstance(stored, datetime):
        return stored if stored.tzinfo else stored.replace(tzinfo=UTC)
    if isinstance(stored, str):
        return _moment(datetime.fromisoformat(stored))
    return datetime.fromtimestamp(float(stored), UTC)
