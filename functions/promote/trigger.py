"""What starts the function, in one vocabulary: an approval, a change of the endpoint, an alarm, the clock, a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.common.contract import Utc
from monitoring_core.errors import ConfigError
from monitoring_core.spec import Frozen

_PACKAGE, _ALARM = "SageMaker Model Package State Change", "CloudWatch Alarm State Change"
_ENDPOINT = {"SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"}


@dataclass(frozen=True, slots=True)
class Approved:
    """A model package has been approved."""

    package: str


@dataclass(frozen=True, slots=True)
class Look:
    """Something has changed: look at what is.

    Attributes
    ----------
    whole : bool
        Look for approvals whose event was lost, and at what serves, too.
    """

    whole: bool = False


@dataclass(frozen=True, slots=True)
class Rollback:
    """A person wants an earlier model; None: the one before."""

    order_id: str
    version: int | None
    reason: str


Trigger = Approved | Look | Rollback


class _Sent(Frozen):
    at: Utc


def moment(event: Mapping[str, Any]) -> datetime:
    """Return when an event was sent, or an order was due; now where neither is told."""
    sent = event.get("time") or event.get("scheduled_time")
    return _Sent(at=sent).at if sent else datetime.now(UTC)


def parse(event: Mapping[str, Any]) -> Trigger | None:
    """Read an event or an order; None where it asks for nothing.

    Raises
    ------
    ConfigError
        If an order is none of ours.
    """
    kind, detail = event.get("detail-type"), event.get("detail", {})
    if kind == _PACKAGE:
        return _approved(detail)
    if kind in _ENDPOINT or kind == _ALARM:
        return Look()
    return _order(event)


def _approved(detail: Mapping[str, Any]) -> Approved | None:
    """Return an approval; other changes of a package that is approved already are none."""
    changed = detail.get("UpdatedModelPackageFields") or []
    is_approval = not changed or "ModelApprovalStatus" in changed
    if detail.get("ModelApprovalStatus") != "Approved" or not is_approval:
        return None
    return Approved(str(detail["ModelPackageArn"]))


def _order(event: Mapping[str, Any]) -> Trigger:
    order, version = event.get("trigger"), event.get("to")
    if order == "check":
        return Look(whole=True)
    if order == "rollback" and event.get("order_id"):
        return Rollback(str(event["order_id"]), None if version is None else int(version), str(event.get("reason", "")))
    raise ConfigError(
        f'unknown order {dict(event)!r}; allowed: {{"trigger": "check"}}, {{"trigger": "rollback", "order_id": ..., '
        f'"to": <version>}}; use `watchkeeper rollback`'
    )
