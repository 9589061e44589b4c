"""Whatever happens to events and functions: an approved version is deployed once, and what is told is what happened.

The world is simulated: DynamoDB's conditions, SageMaker's endpoint, and a function that is killed between any two of
its writes. What runs is the promotion of the product.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.promote.decision import Live, Next, before, judge, refusal
from functions.promote.loop import Promotion
from functions.promote.record import Champion, Deployment, Source, Status, champion_of
from functions.promote.service import Package
from functions.promote.settings import PromoteSettings, Shifting
from functions.promote.shifting import plan
from functions.promote.trigger import Approved, Look, Rollback, parse
from monitoring_core.errors import ConfigError

from .crashes import CrashError, Killer

START = datetime(2013, 4, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GROUP = "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/"
SHIFTING = Shifting(strategy="canary", canary_percent=10, linear_steps=4, wait=600, bake=1800, rollback_alarms=True)


@dataclass
class Table:
    """What DynamoDB does, as far as it is asked."""

    kill: Killer
    items: dict[str, Deployment] = field(default_factory=dict)
    revision: int = 0

    def all(self) -> tuple[int, list[Deployment]]:
        return self.revision, sorted(self.items.values(), key=lambda one: (one.requested_at, one.deployment_id))

    def ask(self, wanted: Deployment) -> bool:
        self.kill()
        is_new = wanted.deployment_id not in self.items
        self.items.setdefault(wanted.deployment_id, wanted)
        self.kill()
        return is_new

    def move(self, changed: Deployment, revision: int) -> bool:
        self.kill()
        if revision != self.revision:
            return False
        self.revision += 1
        self.items[changed.deployment_id] = changed
        self.kill()
        return True

    def note_told(self, deployment: Deployment) -> None:
        self.kill()
        now = self.items[deployment.deployment_id]
        self.items[deployment.deployment_id] = now.model_copy(update={"told": deployment.status})


@dataclass
class World:
    """An endpoint that takes half an hour to change, and may go back."""

    kill: Killer
    now_: datetime = START
    approvals: dict[int, datetime] = field(default_factory=dict)
    bad: frozenset[int] = frozenset()
    config: str = "config-0"
    coming: tuple[str, datetime, bool] | None = None
    modified_at: datetime = START - HOUR
    champion_: Champion | None = None
    updates: list[str] = field(default_factory=list)
    rebound: list[str] = field(default_factory=list)
    told: list[tuple[str, Status]] = field(default_factory=list)
    lineage: list[str] = field(default_factory=list)
    lineage_missing: tuple[str, ...] = ()
    checked: int = 0
    pending: int = 0

    def now(self) -> datetime:
        return self.now_

    def live(self) -> Live:
        if self.coming and self.now_ >= self.coming[1]:
            config, self.modified_at, is_bad = self.coming
            self.config, self.coming = self.config if is_bad else config, None
        return Live("Updating" if self.coming else "InService", self.config, self.modified_at)

    def champion(self) -> Champion | None:
        return self.champion_

    def package(self, name: str) -> Package:
        number = int(name.rpartition("/")[2])
        approval = "Approved" if number in self.approvals else "PendingManualApproval"
        return Package(name, "credit", number, approval, self.approvals.get(number, START), {}, {}, {})

    def approved(self) -> list[Package]:
        return [self.package(f"{GROUP}{number}") for number in sorted(self.approvals, reverse=True)]

    def model_of(self, config_name: str) -> str:
        return f"declared by {config_name}"

    def prepare(self, one: Deployment, live: Live) -> Deployment:
        model = one.model_name or f"model-{one.version}"
        changes = {"status": Status.DEPLOYING, "model_name": model, "config_name": f"config-of-{model}"}
        return one.model_copy(update={**changes, "previous_config": live.config_name, "seen_at": live.modified_at})

    def update(self, one: Deployment) -> bool:
        self.kill()
        if self.live().status == "Updating":
            return False
        self.updates.append(one.deployment_id)
        self.coming = (one.config_name, self.now_ + 30 * MINUTE, one.version in self.bad)
        self.modified_at = self.now_ + timedelta(seconds=1)
        self.kill()
        return True

    def put_back(self, one: Deployment) -> None:
        self.coming = (one.previous_config, self.now_ + MINUTE, False)

    def finish(self, one: Deployment) -> bool:
        assert self.live() == Live("InService", one.config_name, self.modified_at)
        self.kill()
        self.champion_ = champion_of(one, self.now_, "s3://b/identity.json")
        self.kill()
        if self.pending:
            self.pending -= 1
            return False
        if not self.rebound or self.rebound[-1] != one.identity:
            self.rebound.append(one.identity)
        return True

    def record_lineage(self, one: Deployment) -> tuple[str, ...]:
        self.kill()
        self.lineage.append(one.deployment_id)
        return self.lineage_missing

    def note_incident(self, one: Deployment) -> None:  # noqa: ARG002 - as the protocol names it
        self.kill()

    def tell(self, one: Deployment) -> None:
        self.kill()
        self.told.append((one.deployment_id, one.status))

    def check_identity(self, champion: Champion) -> list[str]:  # noqa: ARG002 - as the protocol names it
        self.checked += 1
        return []


def made(*, allow_older: bool = False, **world: Any) -> tuple[Promotion, World, Table]:
    kill = Killer()
    configured = PromoteSettings(
        bucket="b",
        endpoint="e",
        variant="AllTraffic",
        declared="s3://credit/m.tar.gz",
        packages=GROUP,
        deployment_table="t",
        topic_arn="topic",
        runbook_url="https://runbook",
        shifting=SHIFTING.model_dump_json(),
        allow_older="true" if allow_older else "false",
    )
    simulated, table = World(kill, **world), Table(kill)
    promotion = Promotion(configured, table, simulated)
    promotion.handle(Look(whole=True))
    return promotion, simulated, table


def approve(world: World, number: int) -> Approved:
    world.approvals[number] = world.now_ = world.now_ + MINUTE
    return Approved(f"{GROUP}{number}")


def test_an_endpoint_is_taken_as_it_is_found() -> None:
    _, world, _ = made()
    assert world.champion_ is not None
    assert (world.champion_.config_name, world.champion_.identity) == ("config-0", "s3://credit/m.tar.gz")
    assert (world.updates, world.told, world.checked) == ([], [], 1)


def test_baselines_move_only_when_the_deployment_has_ended_well() -> None:
    promotion, world, _ = made()
    promotion.handle(approve(world, 1))
    assert world.live().status == "Updating"
    assert f"{GROUP}1" not in world.rebound
    world.now_ += HOUR
    promotion.handle(Look())
    assert world.rebound[-1] == f"{GROUP}1"
    assert [status for _, status in world.told] == [Status.DEPLOYING, Status.SUCCEEDED]


def test_lineage_that_cannot_be_recorded_is_noted_and_undoes_nothing() -> None:
    promotion, world, table = made()
    world.lineage_missing = ("lineage is incomplete: throttled",)
    promotion.handle(approve(world, 1))
    assert world.lineage == ["adopted@config-0"]
    world.now_ += HOUR
    promotion.handle(Look())
    (done,) = [one for one in table.items.values() if one.version == 1]
    assert (done.status, done.notes) == (Status.SUCCEEDED, world.lineage_missing)
    assert world.lineage == ["adopted@config-0", done.deployment_id]


def test_a_deployment_is_over_when_jobs_have_made_its_baselines() -> None:
    promotion, world, table = made()
    promotion.handle(approve(world, 1))
    world.pending = 2
    for _ in range(2):
        world.now_ += HOUR
        promotion.handle(Look(whole=True))
        assert f"{GROUP}1" not in world.rebound
        assert [status for _, status in world.told] == [Status.DEPLOYING]
    promotion.handle(approve(world, 2))  # the hour's check that finds them made; then it is the next one's turn
    assert world.rebound[-1] == f"{GROUP}1"
    assert {one.version: one.status for one in table.items.values() if one.version} == {
        1: Status.SUCCEEDED,
        2: Status.DEPLOYING,
    }


def test_a_deployment_that_went_back_moves_nothing_and_is_told() -> None:
    promotion, world, table = made(bad=frozenset({1}))
    promotion.handle(approve(world, 1))
    world.now_ += HOUR
    promotion.handle(Look())
    promotion.handle(Look(whole=True))
    assert [status for _, status in world.told] == [Status.DEPLOYING, Status.FAILED]
    assert world.champion_ is not None
    assert world.champion_.config_name == "config-0"
    assert f"{GROUP}1" not in world.rebound
    assert len([one for one in table.items.values() if one.version == 1]) == 1


def test_an_older_version_is_refused_unless_it_is_allowed() -> None:
    for allow_older, expected in ((False, 2), (True, 1)):
        promotion, world, _ = made(allow_older=allow_older)
        promotion.handle(approve(world, 2))
        world.now_ += HOUR
        promotion.handle(Look())
        answer = promotion.handle(approve(world, 1))
        world.now_ += HOUR
        promotion.handle(Look())
        assert world.champion_ is not None
        assert world.champion_.version == expected
        assert answer is not None
        assert ("older than version 2" in answer.reason) is not allow_older


def test_approvals_that_come_together_are_deployed_one_by_one_the_newest_first() -> None:
    promotion, world, _ = made()
    promotion.handle(approve(world, 1))
    promotion.handle(approve(world, 2))
    promotion.handle(approve(world, 3))
    for _ in range(3):
        world.now_ += HOUR
        promotion.handle(Look())
    assert [update.partition("@")[0] for update in world.updates] == ["v1", "v3"]
    assert [name.partition("@")[0] for name, status in world.told if status is Status.REFUSED] == ["v2"]


def test_an_approval_that_was_taken_back_before_its_event_came_is_ignored() -> None:
    promotion, world, table = made()
    late = approve(world, 1)
    del world.approvals[1]
    assert promotion.handle(late) is None
    assert [one for one in table.items.values() if one.version == 1] == []


def test_a_rollback_goes_to_the_model_before_and_again_to_any_version() -> None:
    promotion, world, _ = made()
    for number in (1, 2):
        promotion.handle(approve(world, number))
        world.now_ += HOUR
        promotion.handle(Look())
    for order, version, expected in (("a", None, 1), ("b", 2, 2)):
        promotion.handle(Rollback(order, version, "worse in the shops"))
        promotion.handle(Rollback(order, version, "worse in the shops"))
        world.now_ += HOUR
        promotion.handle(Look())
        assert world.champion_ is not None
        assert world.champion_.version == expected
    assert len(world.updates) == 4


def test_a_rollback_reaches_the_model_of_the_configuration() -> None:
    promotion, world, _ = made()
    promotion.handle(approve(world, 1))
    world.now_ += HOUR
    promotion.handle(Look())
    promotion.handle(Rollback("a", None, ""))
    world.now_ += HOUR
    promotion.handle(Look())
    assert world.config == "config-of-declared by config-0"
    assert world.champion_ is not None
    assert not world.champion_.is_promoted


def test_without_an_earlier_model_a_rollback_says_what_to_do() -> None:
    promotion, _, _ = made()
    with pytest.raises(ConfigError, match="--to"):
        promotion.handle(Rollback("a", None, ""))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), bad=st.frozensets(st.integers(1, 4), max_size=2))
def test_no_version_is_deployed_twice_whatever_happens(seed: int, bad: frozenset[int]) -> None:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    promotion, world, table = made(bad=bad)
    pending: list[Approved | Look] = []
    for number in (1, 2, 3, 4):
        event = approve(world, number)
        pending += [event] * chance.choice((0, 1, 1, 2))  # lost, delivered, delivered twice
        for _ in range(chance.randint(0, 4)):
            world.now_ += chance.choice((MINUTE, 20 * MINUTE, HOUR))
            trigger = pending.pop(chance.randrange(len(pending))) if pending and chance.random() < 0.7 else Look()
            run(promotion, world, trigger, crash_at=chance.choice((-1, -1, 1, 2, 3, 4, 5, 6)))
    for trigger in (*pending, *[Look(whole=True)] * 12):
        world.now_ += HOUR
        run(promotion, world, trigger, crash_at=-1)
    updates = [update for update in world.updates if update.startswith("v")]
    assert len(updates) == len(set(updates))
    assert not any(one.status.is_under_way or one.status is Status.WAITING for one in table.items.values())
    assert world.champion_ is not None
    assert world.champion_.config_name == world.config
    best = max((number for number in (1, 2, 3, 4) if number not in bad), default=None)
    assert world.champion_.version == best
    assert not any(one.is_untold for one in table.items.values() if one.source is Source.APPROVAL)


def run(promotion: Promotion, world: World, trigger: Any, *, crash_at: int) -> None:
    """Run the function, and let Lambda try again when it was killed."""
    world.kill.left = crash_at
    try:
        promotion.handle(trigger)
    except CrashError:
        world.kill.left = -1
        promotion.handle(trigger)
    world.kill.left = -1


def deployment(**changes: Any) -> Deployment:
    facts = {"endpoint": "e", "deployment_id": "v1@", "source": Source.APPROVAL, "status": Status.DEPLOYING}
    return Deployment.model_validate(
        {**facts, "requested_at": START, "seen_at": START - HOUR, "config_name": "new", "identity": "p", **changes}
    )


def live(**changes: Any) -> Live:
    return Live(**{"status": "InService", "config_name": "old", "modified_at": START - HOUR, **changes})


@pytest.mark.parametrize(
    ("one", "what", "expected"),
    [
        (deployment(), live(status="Updating"), None),
        (deployment(), live(), Status.DEPLOYING),
        (deployment(), live(config_name="new"), Status.SUCCEEDED),
        (deployment(updated_at=START), live(), Status.FAILED),
        (deployment(), live(modified_at=START + MINUTE), Status.FAILED),
        (deployment(source=Source.DEPLOYMENT), live(), None),
        (deployment(watch_until=START + 2 * HOUR), live(config_name="new"), Status.WATCHING),
        (deployment(status=Status.WATCHING, watch_until=START + 2 * HOUR), live(config_name="new"), None),
        (deployment(status=Status.WATCHING, watch_until=START), live(config_name="new"), Status.SUCCEEDED),
        (
            deployment(status=Status.WATCHING, watch_until=START + 2 * HOUR, alarms=("a",)),
            live(config_name="new", ringing=frozenset({"a", "b"})),
            Status.RETURNING,
        ),
        (deployment(status=Status.RETURNING), live(), Status.FAILED),
        (deployment(status=Status.RETURNING), live(config_name="new"), Status.RETURNING),
    ],
)
def test_where_a_deployment_goes(one: Deployment, what: Live, expected: Status | None) -> None:
    to = judge(one, what, START + HOUR)
    assert (to.status if to else None) is expected


def test_a_failure_says_what_sagemaker_says_and_what_rings() -> None:
    to = judge(
        deployment(updated_at=START, alarms=("e-errors",)),
        live(failure="no capacity", ringing=frozenset({"e-errors"})),
        START,
    )
    assert to == Next(Status.FAILED, "no capacity; in ALARM: e-errors")


def test_what_is_in_service_is_not_deployed_again() -> None:
    champion = champion_of(deployment(version=3, model_name="m"), START, "")
    assert refusal(deployment(version=3), champion, allow_older=True) == "version 3 is in service already"
    assert before([deployment(status=Status.SUCCEEDED)], champion) is None


@pytest.mark.parametrize(
    ("strategy", "routing", "waited"),
    [
        ("canary", {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}}, 600),
        ("linear", {"Type": "LINEAR", "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}}, 600),
        ("all-at-once", {"Type": "ALL_AT_ONCE"}, 0),
    ],
)
def test_how_traffic_moves_on_instances(strategy: str, routing: Mapping[str, Any], waited: int) -> None:
    variants = {"ProductionVariants": [{"InstanceType": "ml.m5.large"}, {"InstanceType": "ml.m5.large"}]}
    update = plan(variants, SHIFTING.model_copy(update={"strategy": strategy}), ["a"])
    assert update.deployment is not None
    policy = update.deployment["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == {**routing, "WaitIntervalInSeconds": waited}
    assert update.deployment["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "a"}]}
    assert update.watch_seconds == 0


@pytest.mark.parametrize(
    "variant", [{"ServerlessConfig": {"MemorySizeInMB": 1024}}, {"InstanceType": "ml.inf1.xlarge"}]
)
def test_where_sagemaker_shifts_no_traffic_we_watch_and_say_so(variant: Mapping[str, Any]) -> None:
    update = plan({"ProductionVariants": [variant]}, SHIFTING, ["a"])
    assert update.deployment is None
    assert update.watch_seconds == 2400
    assert "all at once, for SageMaker cannot shift traffic" in update.told


def event(**detail: Any) -> dict[str, Any]:
    return {"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageArn": "p", **detail}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (event(ModelApprovalStatus="Approved", UpdatedModelPackageFields=["ModelApprovalStatus"]), Approved("p")),
        (event(ModelApprovalStatus="Approved", UpdatedModelPackageFields=[]), Approved("p")),
        (event(ModelApprovalStatus="Approved", UpdatedModelPackageFields=["ModelCard"]), None),
        (event(ModelApprovalStatus="Rejected", UpdatedModelPackageFields=["ModelApprovalStatus"]), None),
        ({"detail-type": "SageMaker Endpoint State Change", "detail": {}}, Look()),
        ({"detail-type": "CloudWatch Alarm State Change", "detail": {}}, Look()),
        ({"trigger": "check"}, Look(whole=True)),
        ({"trigger": "rollback", "order_id": "1", "to": 3}, Rollback("1", 3, "")),
    ],
)
def test_what_starts_it(given: dict[str, Any], expected: object) -> None:
    assert parse(given) == expected


def test_an_order_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown order"):
        parse({"trigger": "sing"})
