"""The messages about deployments, and about what serves."""

from __future__ import annotations

from collections.abc import Sequence

from functions.common.message import Audience, Message, Routing, Severity
from functions.promote.record import Champion, Deployment, Source, Status

_DONE = {
    Source.APPROVAL: "is in service",
    Source.ROLLBACK: "is in service again",
}
_NEXT = {
    Status.FAILED: "The model before serves on, and baselines have not moved. Find out why; then approve a version "
    "anew, or ask with `watchkeeper rollback --to VERSION`.",
    Status.REFUSED: "Nothing has been changed.",
}

_SEVERITIES = {Status.FAILED: Severity.CRITICAL, Status.RETURNING: Severity.WARNING, Status.REFUSED: Severity.WARNING}
_AUDIENCES = (Audience.ENGINEERING, Audience.DATA_SCIENCE, Audience.BUSINESS)


def about(one: Deployment, runbook: str, notes: Sequence[str] = ()) -> Message:
    """Return the message about where a deployment has got to."""
    headlines = {
        Status.DEPLOYING: f"{one.title} goes into service",
        Status.RETURNING: f"{one.title} is taken back",
        Status.SUCCEEDED: f"{one.title} {_DONE[one.source]}",
        Status.FAILED: f"{one.title} was not taken into service",
        Status.REFUSED: f"{one.title} is refused",
    }
    lines = [f"{one.endpoint}: {headlines[one.status]}.", ""]
    facts = {
        "Asked by": one.source.value,
        "Package": one.package,
        "Because": one.reason,
        "Traffic": one.shifting,
        "Alarms": ", ".join(one.alarms),
        "Config": one.config_name,
        "Before": one.previous_config,
        "Incident": one.incident_id,
    }
    lines += [f"{name + ':':<10} {text}" for name, text in facts.items() if text]
    lines += [f"{'Note:':<10} {note}" for note in notes]
    if hint := _NEXT.get(one.status):
        lines += ["", hint]
    severity = _SEVERITIES.get(one.status, Severity.INFO)
    return Message.of(
        f"{one.endpoint}: {headlines[one.status]}",
        [*lines, "", f"What to do: {runbook}#promotion"],
        Routing(one.endpoint, _AUDIENCES, severity, one.package or one.config_name or ""),
    )


def about_identity(champion: Champion, changes: Sequence[str], runbook: str) -> Message:
    """Return the message that something serves which nobody approved."""
    lines = [
        f"{champion.endpoint} does not serve what was put into service on {champion.since:%Y-%m-%d %H:%M:%S} UTC.",
        "",
        *(f"- {change}" for change in changes),
        "",
        f"Recorded:  {champion.identity_uri}",
        f"What to do: {runbook}#identity",
    ]
    routing = Routing(champion.endpoint, (Audience.ENGINEERING, Audience.LEGAL), Severity.CRITICAL)
    return Message.of(f"{champion.endpoint}: an unapproved change of what it serves", lines, routing)
