"""Column drift: distributions of columns, whatever they were derived from, against a baseline."""

from monitoring_core.monitors.column_drift.monitor import ColumnDrift
from monitoring_core.monitors.column_drift.state import ColumnState, DriftState

__all__ = ["ColumnDrift", "ColumnState", "DriftState"]
