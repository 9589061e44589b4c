"""Whether an incident gets a retraining: a pure function of facts, so that it can be proved.

No clock is read. Two retrainings are never closer than the cooldown, in whatever order their
events are delivered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """What was decided about an incident."""

    STARTED = "started"
    COOLDOWN = "cooldown"
    IN_FLIGHT = "in-flight"
    DRY_RUN = "dry-run"


@dataclass(frozen=True, slots=True)
class Policy:
    """The configured limits.

    Attributes
    ----------
    cooldown : timedelta
        Shortest time between two retrainings.
    dry_run : bool
        Decide, but start nothing.
    """

    cooldown: timedelta
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """Another incident of the endpoint that has been decided."""

    incident_id: str
    opened_at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and the sentence that explains it."""

    verdict: Verdict
    reason: str


def decide(opened_at: datetime, others: Iterable[Decided], executing: str | None, policy: Policy) -> Decision:
    """Decide about an incident that opened at `opened_at`.

    Parameters
    ----------
    opened_at : datetime
        When the alarm went to ALARM.
    others : iterable of Decided
        Every other decided incident of the endpoint, before or after this one.
    executing : str or None
        The pipeline execution that is running, if one is.
    policy : Policy
        The configured limits.

    Returns
    -------
    Decision
        `cooldown` before `in-flight` before `dry-run`; else `started`. In a dry run, earlier dry runs
        count as retrainings, so that it shows what would have been done.

    Examples
    --------
    >>> from datetime import UTC
    >>> monday = datetime(2013, 4, 1, tzinfo=UTC)
    >>> policy = Policy(cooldown=timedelta(days=3))
    >>> decide(monday, [], None, policy).verdict.value
    'started'
    >>> decide(monday + timedelta(days=1), [Decided("a@1", monday, Verdict.STARTED)], None, policy).reason
    'the retraining for incident a@1 of 2013-04-01 00:00 UTC is closer than the cooldown of 3 days, 0:00:00'
    """
    counted = {Verdict.STARTED, Verdict.DRY_RUN} if policy.dry_run else {Verdict.STARTED}
    near = [o for o in others if o.verdict in counted and abs(opened_at - o.opened_at) < policy.cooldown]
    if near:
        nearest = min(near, key=lambda other: (abs(opened_at - other.opened_at), other.incident_id))
        return Decision(
            Verdict.COOLDOWN,
            f"the retraining for incident {nearest.incident_id} of {nearest.opened_at:%Y-%m-%d %H:%M} UTC "
            f"is closer than the cooldown of {policy.cooldown}",
        )
    if executing is not None:
        return Decision(Verdict.IN_FLIGHT, f"the pipeline is running already: {executing}")
    if policy.dry_run:
        return Decision(Verdict.DRY_RUN, "dry run: a retraining would have been started")
    return Decision(Verdict.STARTED, "no retraining within the cooldown and none running")
