"""Feature-attribution drift: Shapley values of every window, and whether they rank the features as at the baseline."""

from monitoring_core.monitors.model_explainability.monitor import FeatureAttribution

__all__ = ["FeatureAttribution"]
