"""Why a retraining was started, or not: written before it is done or told; a pipeline gets its place as a parameter."""

from __future__ import annotations

from typing import Literal

from functions.common.contract import Manifest, Utc
from functions.common.reports import FinishedRun
from functions.common.storage import write
from functions.retrain.incidents import Incident
from monitoring_core.spec import Frozen


class Evidence(Frozen):
    """The facts that a person, or the pipeline, needs to judge a decision. It holds no raw rows."""

    version: Literal[2] = 2
    incident_id: str
    endpoint: str
    source: str
    cause: str
    opened_at: Utc | None
    decided_at: Utc | None
    decision: str
    decision_reason: str
    window_end: Utc | None
    manifest: str | None
    run: Manifest | None


def write_evidence(incident: Incident, run: FinishedRun | None) -> None:
    """Write the evidence of a decided incident; the same incident gives the same bytes."""
    evidence = Evidence(
        incident_id=incident.incident_id,
        endpoint=incident.endpoint,
        source=incident.source,
        cause=incident.cause,
        opened_at=incident.opened_at,
        decided_at=incident.decided_at,
        decision=incident.decision or "",
        decision_reason=incident.reason,
        window_end=incident.window_end,
        manifest=run.uri if run else None,
        run=run.manifest if run else None,
    )
    write(incident.evidence_uri, evidence.model_dump_json(indent=2).encode())
