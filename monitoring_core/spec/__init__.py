"""MonitorSpec: the vocabulary that infrastructure writes and every runtime reads.

A spec is plain JSON. `infra` renders it into the state machine's definition (or, for the managed
runtime, into a job definition and its environment); functions, the analyzer container and the
command line build the monitor from it. It holds what to analyse and how to decide, never where
or when to run. One module per kind.
"""

from typing import Annotated

from pydantic import Field

from monitoring_core.spec.base import Frozen, MetricLimit, SchemaSpec
from monitoring_core.spec.custom import CustomSpec
from monitoring_core.spec.data_integrity import DataIntegritySpec
from monitoring_core.spec.data_quality import DataQualitySpec, DistributionConstraints, FeatureConstraint
from monitoring_core.spec.embedding_drift import EmbeddingDriftSpec
from monitoring_core.spec.model_bias import ColumnSelection, ModelBiasSpec
from monitoring_core.spec.model_explainability import ModelExplainabilitySpec
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from monitoring_core.spec.prediction_drift import PredictionDriftSpec
from monitoring_core.spec.text import TextSpec

MonitorSpec = Annotated[
    DataQualitySpec
    | ModelQualitySpec
    | ModelBiasSpec
    | ModelExplainabilitySpec
    | PredictionDriftSpec
    | DataIntegritySpec
    | EmbeddingDriftSpec
    | TextSpec
    | CustomSpec,
    Field(discriminator="kind"),
]
"""Discriminated union on ``kind``."""

__all__ = [
    "ColumnSelection",
    "CustomSpec",
    "DataIntegritySpec",
    "DataQualitySpec",
    "DistributionConstraints",
    "EmbeddingDriftSpec",
    "FeatureConstraint",
    "Frozen",
    "MetricLimit",
    "ModelBiasSpec",
    "ModelExplainabilitySpec",
    "ModelQualitySpec",
    "MonitorSpec",
    "PredictionDriftSpec",
    "ProblemType",
    "SchemaSpec",
    "TextSpec",
]
