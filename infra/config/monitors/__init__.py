"""Section `monitors`: what is analysed, when and where; one module per kind."""

from typing import Annotated

from pydantic import Field

from infra.config.monitors.base import ScheduledMonitor
from infra.config.monitors.data_quality import DataQualityMonitor
from infra.config.monitors.further import (
    CustomMonitor,
    DataIntegrityMonitor,
    EmbeddingDriftMonitor,
    ModelExplainabilityMonitor,
    PredictionDriftMonitor,
    TextMonitor,
)
from infra.config.monitors.model_bias import ModelBiasMonitor
from infra.config.monitors.model_quality import ModelQualityMonitor

Monitor = Annotated[
    DataQualityMonitor
    | ModelQualityMonitor
    | ModelBiasMonitor
    | ModelExplainabilityMonitor
    | PredictionDriftMonitor
    | DataIntegrityMonitor
    | EmbeddingDriftMonitor
    | TextMonitor
    | CustomMonitor,
    Field(discriminator="kind"),
]
"""Any kind of monitor, told apart by `kind`."""

__all__ = [
    "CustomMonitor",
    "DataIntegrityMonitor",
    "DataQualityMonitor",
    "EmbeddingDriftMonitor",
    "ModelBiasMonitor",
    "ModelExplainabilityMonitor",
    "ModelQualityMonitor",
    "Monitor",
    "PredictionDriftMonitor",
    "ScheduledMonitor",
    "TextMonitor",
]
