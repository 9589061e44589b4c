"""``metrics.json``: the metrics of Amazon's names that a run publishes, from Evaluate to Publish."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from pydantic import TypeAdapter

from monitoring_core.monitors.analysis import ParityMetric

METRICS: Final = "metrics.json"

_metrics = TypeAdapter(tuple[ParityMetric, ...])


def dump_metrics(metrics: Iterable[ParityMetric], emit: Collection[str]) -> bytes | None:
    """Write the metrics that are named, by themselves or by what they are about; None where there are none.

    Examples
    --------
    >>> metrics = [ParityMetric("feature_data_x", 1.0, subject="x"), ParityMetric("auc", 0.9), ParityMetric("f1", 0.8)]
    >>> [metric.name for metric in load_metrics(dump_metrics(metrics, {"x", "auc"}))]
    ['feature_data_x', 'auc']
    >>> dump_metrics(metrics, ()) is None
    True
    """
    named = tuple(metric for metric in metrics if metric.name in emit or metric.subject in emit)
    return _metrics.dump_json(named, indent=2) if named else None


def load_metrics(data: bytes) -> tuple[ParityMetric, ...]:
    """Read what `dump_metrics` wrote."""
    return _metrics.validate_json(data)
