"""How an update of an endpoint shifts traffic: SageMaker's blue/green deployment, or a plain update that is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from functions.promote.settings import Shifting

_LEAST_SECONDS, _MOST_SECONDS = 600, 28_800
_MARGIN_SECONDS: Final = 1_800
"""Time for new machines to start, beside the waiting."""
_TYPES: Final = {"canary": "CANARY", "linear": "LINEAR", "all-at-once": "ALL_AT_ONCE"}
MAX_ALARMS: Final = 10
"""SageMaker watches so many alarms at most."""


@dataclass(frozen=True, slots=True)
class Update:
    """The deployment configuration of UpdateEndpoint, and how it is told.

    Attributes
    ----------
    watch_seconds : int
        How long we watch the alarms ourselves; 0 where SageMaker does.
    """

    deployment: dict[str, Any] | None
    told: str
    watch_seconds: int = 0


def plan(config: Mapping[str, Any], shifting: Shifting, alarms: Sequence[str]) -> Update:
    """Return how to update an endpoint to a configuration.

    SageMaker's deployment guardrails are for instances only, and not for those with Inferentia 1 (Developer Guide,
    deployment-guardrails-exclusions): elsewhere it updates all at once and watches no alarm.
    """
    if excluded := _excluded(config):
        watch = shifting.wait + shifting.bake
        told = f"all at once, for SageMaker cannot shift traffic {excluded}; the alarms are watched for {watch} s"
        return Update(None, told, watch)
    waits = {"canary": 1, "linear": shifting.linear_steps - 1, "all-at-once": 0}[shifting.strategy]
    longest = waits * shifting.wait + shifting.bake + _MARGIN_SECONDS
    policy: dict[str, Any] = {
        "TrafficRoutingConfiguration": _routing(shifting),
        "TerminationWaitInSeconds": shifting.bake,
        "MaximumExecutionTimeoutInSeconds": min(max(longest, _LEAST_SECONDS), _MOST_SECONDS),
    }
    deployment: dict[str, Any] = {"BlueGreenUpdatePolicy": policy}
    if alarms:
        names = [{"AlarmName": name} for name in alarms[:MAX_ALARMS]]
        deployment["AutoRollbackConfiguration"] = {"Alarms": names}
    return Update(deployment, _told(shifting))


def _excluded(config: Mapping[str, Any]) -> str:
    variants = config["ProductionVariants"]
    if any("ServerlessConfig" in variant for variant in variants):
        return "on serverless variants"
    if any(variant.get("InstanceType", "").startswith("ml.inf1") for variant in variants):
        return "on Inferentia 1 instances"
    return ""


def _routing(shifting: Shifting) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": _TYPES[shifting.strategy], "WaitIntervalInSeconds": shifting.wait}
    if shifting.strategy == "canary":
        routing["CanarySize"] = {"Type": "CAPACITY_PERCENT", "Value": shifting.canary_percent}
    if shifting.strategy == "linear":
        routing["LinearStepSize"] = {"Type": "CAPACITY_PERCENT", "Value": 100 // shifting.linear_steps}
    if shifting.strategy == "all-at-once":
        routing["WaitIntervalInSeconds"] = 0
    return routing


def _told(shifting: Shifting) -> str:
    bake = f"the old fleet is kept for {shifting.bake} s more"
    match shifting.strategy:
        case "canary":
            return f"{shifting.canary_percent} % of the capacity for {shifting.wait} s, then all; {bake}"
        case "linear":
            return f"in {shifting.linear_steps} steps of {shifting.wait} s; {bake}"
        case _:
            return f"all at once; {bake}"
