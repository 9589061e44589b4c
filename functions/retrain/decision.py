"""Whether an incident gets a retraining: a pure function of facts, so that it can be proved.

No clock is read. Two retrainings are never closer than the cooldown, in whatever order their events are delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What was decided about an incident; what is not final is decided anew while the incident is open."""

    STARTED = "started"
    DRY_RUN = "dry-run"
    VETOED = "vetoed"
    TOO_FEW_LABELS = "too-few-labels"
    COOLDOWN = "cooldown"
    IN_FLIGHT = "in-flight"
    NO_PROGRESS = "no-progress"
    OVER_BUDGET = "over-budget"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to be decided."""
        return self in {Verdict.STARTED, Verdict.DRY_RUN}

    @property
    def is_mere_waiting(self) -> bool:
        """Whether it takes nothing but time."""
        return self in {Verdict.COOLDOWN, Verdict.IN_FLIGHT}

    @property
    def needs_a_person(self) -> bool:
        """Whether nothing goes on until somebody does something."""
        return not (self.is_final or self.is_mere_waiting)


class Outcome(StrEnum):
    """What became of a retraining."""

    REGISTERED = "registered"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Policy:
    """The configured limits; None: no such limit.

    Attributes
    ----------
    cooldown : timedelta
        Shortest time between two retrainings.
    dry_run : bool
        Decide, but start nothing.
    max_rejected : int or None
        After so many challengers in a row that were not better, nothing starts by itself any more.
    monthly_budget, cost : float or None
        What the retrainings of a calendar month (UTC) may cost, and what one is expected to.
    min_labels : int or None
        Labelled rows since the last retraining's data that one needs.
    """

    cooldown: timedelta
    dry_run: bool = False
    max_rejected: int | None = None
    monthly_budget: float | None = None
    cost: float = 0.0
    min_labels: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Another incident of the endpoint that has led, or in a dry run would have led, to a retraining.

    Attributes
    ----------
    at : datetime
        When that was decided.
    by_hand : bool
        Whether a person asked for it.
    """

    incident_id: str
    at: datetime
    verdict: Verdict
    outcome: Outcome | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when an incident is decided.

    Attributes
    ----------
    at : datetime
        The moment of the decision, as the event that asks for it says.
    others : collection of Decided
        Every other incident of the endpoint that is decided finally.
    executing : str or None
        The retraining that is running, if one is.
    veto : str
        Why new training would not help; empty where nothing is known against it.
    labels : int or None
        Labelled rows at hand; None where nobody has counted.
    by_hand : bool
        Whether a person asks: then only a running retraining, the budget and a dry run stand against it.
    """

    at: datetime
    others: Collection[Decided] = ()
    executing: str | None = None
    veto: str = ""
    labels: int | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and the sentence that explains it."""

    verdict: Verdict
    reason: str


def decide(facts: Facts, policy: Policy) -> Decision:
    """Decide about an incident.

    Returns
    -------
    Decision
        The first of these that applies: `vetoed`, `too-few-labels`, `cooldown`, `no-progress`, `in-flight`,
        `over-budget`, `dry-run`; else `started`. In a dry run, earlier dry runs count as retrainings, so that it shows
        what would have been done.

    Examples
    --------
    >>> from datetime import UTC
    >>> monday = datetime(2013, 4, 1, tzinfo=UTC)
    >>> policy = Policy(cooldown=timedelta(days=3))
    >>> decide(Facts(monday), policy).verdict.value
    'started'
    >>> before = [Decided("a@1", monday, Verdict.STARTED)]
    >>> decide(Facts(monday + timedelta(days=1), before), policy).reason
    'the retraining for incident a@1 of 2013-04-01 00:00 UTC is closer than the cooldown of 3 days, 0:00:00'
    >>> decide(Facts(monday, veto="temp is multiplied by 1000"), policy).verdict.value
    'vetoed'
    """
    checks = _BY_HAND if facts.by_hand else _CHECKS
    found = (Decision(verdict, reason) for verdict, check in checks.items() if (reason := check(facts, policy)))
    refused = next(found, None)
    if refused is not None:
        return refused
    if policy.dry_run:
        return Decision(Verdict.DRY_RUN, "dry run: a retraining would have been started")
    return Decision(Verdict.STARTED, "nothing stands against it")


def _vetoed(facts: Facts, policy: Policy) -> str:  # noqa: ARG001 - one signature for all
    return facts.veto


def _too_few_labels(facts: Facts, policy: Policy) -> str:
    if policy.min_labels is None or facts.labels is None or facts.labels >= policy.min_labels:
        return ""
    return f"{facts.labels:,} labelled rows are at hand, {policy.min_labels:,} are needed"


def _cooldown(facts: Facts, policy: Policy) -> str:
    near = [other for other in _counted(facts, policy) if abs(facts.at - other.at) < policy.cooldown]
    if not near:
        return ""
    nearest = min(near, key=lambda other: (abs(facts.at - other.at), other.incident_id))
    return (
        f"the retraining for incident {nearest.incident_id} of {nearest.at:%Y-%m-%d %H:%M} UTC "
        f"is closer than the cooldown of {policy.cooldown}"
    )


def _no_progress(facts: Facts, policy: Policy) -> str:
    if policy.max_rejected is None:
        return ""
    started = sorted((o for o in facts.others if o.verdict is Verdict.STARTED), key=lambda other: other.at)
    last = started[-policy.max_rejected :]
    if len(last) < policy.max_rejected or not all(other.outcome is Outcome.REJECTED for other in last):
        return ""
    return (
        f"the last {len(last)} challengers were not better than the model that serves: training again will not help; "
        "find out why, then start a retraining by hand"
    )


def _in_flight(facts: Facts, policy: Policy) -> str:  # noqa: ARG001 - one signature for all
    return f"a retraining is running already: {facts.executing}" if facts.executing else ""


def _over_budget(facts: Facts, policy: Policy) -> str:
    if policy.monthly_budget is None:
        return ""
    month = [o for o in _counted(facts, policy) if (o.at.year, o.at.month) == (facts.at.year, facts.at.month)]
    spent = len(month) * policy.cost
    if spent + policy.cost <= policy.monthly_budget:
        return ""
    return (
        f"{len(month)} retrainings of {facts.at:%B %Y} have cost about ${spent:.2f}; another of about "
        f"${policy.cost:.2f} would exceed the monthly budget of ${policy.monthly_budget:.2f}"
    )


def _counted(facts: Facts, policy: Policy) -> list[Decided]:
    counted = {Verdict.STARTED, Verdict.DRY_RUN} if policy.dry_run else {Verdict.STARTED}
    return [other for other in facts.others if other.verdict in counted]


Check = Callable[[Facts, Policy], str]
_BY_HAND: Final[Mapping[Verdict, Check]] = {Verdict.IN_FLIGHT: _in_flight, Verdict.OVER_BUDGET: _over_budget}
_CHECKS: Final[Mapping[Verdict, Check]] = {
    Verdict.VETOED: _vetoed,
    Verdict.TOO_FEW_LABELS: _too_few_labels,
    Verdict.COOLDOWN: _cooldown,
    Verdict.NO_PROGRESS: _no_progress,
    **_BY_HAND,
}
