"""MonitorSpec: the vocabulary that infrastructure writes and every runtime reads.

A spec is plain JSON. `infra` renders it into the state machine's definition (or, for the managed
runtime, into a job definition and its environment); functions, the analyzer container and the
command line build the monitor from it. It holds what to analyse and how to decide, never where
or when to run. One module per kind.
"""

from monitoring_core.spec.base import Frozen, SchemaSpec
from monitoring_core.spec.data_quality import DataQualitySpec, DistributionConstraints, FeatureConstraint

MonitorSpec = DataQualitySpec
"""Discriminated union on ``kind``; it has one member until the other kinds arrive."""

__all__ = [
    "DataQualitySpec",
    "DistributionConstraints",
    "FeatureConstraint",
    "Frozen",
    "MonitorSpec",
    "SchemaSpec",
]
