"""Blue/green deployments: traffic moves to another fleet in simulated time, and back when an alarm rings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localaws.sagemaker.deployment import Deployment
from localaws.sagemaker.serving import summary
from localaws.sagemaker.store import Document, Request, ValidationError

_LOOK = timedelta(minutes=1)
"""How often the alarms are looked at."""


@dataclass(frozen=True)
class Plan:
    """When which share of the traffic goes to the new fleet.

    Attributes
    ----------
    steps : sequence of (datetime, float)
        From when on, and which share, 0 to 1.
    end : datetime
        When the old fleet is given up.
    alarms : sequence of str
        Names of the alarms that end it before.
    """

    steps: Sequence[tuple[datetime, float]]
    end: datetime
    alarms: Sequence[str]

    def share(self, at: datetime) -> float:
        """Return the share of the new fleet at a moment."""
        return max(share for since, share in self.steps if since <= at)

    def next_time(self, after: datetime) -> datetime:
        """Return when to look at it next: each minute, at each step, and at its end."""
        times = [*(since for since, _ in self.steps), self.end, _whole_minute(after) + _LOOK]
        return min(time for time in times if time > after)


@dataclass
class Shift:
    """A deployment on its way: the new fleet, and what was asked for."""

    green: Deployment
    config: Document
    request: Request
    plan: Plan


def plan_of(request: Request, now: datetime) -> Plan | None:
    """Return the plan of an update; None where it takes no time.

    Examples
    --------
    >>> from datetime import UTC
    >>> routing = {"Type": "LINEAR", "LinearStepSize": {"Value": 50}, "WaitIntervalInSeconds": 60}
    >>> policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 60}
    >>> plan = plan_of({"DeploymentConfig": {"BlueGreenUpdatePolicy": policy}}, datetime(2013, 1, 1, tzinfo=UTC))
    >>> [(f"{since:%M:%S}", share) for since, share in plan.steps], f"{plan.end:%M:%S}"
    ([('00:00', 0.5), ('01:00', 1.0)], '02:00')
    """
    deployment = request.get("DeploymentConfig", {})
    policy = deployment.get("BlueGreenUpdatePolicy")
    if policy is None:
        return None
    routing = policy["TrafficRoutingConfiguration"]
    wait = timedelta(seconds=routing.get("WaitIntervalInSeconds", 0))
    steps = [(now + number * wait, share) for number, share in enumerate(_shares(routing))]
    end = steps[-1][0] + timedelta(seconds=policy.get("TerminationWaitInSeconds", 0))
    alarms = [alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", ())]
    return Plan(steps, end, alarms) if end > now else None


def refuse_other_variants(request: Request, config: Document, running: Document) -> None:
    """Refuse a blue/green deployment to variants of other names, as SageMaker does."""
    before, after = (sorted(one["VariantName"] for one in told["ProductionVariants"]) for told in (running, config))
    if request.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy") and before != after:
        raise ValidationError(
            f"A blue/green deployment needs the same variant names; the endpoint has {', '.join(before)}, the new "
            f"configuration {', '.join(after)}."
        )


def pending(shift: Shift, now: datetime) -> Document:
    """Return what DescribeEndpoint tells of a deployment under way."""
    status = "Baking" if shift.plan.share(now) == 1 else "ActivatingTraffic"
    return {
        "EndpointConfigName": shift.config["EndpointConfigName"],
        "StartTime": shift.plan.steps[0][0],
        "ProductionVariants": [
            {**summary(variant), "VariantStatus": [{"Status": status, "StartTime": now}]}
            for variant in shift.config["ProductionVariants"]
        ],
    }


def ringing(cloudwatch: Any, names: Sequence[str]) -> list[str]:
    """Return which alarms are in ALARM."""
    if not names:
        return []
    found: Iterable[Document] = cloudwatch.describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    return sorted(alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM")


def _shares(routing: Document) -> list[float]:
    match routing["Type"]:
        case "CANARY":
            return [routing["CanarySize"]["Value"] / 100, 1.0]
        case "LINEAR":
            size = routing["LinearStepSize"]["Value"]
            return [min(1.0, number * size / 100) for number in range(1, -(-100 // size) + 1)]
        case _:
            return [1.0]


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
