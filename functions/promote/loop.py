"""The steps of a deployment; each looks at what is, so events may come twice, late, in any order, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from functions.promote.decision import Live, Next, before, judge, next_waiting, refusal
from functions.promote.record import Champion, Deployment, Source, Status
from functions.promote.service import Package
from functions.promote.settings import PromoteSettings
from functions.promote.table import Deployments
from functions.promote.trigger import Approved, Rollback, Trigger
from monitoring_core.errors import ConfigError

_MAX_STEPS: Final = 20
_ENDED: Final = frozenset({Status.SUCCEEDED, Status.FAILED, Status.REFUSED})


class World(Protocol):
    """What the steps need of the account (`functions.promote.account.Account`)."""

    def now(self) -> datetime:
        """Return the time."""
        ...

    def live(self) -> Live | None:
        """Return how the endpoint is."""
        ...

    def champion(self) -> Champion | None:
        """Return what was put into service last."""
        ...

    def package(self, name: str) -> Package:
        """Return a version of the registry."""
        ...

    def approved(self) -> list[Package]:
        """Return the approved versions."""
        ...

    def model_of(self, config_name: str) -> str:
        """Return the model that a configuration serves."""
        ...

    def prepare(self, one: Deployment, live: Live) -> Deployment:
        """Make model and configuration."""
        ...

    def update(self, one: Deployment) -> bool:
        """Ask SageMaker for a deployment."""
        ...

    def put_back(self, one: Deployment) -> None:
        """Ask SageMaker for what was before."""
        ...

    def finish(self, one: Deployment) -> bool:
        """Make it the reference; return whether it is, or has to be asked for again."""
        ...

    def record_lineage(self, one: Deployment) -> tuple[str, ...]:
        """Record what it connects; return notes on what could not be."""
        ...

    def note_incident(self, one: Deployment) -> None:
        """Write into the incident what became of it."""
        ...

    def tell(self, one: Deployment) -> None:
        """Send one message."""
        ...

    def check_identity(self, champion: Champion) -> list[str]:
        """Hold what serves against what was recorded."""
        ...


@dataclass(frozen=True, slots=True)
class Promotion:
    """The deployments of one endpoint."""

    settings: PromoteSettings
    deployments: Deployments
    world: World

    def handle(self, trigger: Trigger) -> Deployment | None:
        """Do what a trigger asks for, and whatever else is due; return the deployment it is about."""
        match trigger:
            case Approved():
                asked = self._ask_approved(self.world.package(trigger.package))
            case Rollback():
                asked = self._ask_rollback(trigger)
            case _:
                asked = None
                if trigger.whole:
                    self._ask_missed()
        self._advance()
        _, records = self.deployments.all()
        if asked is None and not isinstance(trigger, Approved | Rollback) and trigger.whole:
            self._check(records)
        return next((one for one in records if asked and one.deployment_id == asked.deployment_id), None)

    def _ask_approved(self, package: Package) -> Deployment | None:
        """Ask for an approved version; None where the approval has been taken back, or is of another group."""
        if package.approval != "Approved" or package.group != self.settings.group:
            return None
        wanted = Deployment(
            endpoint=self.settings.endpoint,
            deployment_id=f"v{package.version}@{package.changed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            source=Source.APPROVAL,
            status=Status.WAITING,
            requested_at=self.world.now(),
            package=package.arn,
            version=package.version,
            identity=package.arn,
            declared=self.settings.declared,
            dataset=package.dataset,
            baselines=package.baselines,
            incident_id=package.incident_id,
        )
        _, records = self.deployments.all()
        if not any(one.package == package.arn and one.status not in _ENDED for one in records):
            self.deployments.ask(wanted)
        return wanted

    def _ask_rollback(self, order: Rollback) -> Deployment:
        _, records = self.deployments.all()
        wanted = self._target(order, records).model_copy(
            update={
                "deployment_id": f"rollback@{order.order_id}",
                "source": Source.ROLLBACK,
                "status": Status.WAITING,
                "requested_at": self.world.now(),
                "declared": self.settings.declared,
                "reason": order.reason,
            }
        )
        self.deployments.ask(wanted)
        return wanted

    def _target(self, order: Rollback, records: Sequence[Deployment]) -> Deployment:
        """Return the earlier deployment, or the version, that a rollback goes to, without its history.

        Raises
        ------
        ConfigError
            If there is nothing to go back to.
        """
        champion = self.world.champion()
        if order.version is not None:
            package = self.world.package(f"{self.settings.packages}{order.version}")
            sources = {"dataset": package.dataset, "baselines": package.baselines}
            facts = {"package": package.arn, "version": package.version, **sources}
            return _blank(self.settings.endpoint, self.world.now(), identity=package.arn, **facts)
        found = before(records, champion) if champion else None
        if found is None:
            raise ConfigError(
                f"no earlier model of {self.settings.endpoint} has been in service since promotion was configured; "
                "name a version of the registry with --to"
            )
        facts = found.model_dump(include={"package", "version", "dataset", "baselines", "model_name"})
        return _blank(self.settings.endpoint, self.world.now(), identity=found.identity, **facts)

    def _ask_missed(self) -> None:
        """Ask for what nobody has told of: the endpoint as it was found, and approvals whose event was lost."""
        live, champion = self.world.live(), self.world.champion()
        _, records = self.deployments.all()
        if champion is None:
            if live is not None and live.status == "InService" and not any(r.status.is_under_way for r in records):
                self.deployments.ask(self._adopted(live))
            return
        known = {one.package for one in records} | {champion.package}
        begun = min((one.requested_at for one in records), default=champion.since)
        for package in self.world.approved():  # what had been approved before we watched is nobody's wish now
            is_newer = package.version > (champion.version or 0) and package.changed_at > begun
            if package.arn not in known and is_newer:
                self._ask_approved(package)

    def _adopted(self, live: Live) -> Deployment:
        found = _blank(self.settings.endpoint, self.world.now(), identity=self.settings.declared)
        return found.model_copy(
            update={
                "deployment_id": f"adopted@{live.config_name}",
                "source": Source.ADOPTED,
                "status": Status.DEPLOYING,
                "declared": self.settings.declared,
                "config_name": live.config_name,
                "model_name": self.world.model_of(live.config_name),
            }
        )

    def _check(self, records: Sequence[Deployment]) -> None:
        """Tell what could not be told, and hold what serves against what was approved, while nothing is changing."""
        for one in records:
            if one.is_untold:
                self._tell(one)
        champion, live = self.world.champion(), self.world.live()
        is_quiet = not any(one.status.is_under_way for one in records)
        if champion is not None and live is not None and live.is_still and is_quiet:
            self.world.check_identity(champion)

    def _advance(self) -> None:
        for _ in range(_MAX_STEPS):
            if not self._step():
                return

    def _step(self) -> bool:
        """Take one deployment one step further; return whether any could be."""
        revision, records = self.deployments.all()
        live = self.world.live()
        if live is None:
            return False
        under_way = [one for one in records if one.status.is_under_way]
        for one in under_way:
            to = judge(one, live, self.world.now())
            if to is not None:
                return self._go(one, to, revision)
        waiting = None if under_way else next_waiting(records)
        return waiting is not None and live.is_still and self._start(waiting, live, revision)

    def _start(self, one: Deployment, live: Live, revision: int) -> bool:
        why = refusal(one, self.world.champion(), allow_older=self.settings.allow_older)
        if why:
            return self._moved(_ended(one, Next(Status.REFUSED, why), self.world.now()), revision)
        taken = self.world.prepare(one, live)
        if not self.deployments.move(taken, revision):
            return True
        self._update(taken)
        self._tell(taken)
        return True

    def _go(self, one: Deployment, to: Next, revision: int) -> bool:
        """Bring a deployment to its next status; return whether to look again."""
        if to.status is Status.DEPLOYING:
            return self._update(one)
        if to.status is Status.RETURNING:
            back = one.model_copy(update={"status": to.status, "reason": to.reason})
            is_mine = one.status is Status.RETURNING or self._moved(back, revision)
            if is_mine:
                self.world.put_back(back)
            return False
        if to.status is not Status.SUCCEEDED:
            return self._moved(_ended(one, to, self.world.now()), revision)
        if not self.world.finish(one):
            return False
        done = one.model_copy(update={"notes": self.world.record_lineage(one)})
        return self._moved(_ended(done, to, self.world.now()), revision)

    def _update(self, one: Deployment) -> bool:
        """Ask SageMaker, and write down that it has accepted; return whether it has."""
        if not self.world.update(one):
            return False
        revision, records = self.deployments.all()
        stored = next(other for other in records if other.deployment_id == one.deployment_id)
        if stored.updated_at is None:
            self.deployments.move(stored.model_copy(update={"updated_at": self.world.now()}), revision)
        return True

    def _moved(self, changed: Deployment, revision: int) -> bool:
        """Write a new status; whoever wrote it tells it. Return True also where somebody else was faster."""
        if self.deployments.move(changed, revision):
            if changed.status in _ENDED:
                self.world.note_incident(changed)
            if changed.is_untold:
                self._tell(changed)
        return True

    def _tell(self, one: Deployment) -> None:
        self.world.tell(one)
        self.deployments.note_told(one)


def _blank(endpoint: str, now: datetime, **facts: object) -> Deployment:
    """Return a deployment that nobody has asked for yet."""
    given = {"deployment_id": "@", "source": Source.ROLLBACK, "status": Status.WAITING, "requested_at": now, **facts}
    return Deployment.model_validate({"endpoint": endpoint, **given})


def _ended(one: Deployment, to: Next, now: datetime) -> Deployment:
    ended = {"ended_at": now} if to.status in _ENDED else {}
    return one.model_copy(update={"status": to.status, "reason": to.reason or one.reason, **ended})
