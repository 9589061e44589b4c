"""The bias monitor."""

from monitoring_core.monitors.model_bias.monitor import ModelBias
from monitoring_core.monitors.model_bias.state import BiasState

__all__ = ["BiasState", "ModelBias"]
