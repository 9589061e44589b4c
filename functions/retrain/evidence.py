"""Why a retraining was started: written beside the run's report before the pipeline starts."""

from __future__ import annotations

from typing import Literal

from functions.common.alarm_event import AlarmStateChange
from functions.common.contract import Manifest, Utc
from functions.common.reports import FinishedRun
from functions.common.storage import write
from functions.retrain.incidents import Incident
from monitoring_core.spec import Frozen


class Evidence(Frozen):
    """The facts that a person, or the pipeline, needs to judge the retraining. It holds no raw rows."""

    version: Literal[1] = 1
    incident_id: str
    endpoint: str
    alarm_name: str
    alarm_reason: str
    opened_at: Utc
    decision: str
    decision_reason: str
    window_end: Utc
    manifest: str | None
    run: Manifest | None


def evidence_uri(bucket: str, incident_id: str) -> str:
    """Return where the evidence of an incident lies."""
    return f"s3://{bucket}/retraining/{incident_id}/evidence.json"


def write_evidence(incident: Incident, change: AlarmStateChange, run: FinishedRun | None) -> None:
    """Write the evidence of a decided incident; the same event gives the same bytes."""
    evidence = Evidence(
        incident_id=incident.incident_id,
        endpoint=incident.endpoint,
        alarm_name=change.detail.alarm_name,
        alarm_reason=change.detail.state.reason,
        opened_at=incident.opened_at,
        decision=incident.decision,
        decision_reason=incident.reason,
        window_end=incident.window_end,
        manifest=run.uri if run else None,
        run=run.manifest if run else None,
    )
    write(incident.evidence_uri, evidence.model_dump_json(indent=2).encode())
