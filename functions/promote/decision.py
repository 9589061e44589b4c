"""What to do with a deployment; pure, so that every case can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.promote.record import Champion, Deployment, Source, Status

_STACK_PATIENCE: Final = timedelta(hours=2)
"""A stack that has not begun to update the endpoint by then has failed before."""
_STILL: Final = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})


@dataclass(frozen=True, slots=True)
class Live:
    """What DescribeEndpoint says.

    Attributes
    ----------
    ringing : frozenset of str
        Guard alarms that are in ALARM.
    """

    status: str
    config_name: str
    modified_at: datetime
    failure: str = ""
    ringing: frozenset[str] = frozenset()

    @property
    def is_still(self) -> bool:
        """Whether the endpoint is not changing."""
        return self.status in _STILL


@dataclass(frozen=True, slots=True)
class Next:
    """Where a deployment goes from here, and why."""

    status: Status
    reason: str = ""


def refusal(wanted: Deployment, champion: Champion | None, *, allow_older: bool) -> str:
    """Return why a deployment must not be started; empty where it may.

    An older version is one with a smaller number than the champion's. A rollback is always meant.
    """
    if champion is None:
        return ""
    if wanted.identity == champion.identity:
        return f"{wanted.title} is in service already"
    mine, theirs = wanted.version, champion.version
    is_older = mine is not None and theirs is not None and mine < theirs
    if wanted.source is Source.APPROVAL and is_older and not allow_older:
        return (
            f"{wanted.title} is older than version {champion.version}, which is in service; to go back use "
            f"`watchkeeper rollback --to {wanted.version}`, or set promotion.allow_older"
        )
    return ""


def judge(one: Deployment, live: Live, now: datetime) -> Next | None:
    """Return where a deployment under way goes; None while it has to be waited for.

    ``DEPLOYING`` and ``RETURNING`` for one that is so already mean that SageMaker was never asked: ask now.
    """
    match one.status:
        case Status.WATCHING:
            return _watched(one, live, now)
        case Status.RETURNING:
            return _returned(one, live)
        case _ if not live.is_still:
            return None
        case _ if live.config_name == one.config_name and live.status == "InService":
            watched = one.watch_until is not None and now < one.watch_until
            return Next(Status.WATCHING) if watched else Next(Status.SUCCEEDED)
        case _:
            return _elsewhere(one, live, now)


def _watched(one: Deployment, live: Live, now: datetime) -> Next | None:
    if live.is_still and live.config_name != one.config_name:
        return Next(Status.FAILED, f"{live.config_name} was put into service while it was watched")
    if rang := sorted(live.ringing & set(one.alarms)):
        return Next(Status.RETURNING, f"in ALARM while it was watched: {', '.join(rang)}")
    return Next(Status.SUCCEEDED) if one.watch_until is None or now >= one.watch_until else None


def _returned(one: Deployment, live: Live) -> Next | None:
    """Return FAILED when the configuration before is back, RETURNING where SageMaker was never asked."""
    if not live.is_still:
        return None
    return Next(Status.RETURNING if live.config_name == one.config_name else Status.FAILED, one.reason)


def _elsewhere(one: Deployment, live: Live, now: datetime) -> Next | None:
    """Return what it means that the endpoint stands still with another configuration."""
    has_changed = one.seen_at is not None and live.modified_at > one.seen_at
    if one.updated_at is not None or has_changed:
        return Next(Status.FAILED, _why(one, live))
    if one.source is Source.DEPLOYMENT:
        too_late = now >= one.requested_at + _STACK_PATIENCE
        return Next(Status.FAILED, "the stack never updated the endpoint") if too_late else None
    return Next(Status.DEPLOYING)


def _why(one: Deployment, live: Live) -> str:
    rang = sorted(live.ringing & set(one.alarms))
    alarms = f"in ALARM: {', '.join(rang)}" if rang else ""
    return "; ".join(filter(None, (live.failure, alarms))) or f"SageMaker went back to {live.config_name}"


def next_waiting(records: Sequence[Deployment]) -> Deployment | None:
    """Return what to start next: rollbacks first, then the newest version."""
    waiting = [one for one in records if one.status is Status.WAITING]
    return max(waiting, key=lambda one: (one.source is Source.ROLLBACK, one.version or 0), default=None)


def before(records: Sequence[Deployment], champion: Champion) -> Deployment | None:
    """Return the deployment that served another model than the champion's last; None where there is none."""
    done = [one for one in records if one.status is Status.SUCCEEDED and one.identity != champion.identity]
    return max(done, key=lambda one: (one.ended_at or one.requested_at, one.deployment_id), default=None)
