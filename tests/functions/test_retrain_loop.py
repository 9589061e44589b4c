"""Whatever happens to events and functions: one retraining per incident, none against a veto, none forgotten.

The account is simulated: DynamoDB's transaction, SageMaker's request token, CloudWatch's alarms, and a function that is
killed between any two of its writes. What runs is the loop of the product.
"""

from __future__ import annotations

import heapq
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations, count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.retrain.decision import Outcome, Policy, Verdict
from functions.retrain.findings import Findings
from functions.retrain.incidents import Incident
from functions.retrain.loop import Loop
from functions.retrain.trigger import Ended, Over, Raised, Reconcile, Trigger

from .crashes import CrashError, Killer

START = datetime(2013, 4, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PERIOD = HOUR
ALARMS = ("quality", "drift")
HISTORIES = int(os.environ.get("WATCHKEEPER_HISTORIES", "300"))
"""Of each property; `make fuzz` runs 10,000."""


@dataclass
class Table:
    """What DynamoDB does, as far as it is asked."""

    kill: Killer
    items: dict[str, dict[str, object]] = field(default_factory=dict)
    revision: int = 0

    def all(self) -> tuple[int, list[Incident]]:
        return self.revision, [Incident.model_validate(item) for item in self.items.values()]

    def claim(self, incident: Incident, revision: int) -> Incident | None:
        self.kill()
        if revision != self.revision:
            return None
        self.revision += 1
        given = incident.model_dump(mode="json", exclude_none=True, exclude_unset=True)
        before = self.items.get(incident.incident_id, {})
        self.items[incident.incident_id] = before | given | {"status": before.get("status", incident.status)}
        self.kill()
        return Incident.model_validate(self.items[incident.incident_id])

    def record(self, incident_id: str, values: Mapping[str, str]) -> Incident:
        self.kill()
        key: dict[str, object] = {"endpoint": "e", "incident_id": incident_id}
        self.items[incident_id] = self.items.get(incident_id, key) | dict(values)
        self.kill()
        return Incident.model_validate(self.items[incident_id])

    def note_told(self, incident_id: str, verdict: Verdict) -> Incident:
        self.kill()
        told = Incident.model_validate(self.items[incident_id]).told
        self.items[incident_id]["told"] = told | {verdict}
        self.kill()
        return Incident.model_validate(self.items[incident_id])


@dataclass
class Account:
    """Alarms and pipeline, and the messages that were sent."""

    kill: Killer
    clock: Callable[[], datetime]
    vetoed: Callable[[datetime], bool]
    duration: timedelta
    rejected: bool = False
    in_alarm: dict[str, datetime] = field(default_factory=dict)
    executions: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    evidence: set[str] = field(default_factory=set)
    told: list[tuple[str, Verdict | None]] = field(default_factory=list)

    def findings(self, raised: Raised, others: Iterable[Incident], at: datetime) -> Findings:  # noqa: ARG002
        return Findings("the data are broken" if self.vetoed(at) else "")

    def raised(self) -> list[Raised]:
        return [Raised(f"{name}@polled-{at}", name, at + MINUTE / 60, "") for name, at in self.in_alarm.items()]

    def evidence_uri(self, incident_id: str, verdict: Verdict) -> str:
        return f"s3://bucket/{incident_id}/{verdict}"

    def keep_evidence(self, incident: Incident) -> None:
        self.kill()
        self.evidence.add(incident.evidence_uri)
        self.kill()

    def tell(self, incident: Incident) -> None:
        self.kill()
        assert self.evidence_uri(incident.incident_id, incident.decision or Verdict.STARTED) in self.evidence
        self.told.append((incident.incident_id, incident.decision))
        self.kill()

    def wait(self, attempt: int) -> None:
        raise AssertionError(f"nobody else decides here, attempt {attempt}")

    def running(self) -> str | None:
        now = self.clock()
        return next((name for name, began in self.executions.values() if now < began + self.duration), None)

    def start(self, incident: Incident) -> str:
        self.kill()
        assert self.evidence_uri(incident.incident_id, Verdict.STARTED) in self.evidence
        token = incident.client_request_token
        self.executions.setdefault(token, (f"execution-{len(self.executions)}", self.clock()))
        self.kill()
        return self.executions[token][0]

    def outcome(self, execution: str) -> Outcome | None:
        began = next(began for name, began in self.executions.values() if name == execution)
        if self.clock() < began + self.duration:
            return None
        return Outcome.REJECTED if self.rejected else Outcome.REGISTERED


@dataclass(frozen=True)
class Stay:
    """One stay of an alarm in ALARM, and what becomes of its two events."""

    alarm: str
    began: datetime
    ended: datetime


@dataclass
class Simulation:
    """Some days of one endpoint, in which everything goes wrong that can."""

    chance: random.Random
    policy: Policy
    stays: list[Stay]
    broken: list[tuple[datetime, datetime]]
    duration: timedelta
    lossy: bool = True
    deadly: bool = True
    now: datetime = START
    crashes: int = 0

    def __post_init__(self) -> None:
        self.kill = Killer()
        self.table = Table(self.kill)
        self.account = Account(self.kill, lambda: self.now, self.is_broken, self.duration)
        self.loop = Loop("e", self.table, self.account, self.account, self.policy)
        self.order, self.queue = count(), list[tuple[datetime, int, Callable[[], None]]]()

    def is_broken(self, at: datetime) -> bool:
        return any(begin <= at < end for begin, end in self.broken)

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (when, next(self.order), act))

    def deliver(self, trigger: Trigger) -> None:
        """Invoke the function; when it is killed Lambda invokes it again, twice at most."""
        for attempt in range(3):
            is_killed = self.deadly and attempt < 2 and self.chance.random() < 0.4
            self.kill.left = self.chance.randint(1, 16) if is_killed else -1
            try:
                self.loop.handle(trigger)
            except CrashError:
                self.crashes += 1
                continue
            finally:
                self.kill.left = -1
            return

    def send(self, trigger: Trigger) -> None:
        """Deliver an event never, once or several times, sooner or later, in any order."""
        for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3]) if self.lossy else 1):
            self.at(self.now + MINUTE * self.chance.choice([0, 0, 1, 30, 200]), lambda: self.deliver(trigger))

    def enter(self, stay: Stay) -> None:
        self.account.in_alarm[stay.alarm] = stay.began
        self.send(Raised(f"{stay.alarm}@{stay.began}", stay.alarm, stay.began, "", "s"))

    def leave(self, stay: Stay) -> None:
        del self.account.in_alarm[stay.alarm]
        self.send(Over(f"{stay.alarm}@{stay.began}", stay.alarm, stay.began, stay.ended))

    def reconcile(self) -> None:
        known = set(self.account.executions)
        self.deliver(Reconcile(self.now))
        for token in set(self.account.executions) - known:
            self.send(Ended(self.account.executions[token][0]))

    def run(self, until: datetime) -> None:
        for stay in self.stays:
            self.at(stay.began, partial(self.enter, stay))
            self.at(stay.ended, partial(self.leave, stay))
        tick = START
        while tick <= until:
            self.at(tick, self.reconcile)
            tick += PERIOD
        while self.queue:
            self.now, _, act = heapq.heappop(self.queue)
            act()

    def incidents(self) -> list[Incident]:
        return self.table.all()[1]


