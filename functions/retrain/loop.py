"""What is done about a trigger: an incident is decided, acted on, told, and closed.

Each step leaves its mark on the incident after it is done. A crash between two steps is finished by the event that is
delivered again, or by the next reconciliation, which do what has no mark yet; the pipeline's request token makes a
start that was done but not marked harmless to repeat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatchmethod
from typing import Final, Protocol

from functions.retrain.decision import Facts, Policy, Verdict, decide
from functions.retrain.findings import Findings
from functions.retrain.incidents import CLOSED, OPEN, Incident, Incidents, client_request_token
from functions.retrain.pipeline import Pipeline
from functions.retrain.trigger import CLOCK_SKEW_SECONDS, Ended, Over, Raised, Reconcile, Trigger
from monitoring_core.errors import WatchkeeperError
from monitoring_core.window import format_time

ATTEMPTS: Final = 8


class ContendedError(WatchkeeperError):
    """Too many incidents of one endpoint are being decided at once."""


class World(Protocol):
    """What the loop sees of the account, and does in it."""

    def findings(self, raised: Raised, others: Iterable[Incident], at: datetime) -> Findings:
        """Return what the monitors had found at a moment."""
        ...

    def raised(self) -> list[Raised]:
        """Return what is raised at this moment."""
        ...

    def evidence_uri(self, incident_id: str, verdict: Verdict) -> str:
        """Return where the evidence of a decision lies."""
        ...

    def keep_evidence(self, incident: Incident) -> None:
        """Write the evidence of a decided incident."""
        ...

    def tell(self, incident: Incident) -> None:
        """Tell people what was decided."""
        ...

    def wait(self, attempt: int) -> None:
        """Let others go first, after an attempt that was in vain."""
        ...


@dataclass(frozen=True, slots=True)
class Loop:
    """The steps about one endpoint."""

    endpoint: str
    incidents: Incidents
    pipeline: Pipeline
    world: World
    policy: Policy

    @singledispatchmethod
    def handle(self, trigger: Trigger) -> Incident | None:
        """Do what a trigger asks for; return the incident it is about."""
        raise TypeError(f"nothing is done about a {type(trigger).__name__}")

    @handle.register
    def _(self, raised: Raised) -> Incident | None:
        return self._finish(self._decided(raised))

    @handle.register
    def _(self, over: Over) -> Incident | None:
        _, found = self.incidents.all()
        incident = _same(found, over.incident_id, over.source, over.began)
        incident_id = incident.incident_id if incident else over.incident_id
        return self.incidents.record(incident_id, {"status": CLOSED, "closed_at": format_time(over.at)})

    @handle.register
    def _(self, ended: Ended) -> Incident | None:
        _, found = self.incidents.all()
        incident = next((one for one in found if one.execution_arn == ended.execution_arn), None)
        return self._settle(incident) if incident else None

    @handle.register
    def _(self, reconcile: Reconcile) -> Incident | None:
        """Close what is over, settle what has ended, finish what was begun, decide what is waiting."""
        _, found = self.incidents.all()  # first: an incident that is opened after it is not closed below
        raised = {one.source: one for one in self.world.raised()}
        for incident in found:
            if incident.is_running and incident.execution_arn:
                self._settle(incident)
            if incident.is_unfinished:
                self._finish(incident)
            now = raised.get(incident.source)
            if incident.status == OPEN and (now is None or _same([incident], "", now.source, now.at) is None):
                self.incidents.record(incident.incident_id, {"status": CLOSED, "closed_at": format_time(reconcile.at)})
        for one in raised.values():
            self._finish(self._decided(one, again_at=reconcile.at))
        return None

    def _decided(self, raised: Raised, again_at: datetime | None = None) -> Incident:
        """Return the incident, decided: now, if it has not been, or is waiting and is to be decided again."""
        for attempt in range(ATTEMPTS):
            revision, found = self.incidents.all()
            incident = _same(found, raised.incident_id, raised.source, raised.at)
            is_decided = incident is not None and incident.decision is not None
            if incident is not None and is_decided and (again_at is None or not incident.is_waiting):
                return incident
            at = again_at if is_decided and again_at else raised.at
            claimed = self._claim(raised, incident, found, at)
            if incident is not None and claimed.decision is incident.decision:
                return incident  # nothing is new
            stored = self.incidents.claim(claimed, revision)
            if stored is not None:
                return stored
            self.world.wait(attempt)
        raise ContendedError(
            f"incident {raised.incident_id} was not decided in {ATTEMPTS} attempts, because others of {self.endpoint} "
            "were all the while; Lambda tries again"
        )

    def _claim(self, raised: Raised, known: Incident | None, found: Iterable[Incident], at: datetime) -> Incident:
        incident_id = known.incident_id if known else raised.incident_id
        others = [one for one in found if one.incident_id != incident_id]
        findings = self.world.findings(raised, others, at)
        facts = Facts(
            at=at,
            others=[one.decided for one in others if one.decided],
            executing=_running(others) or self.pipeline.running(),
            veto=findings.veto,
            labels=findings.labels,
            by_hand=raised.by_hand,
        )
        decision = decide(facts, self.policy)
        return Incident(
            endpoint=self.endpoint,
            incident_id=incident_id,
            source=raised.source,
            schedule=raised.schedule,
            cause=raised.reason,
            status=OPEN if raised.stays_open else CLOSED,
            decision=decision.verdict,
            reason=decision.reason,
            opened_at=raised.at,
            decided_at=at,
            window_end=findings.window_end or raised.at,
            evidence_uri=self.world.evidence_uri(incident_id, decision.verdict),
            client_request_token=client_request_token(self.endpoint, incident_id),
        )

    def _finish(self, incident: Incident) -> Incident:
        """Do what has no mark yet."""
        if incident.is_unfinished:
            self.world.keep_evidence(incident)
        if incident.decision is Verdict.STARTED and incident.execution_arn is None:
            execution = self.pipeline.start(incident)
            incident = self.incidents.record(incident.incident_id, {"execution_arn": execution})
        if incident.decision is not None and incident.is_untold:
            self.world.tell(incident)
            incident = self.incidents.note_told(incident.incident_id, incident.decision)
        return incident

    def _settle(self, incident: Incident) -> Incident:
        """Note what became of a retraining, if it has ended."""
        outcome = self.pipeline.outcome(incident.execution_arn) if incident.execution_arn else None
        return self.incidents.record(incident.incident_id, {"outcome": outcome}) if outcome else incident


def _running(others: Iterable[Incident]) -> str | None:
    """Return an incident whose retraining has been decided but not begun yet, which SageMaker does not know."""
    begun = (one for one in others if one.is_running and one.execution_arn is None)
    return next((f"that of incident {one.incident_id}" for one in begun), None)


def _same(found: Iterable[Incident], incident_id: str, source: str, at: datetime) -> Incident | None:
    """Return the incident of a name, or else of the same source and about the same moment."""
    near = [one for one in found if one.incident_id == incident_id or _is_near(one, source, at)]
    return min(near, key=lambda one: one.incident_id != incident_id, default=None)


def _is_near(incident: Incident, source: str, at: datetime) -> bool:
    apart = abs((incident.opened_at - at).total_seconds()) if incident.opened_at else CLOCK_SKEW_SECONDS + 1
    return incident.source == source and incident.source != "" and apart <= CLOCK_SKEW_SECONDS
