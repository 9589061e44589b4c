"""Prediction drift: what the model says, and the labels where they are known."""

from __future__ import annotations

from typing import Literal

from monitoring_core.spec.base import Frozen, SchemaSpec
from monitoring_core.spec.drift_rule import DriftRule


class PredictionInterval(Frozen):
    """Two output columns that are the ends of an interval."""

    lower: str
    """Column of the lower end."""
    upper: str
    """Column of the upper end."""


class PredictionDriftSpec(Frozen):
    """Distribution, class shares, confidence, location, peaks and interval widths of the predictions; target drift."""

    kind: Literal["prediction-drift"] = "prediction-drift"
    name: str = "prediction-drift"
    columns: SchemaSpec = SchemaSpec()
    """Its outputs are watched, and its label where the data has one."""
    classes: tuple[str, ...] = ()
    """Outputs (and label) that hold classes, not amounts: numbers among them are names."""
    scores: tuple[str, ...] = ()
    """Outputs that hold probabilities: one column for two classes, or one column per class. The derived column
    ``confidence`` is the larger of p and 1 - p, or the largest of them."""
    interval: PredictionInterval | None = None
    """Ends of the prediction interval; the derived column ``interval_width`` is their difference."""
    drift: DriftRule = DriftRule()
    segments: tuple[str, ...] = ()
    """Columns whose values slice the rows: each slice is judged by itself, too."""
