"""The message about a decision; no input or output here."""

from __future__ import annotations

from functions.common.contract import Manifest
from functions.common.message import Message
from functions.retrain.decision import Verdict
from functions.retrain.incidents import Incident

_HEADLINES = {
    Verdict.STARTED: "retraining started",
    Verdict.COOLDOWN: "no retraining: cooldown",
    Verdict.IN_FLIGHT: "no retraining: one is running",
    Verdict.DRY_RUN: "dry run: retraining would start",
}


def compose(incident: Incident, run: Manifest | None) -> Message:
    """Write the message about a decided incident, with the run behind it if there is one."""
    headline = _HEADLINES[incident.decision]
    lines = [
        f"Endpoint {incident.endpoint}: {headline}.",
        "",
        f"Why:       {incident.reason}",
        f"Incident:  {incident.incident_id}",
        f"Opened:    {incident.opened_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if incident.execution_arn is not None:
        lines += [f"Execution: {incident.execution_arn}", f"Evidence:  {incident.evidence_uri}"]
    if run is not None:
        lines += [f"Run:       {run.run_id}, {run.status}", f"Report:    {run.report or 'none'}"]
    return Message.of(f"{incident.endpoint}: {headline}", lines)
