"""What is watched of the predictions, and the files of a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitoring_core.dataset.batch import Batch
from monitoring_core.monitors import stored
from monitoring_core.monitors.base import Monitor
from monitoring_core.monitors.column_drift import ColumnDrift
from monitoring_core.monitors.prediction_drift.derive import Predictions
from monitoring_core.monitors.segments import Segmented
from monitoring_core.spec.prediction_drift import PredictionDriftSpec


def monitor_of(spec: PredictionDriftSpec) -> Monitor[Any]:
    """Make the monitor that a specification describes."""
    drift = ColumnDrift(spec.name, spec.drift, Predictions(spec))
    return Segmented(drift, spec.segments) if spec.segments else drift


def make_files(spec: PredictionDriftSpec, windows: Sequence[Sequence[Batch]]) -> tuple[dict[str, bytes], int]:
    """Make the files of a baseline; see `stored.make_files`."""
    return stored.make_files(monitor_of(spec), windows)
