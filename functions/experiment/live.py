"""How the endpoint splits its traffic, and a change of that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from functions.common.clients import client
from functions.experiment.spec import ExperimentSpec
from functions.experiment.standing import shares

Weights = Mapping[str, float]
_TOLERANCE: Final = 1e-4
"""SageMaker keeps weights in single precision."""


@dataclass(frozen=True, slots=True)
class Live:
    """What DescribeEndpoint says.

    Attributes
    ----------
    weights : mapping of str to float
        Wanted weights of the experiment's variants, or the split that its callers make.
    modified_at : datetime
        Last change of anything: the weights have been as they are at least since then.
    """

    status: str
    config_name: str
    weights: Weights
    modified_at: datetime

    @property
    def is_in_service(self) -> bool:
        """Whether the endpoint is not changing."""
        return self.status == "InService"


def read_live(spec: ExperimentSpec) -> Live:
    """Ask SageMaker; variants that the endpoint does not have are left out."""
    found = client("sagemaker").describe_endpoint(EndpointName=spec.endpoint)
    variants = [*found.get("ProductionVariants", ()), *found.get("ShadowProductionVariants", ())]
    desired = {one["VariantName"]: one.get("DesiredWeight", 0.0) for one in variants}
    weights = {name: (spec.split or desired)[name] for name in spec.variants if name in desired}
    return Live(
        found["EndpointStatus"], found["EndpointConfigName"], weights, found["LastModifiedTime"].astimezone(UTC)
    )


def set_weights(endpoint: str, weights: Weights) -> None:
    """Change how the traffic is split; SageMaker takes some minutes for it."""
    client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()
        ],
    )


def is_same_split(one: Weights, other: Weights) -> bool:
    """Return whether two sets of weights split the traffic alike.

    Examples
    --------
    >>> is_same_split({"A": 1, "B": 1}, {"A": 0.5, "B": 0.5}), is_same_split({"A": 1, "B": 1}, {"A": 2, "B": 1})
    (True, False)
    """
    first, second = shares(one), shares(other)
    return first.keys() == second.keys() and all(
        math.isclose(first[name], second[name], abs_tol=_TOLERANCE) for name in first
    )
