"""Data integrity."""

from monitoring_core.monitors.data_integrity.analysis import make_files, monitor_of
from monitoring_core.monitors.data_integrity.monitor import DataIntegrity
from monitoring_core.monitors.data_integrity.state import IntegrityState

__all__ = ["DataIntegrity", "IntegrityState", "make_files", "monitor_of"]