def simulate(
    seed: int, policy: Policy, *, duration: timedelta, broken: bool = True, lossy: bool = True, deadly: bool = True
) -> Simulation:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    stays = []
    for alarm in ALARMS:
        at = START + MINUTE * chance.randint(0, 600)
        for _ in range(chance.randint(0, 4)):
            ended = at + MINUTE * chance.choice([5, 45, 130, 600, 3000])
            stays.append(Stay(alarm, at, ended))
            at = ended + MINUTE * chance.choice([7, 90, 700])
    faults = []
    if broken and chance.random() < 0.6:
        begin = START + HOUR * chance.randint(0, 30)
        faults.append((begin, begin + HOUR * chance.randint(1, 40)))
    simulation = Simulation(chance, policy, stays, faults, duration, lossy, deadly)
    simulation.run(max((stay.ended for stay in stays), default=START) + 6 * PERIOD)
    return simulation


def is_of(incident: Incident, stay: Stay) -> bool:
    moment = incident.opened_at
    return incident.source == stay.alarm and moment is not None and abs(moment - stay.began) < 2 * MINUTE


def check_always(simulation: Simulation) -> list[Incident]:
    """Return the incidents that led to a retraining, after checking what must hold of every history."""
    found = simulation.incidents()
    started = [one for one in found if one.decision is Verdict.STARTED]
    tokens = [one.client_request_token for one in started]
    assert sorted(tokens) == sorted(simulation.account.executions), "one execution for each started incident, no other"
    assert len({one.execution_arn for one in started}) == len(started)
    times = [one.decided_at for one in started if one.decided_at]
    assert all(abs(a - b) >= simulation.policy.cooldown for a, b in combinations(times, 2))
    heard = [next(stay for stay in simulation.stays if is_of(one, stay)) for one in found if one.opened_at]
    assert len(heard) == len(set(heard)), "one incident for each stay, however it was heard of"
    assert all(one.status == "closed" for one in found), "all alarms are over"
    check_messages(simulation)
    return started


