"""Prediction drift."""

from monitoring_core.monitors.prediction_drift.analysis import analyse, make_files, monitor_of

__all__ = ["analyse", "make_files", "monitor_of"]
