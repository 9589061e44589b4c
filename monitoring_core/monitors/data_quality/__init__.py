"""Data quality: the monitor, its state, and Amazon's constraints."""

from monitoring_core.monitors.data_quality.constraints import Constraints
from monitoring_core.monitors.data_quality.monitor import DataQuality
from monitoring_core.monitors.data_quality.profile import ColumnProfile, DataProfile

__all__ = ["ColumnProfile", "Constraints", "DataProfile", "DataQuality"]
