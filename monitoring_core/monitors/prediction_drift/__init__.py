"""Prediction drift."""

from monitoring_core.monitors.prediction_drift.analysis import make_files, monitor_of

__all__ = ["make_files", "monitor_of"]
