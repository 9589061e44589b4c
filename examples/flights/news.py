"""What was done about alarms, from the account's journal: messages to people, approvals, traffic that moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from functions.common.contract import Utc
from monitoring_core.spec import Frozen

Event = Mapping[str, Any]

SHIFT: Final = "SageMaker Endpoint Deployment State Change"
PACKAGE: Final = "SageMaker Model Package State Change"
TRAFFIC: Final = {"ActivatingTraffic": "canary: a tenth of the traffic", "Baking": "all of the traffic"}


class News(Frozen):
    """One thing that was done."""

    time: Utc
    text: str


def news(entry: Mapping[str, Any], endpoint: str) -> News | None:
    """Return what an entry of the journal says was done; None where it is about anything else."""
    reader = _READERS.get(entry["kind"])
    text = reader(entry["detail"], endpoint) if reader else ""
    return News(time=entry["time"], text=text) if text else None


def _told(message: Event, endpoint: str) -> str:
    """Read a message to a person, but for those about an alarm."""
    subject, prefix = str(message["subject"] or ""), f"{endpoint}: "
    return subject.removeprefix(prefix) if message["protocol"] == "email" and subject.startswith(prefix) else ""


def _happened(told: Event, endpoint: str) -> str:  # noqa: ARG001 - one signature for all
    event = told["event"]
    reader = _EVENTS.get(event["detail-type"])
    return reader(event["detail"]) if reader else ""


def _approved(package: Event) -> str:
    is_approval = package["ModelApprovalStatus"] == "Approved" and package.get("UpdatedModelPackageFields")
    return f"version {package['ModelPackageVersion']} approved by a person" if is_approval else ""


def _shifted(endpoint: Event) -> str:
    return TRAFFIC[traffic_status(endpoint)]


def traffic_status(endpoint: Event) -> str:
    """Return how far a deployment is, by an endpoint's event."""
    status: str = endpoint["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
    return status


_READERS: Final[Mapping[str, Callable[[Event, str], str]]] = {"message": _told, "event": _happened}
_EVENTS: Final[Mapping[str, Callable[[Event], str]]] = {PACKAGE: _approved, SHIFT: _shifted}
