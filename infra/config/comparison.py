"""By which metric a retrained model is compared with the one that serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from infra.config.base import Problem
from infra.config.data import DataSchema

Metric = Literal[
    "auc",
    "average_precision",
    "log_loss",
    "accuracy",
    "f1",
    "weighted_f1",
    "macro_f1",
    "rmse",
    "mae",
    "r2",
]

METRICS: Final[Mapping[str, tuple[Metric, ...]]] = {
    "binary-classification": ("auc", "average_precision", "log_loss", "accuracy", "f1"),
    "multiclass-classification": ("weighted_f1", "macro_f1", "accuracy"),
    "regression": ("rmse", "mae", "r2"),
}
"""What a model of each problem can be compared by; the first is the default."""

_OF_PROBABILITIES: Final = frozenset({"auc", "average_precision", "log_loss"})
_SHARES: Final = frozenset({"auc", "average_precision", "accuracy", "f1", "weighted_f1", "macro_f1"})
"""Metrics from 0 to 1."""


def probability_of(schema: DataSchema) -> str | None:
    """Return the output that ranks two classes: where the schema gives no role to any, the first."""
    if schema.problem != "binary-classification":
        return None
    first = None if schema.prediction else next(iter(schema.outputs), None)
    return schema.probability or first


def metric_of(schema: DataSchema, given: Metric | None) -> Metric:
    """Return what decides: without probabilities of two classes, their F score."""
    if given is not None:
        return given
    default = METRICS[str(schema.problem)][0]
    return "f1" if default == "auc" and probability_of(schema) is None else default


def comparison_problems(schema: DataSchema, given: Metric | None, min_improvement: float) -> Iterator[Problem]:
    """Yield what keeps the pipeline from comparing models."""
    if schema.problem is None:
        yield ("schema", "problem"), f"missing; the retraining pipeline compares models of {', '.join(METRICS)}"
        return
    if schema.problem != "binary-classification" and schema.prediction is None:
        yield ("schema", "prediction"), "missing; the retraining pipeline needs the column that holds the prediction"
    metric, allowed = metric_of(schema, given), METRICS[schema.problem]
    if metric not in allowed:
        yield (
            ("retraining", "training", "metric"),
            f"{metric!r} does not measure {schema.problem}; allowed: {', '.join(allowed)}",
        )
    elif metric in _OF_PROBABILITIES and probability_of(schema) is None:
        yield (
            ("retraining", "training", "metric"),
            f"{metric!r} needs probabilities; name their column as `schema.probability`, or compare by accuracy or f1",
        )
    if metric in _SHARES and min_improvement > 1:
        yield (
            ("retraining", "training", "min_improvement"),
            f"{metric} is from 0 to 1, so nothing can be better by {min_improvement:g}; give a smaller one",
        )
