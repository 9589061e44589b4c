"""``statistics.json`` of the model-quality monitor (contract 5.2)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from monitoring_core.checks.evaluation import Measurement
from monitoring_core.errors import DataError
from monitoring_core.measures.classification import Outcomes
from monitoring_core.measures.ranking import (
    merge_scores,
    precision_recall_curve,
    receiver_operating_characteristic,
)
from monitoring_core.report.sagemaker.json_bytes import encode, number
from monitoring_core.spec.model_quality import ProblemType
from monitoring_core.stats.confusion import Confusion, in_order
from monitoring_core.stats.grid_counts import GridCounts

_CONSTANT: Final = "_best_constant_classifier"
_WEIGHTED: Final = ("accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1", "weighted_f2")

SECTIONS: Final = {
    ProblemType.BINARY: "binary_classification_metrics",
    ProblemType.MULTICLASS: "multiclass_classification_metrics",
    ProblemType.REGRESSION: "regression_metrics",
}

METRICS: Final[Mapping[ProblemType, Sequence[str]]] = {
    ProblemType.BINARY: (
        "recall",
        "precision",
        "accuracy",
        f"recall{_CONSTANT}",
        f"precision{_CONSTANT}",
        f"accuracy{_CONSTANT}",
        "true_positive_rate",
        "true_negative_rate",
        "false_positive_rate",
        "false_negative_rate",
        "auc",
        "f0_5",
        "f1",
        "f2",
        f"f0_5{_CONSTANT}",
        f"f1{_CONSTANT}",
        f"f2{_CONSTANT}",
    ),
    ProblemType.MULTICLASS: (*_WEIGHTED, *(f"{metric}{_CONSTANT}" for metric in _WEIGHTED)),
    ProblemType.REGRESSION: ("mae", "mse", "rmse", "r2"),
}
"""Amazon's metrics of each problem, in the order of the file."""

_CURVES_BEFORE: Final = "auc"


def dump_quality_statistics(
    problem: ProblemType,
    rows: int,
    measured: Mapping[str, Measurement],
    *,
    matrix: Mapping[str, Mapping[str, int]] | None = None,
    curves: Mapping[str, Any] | None = None,
) -> bytes:
    """Write the metrics, each with its standard deviation or ``"NaN"``.

    Parameters
    ----------
    problem : ProblemType
        Which metrics there are.
    rows : int
        Rows analysed.
    measured : mapping of str to Measurement
        By metric; Amazon's are written, as far as they were measured.
    matrix, curves : mapping, optional
        From `confusion_matrix` or `binary_matrix`, and `score_curves`.
    """
    section: dict[str, Any] = {} if matrix is None else {"confusion_matrix": matrix}
    for metric in METRICS[problem]:
        if metric == _CURVES_BEFORE and curves is not None:
            section |= curves
        if metric in measured:
            section[metric] = _metric(measured[metric])
    return encode({"version": 0.0, "dataset": {"item_count": rows}, SECTIONS[problem]: section})


def load_quality_statistics(problem: ProblemType, data: bytes) -> tuple[int, list[Measurement]]:
    """Read the number of rows and every metric that is a number, Amazon's or ours; curves and matrix are left out.

    Raises
    ------
    DataError
        If the file is not a model-quality statistics file, or of another problem.

    Examples
    --------
    >>> body = b'{"dataset": {"item_count": 9}, "regression_metrics": {"mae": {"value": 0.5}}}'
    >>> load_quality_statistics(ProblemType.REGRESSION, body)[1][0].value
    0.5
    >>> load_quality_statistics(ProblemType.BINARY, body)
    Traceback (most recent call last):
    monitoring_core.errors.DataError: statistics.json cannot be read: KeyError: 'binary_classification_metrics'; \
expected the model-quality statistics of a BinaryClassification problem
    """
    try:
        document = json.loads(data)
        rows, section = int(document["dataset"]["item_count"]), document[SECTIONS[problem]]
        return rows, [_measured(name, entry, rows) for name, entry in section.items() if "value" in entry]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(
            f"statistics.json cannot be read: {type(error).__name__}: {error}; expected the model-quality statistics "
            f"of a {problem} problem"
        ) from error


def confusion_matrix(confusion: Confusion) -> dict[str, dict[str, int]]:
    """Return counts by actual, then by predicted class; a pair that did not occur has 0.

    Examples
    --------
    >>> confusion_matrix(Confusion({("a", "b"): 3}))
    {'a': {'a': 0, 'b': 3}, 'b': {'a': 0, 'b': 0}}
    """
    classes = confusion.classes
    return {a: {b: confusion.counts.get((a, b), 0) for b in classes} for a in classes}


def binary_matrix(outcomes: Outcomes, positive: str, labels: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return counts by actual, then by predicted class, of two classes.

    Parameters
    ----------
    outcomes : Outcomes
        The four counts.
    positive : str
        The positive label.
    labels : iterable of str
        Labels that occurred. The negative class has the name of the other one; of several, ``not <positive>``.

    Examples
    --------
    >>> import numpy as np
    >>> binary_matrix(Outcomes(*map(np.float64, (16, 0, 12, 173))), "1", ["0", "1"])
    {'0': {'0': 173, '1': 0}, '1': {'0': 12, '1': 16}}
    """
    others = sorted(set(labels) - {positive})
    negative = others[0] if len(others) == 1 else "0" if positive == "1" and not others else f"not {positive}"
    tp, fp, fn, tn = (int(count) for count in outcomes)
    matrix = {negative: {negative: tn, positive: fp}, positive: {negative: fn, positive: tp}}
    first, second = in_order({negative, positive})
    return {
        actual: {predicted: matrix[actual][predicted] for predicted in (first, second)} for actual in (first, second)
    }


def score_curves(scores: GridCounts) -> dict[str, dict[str, list[float]]]:
    """Return ROC and precision-recall curve; empty lists where one of the classes did not occur.

    Of more than 2,000 scores neighbours are joined, as Spark does.

    Examples
    --------
    >>> import numpy as np
    >>> scores = GridCounts.of(np.array([0.2, 0.8]), np.array([0, 1]), 2)
    >>> score_curves(scores)["receiver_operating_characteristic_curve"]["true_positive_rates"]
    [0.0, 1.0, 1.0, 1.0]
    """
    negatives, positives = merge_scores(*scores.counts.T)
    both = bool(negatives.sum() and positives.sum())
    false_rates, true_rates = receiver_operating_characteristic(negatives, positives)
    precisions, recalls = precision_recall_curve(negatives, positives)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": false_rates.tolist() if both else [],
            "true_positive_rates": true_rates.tolist() if both else [],
        },
        "precision_recall_curve": {
            "precisions": precisions.tolist() if both else [],
            "recalls": recalls.tolist() if both else [],
        },
    }


def _measured(name: str, entry: Mapping[str, Any], rows: int) -> Measurement:
    deviation = float(entry.get("standard_deviation", math.nan))
    return Measurement(
        name, float(entry["value"]), rows, standard_deviation=None if math.isnan(deviation) else deviation
    )


def _metric(measurement: Measurement) -> dict[str, float | str]:
    deviation = measurement.standard_deviation
    return {
        "value": number(measurement.value),
        "standard_deviation": "NaN" if deviation is None else number(deviation),
    }
