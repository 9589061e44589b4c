"""Model quality: predictions against labels, for three types of problem."""

from monitoring_core.monitors.model_quality.binary import BinaryQuality, BinaryState
from monitoring_core.monitors.model_quality.constraints import Comparison, Limit, Limits
from monitoring_core.monitors.model_quality.multiclass import MulticlassQuality, MulticlassState
from monitoring_core.monitors.model_quality.quality import ModelQuality
from monitoring_core.monitors.model_quality.regression import RegressionQuality, RegressionState

__all__ = [
    "BinaryQuality",
    "BinaryState",
    "Comparison",
    "Limit",
    "Limits",
    "ModelQuality",
    "MulticlassQuality",
    "MulticlassState",
    "RegressionQuality",
    "RegressionState",
]