def check_messages(simulation: Simulation) -> None:
    """Check that people know of each incident once whatever asks something of them, and nothing else."""
    told = simulation.account.told
    needless = len(told) - len(set(told))
    for one in simulation.incidents():
        if one.decision is None:
            continue
        verdicts = list(dict.fromkeys(verdict for name, verdict in told if name == one.incident_id and verdict))
        assert one.decision in one.told or (one.told and one.decision.is_mere_waiting)
        assert one.told <= set(verdicts)
        needless += sum(verdict.is_mere_waiting for verdict in verdicts[1:])
    assert needless <= simulation.crashes, "told in vain only by a function killed before it left its mark"


POLICIES = st.builds(
    Policy,
    cooldown=st.sampled_from([timedelta(), 3 * HOUR, DAY]),
    max_rejected=st.sampled_from([None, 2]),
)


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), POLICIES, st.sampled_from([timedelta(), 2 * HOUR]))
def test_one_retraining_per_incident_and_none_against_a_veto(seed: int, policy: Policy, duration: timedelta) -> None:
    simulation = simulate(seed, policy, duration=duration)

    for incident in check_always(simulation):
        assert incident.decided_at is not None
        assert not simulation.is_broken(incident.decided_at)


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_a_lost_event_is_made_up_for_within_two_periods(seed: int) -> None:
    simulation = simulate(seed, Policy(cooldown=timedelta()), duration=timedelta(), broken=False)

    started = check_always(simulation)

    for stay in simulation.stays:
        if stay.ended - stay.began < 2 * PERIOD:
            continue
        incident = next(one for one in started if is_of(one, stay))
        _, began = simulation.account.executions[incident.client_request_token]
        assert began <= stay.began + 2 * PERIOD


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), POLICIES, st.sampled_from([timedelta(), 2 * HOUR]))
def test_no_verdict_is_told_twice_for_an_incident(seed: int, policy: Policy, duration: timedelta) -> None:
    simulation = simulate(seed, policy, duration=duration, deadly=False)

    check_always(simulation)

    assert simulation.crashes == 0
    assert len(simulation.account.told) == len(set(simulation.account.told))


def test_the_simulation_meets_what_it_is_about() -> None:
    """Lost events, vetoes and retrainings are common enough in these histories to prove anything."""
    histories = [simulate(seed, Policy(cooldown=3 * HOUR), duration=HOUR) for seed in range(200)]
    decisions = [one.decision for history in histories for one in history.incidents()]

    assert decisions.count(Verdict.STARTED) > 200
    assert sum(any(name == Verdict.VETOED for _, name in history.account.told) for history in histories) > 20
    assert sum(any("polled" in one.incident_id for one in history.incidents()) for history in histories) > 50


@pytest.mark.parametrize("by_hand", [False, True])
def test_no_progress_stops_the_loop_until_a_person_asks(*, by_hand: bool) -> None:
    stays = [Stay("drift", START + k * DAY, START + k * DAY + HOUR) for k in range(4)]
    policy = Policy(cooldown=timedelta(), max_rejected=2)
    simulation = Simulation(random.Random(1), policy, stays, [], timedelta(), lossy=False)  # noqa: S311
    simulation.account.rejected = True
    if by_hand:
        asked = Raised("manual@me", "manual", START + 4 * DAY, "I know why", stays_open=False)
        simulation.at(START + 4 * DAY, lambda: simulation.deliver(asked))
    simulation.run(START + 5 * DAY)

    started = [one.incident_id for one in simulation.incidents() if one.decision is Verdict.STARTED]
    assert len(started) == 2 + by_hand
    assert ("manual@me" in started) == by_hand
