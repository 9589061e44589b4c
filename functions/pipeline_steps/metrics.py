"""How good a model's answers are beside the labels: by metrics of the field, of rows that count more or less often.

A resample of rows is the same rows with other weights, so each metric is prepared once and then asked a thousand times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset import Batch
from monitoring_core.errors import DataError
from monitoring_core.measures import classification as of
from monitoring_core.measures.calibration import log_losses
from monitoring_core.measures.classification import ClassCounts, Outcomes
from monitoring_core.measures.ranking import area_under_roc, average_precision
from monitoring_core.measures.regression import r2_score, root_mean_squared_error
from monitoring_core.monitors.model_quality import BinaryQuality
from monitoring_core.monitors.model_quality.columns import find_column, label_column, numbers_of, usable_rows
from monitoring_core.monitors.model_quality.positive_label import is_undecided, with_positive_label
from monitoring_core.spec import ModelQualitySpec, ProblemType
from monitoring_core.stats.error_moments import ErrorMoments
from monitoring_core.stats.moments import Moments

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Weighted = Callable[[Floats], float]
"""A metric of rows, given how often each counts; nan where it is undefined."""

LOSSES: Final = frozenset({"log_loss", "rmse", "mae"})
"""Metrics of which less is better."""


def measures_of(spec: ModelQualitySpec, rows: Batch) -> dict[str, Weighted]:
    """Return the metrics of a model, by the names that monitors of model quality give them.

    Parameters
    ----------
    spec : ModelQualitySpec
        What the model predicts, and which columns hold prediction, probability and label.
    rows : Batch
        Labels beside the model's answers.

    Returns
    -------
    dict of str to callable
        Binary: ``accuracy`` and ``f1``; with probabilities ``auc``, ``average_precision`` and ``log_loss``, too.
        Multiclass: ``accuracy``, ``weighted_f1``, ``macro_f1``. Regression: ``rmse``, ``mae``, ``r2``.

    Raises
    ------
    DataError
        If a row lacks a label or a usable answer: leaving it out would favour the model that does not answer.
    ColumnNotFoundError
        If the answers lack a column.

    Examples
    --------
    >>> from monitoring_core.dataset import column_from_texts
    >>> spec = ModelQualitySpec(problem_type="Regression", inference_attribute="p", ground_truth_attribute="y")
    >>> rows = Batch({"p": column_from_texts(["1", "2"]), "y": column_from_texts(["1", "4"])})
    >>> mae = measures_of(spec, rows)["mae"]
    >>> mae(np.ones(2)), mae(np.array([2.0, 0.0]))
    (1.0, 0.0)
    """
    return _MEASURES[spec.problem_type](spec, rows)


def _binary(spec: ModelQualitySpec, rows: Batch) -> dict[str, Weighted]:
    labels, predictions, scores, unusable = usable_rows(spec, rows)
    _refuse(unusable, len(rows))
    decided = with_positive_label(spec, labels.names) if is_undecided(spec) else spec
    quality = BinaryQuality(decided)
    positive = labels.is_class(quality.positive)
    if predictions is None:
        predicted = scores > spec.probability_threshold
    else:
        quality.check_classes(predictions.names, str(spec.inference_attribute))
        predicted = predictions.is_class(quality.positive)
    ranked = {} if spec.probability_attribute is None else _ranked(positive, scores)
    cells = np.array([positive & predicted, ~positive & predicted, positive & ~predicted, ~positive & ~predicted])
    counts = cells.astype(np.float64)
    return {
        **ranked,
        "accuracy": lambda weights: of.accuracy(Outcomes(*(counts @ weights))).item(),
        "f1": lambda weights: of.f_score(Outcomes(*(counts @ weights)), 1.0).item(),
    }


def _ranked(positive: Booleans, scores: Floats) -> dict[str, Weighted]:
    by_score = _ByScore(positive, np.unique(scores, return_inverse=True)[1])
    inside = (scores >= 0) & (scores <= 1)
    losses = log_losses(scores, positive) if inside.all() else np.full(scores.size, math.nan)
    return {
        "auc": lambda weights: area_under_roc(*by_score.counts(weights)).item(),
        "average_precision": lambda weights: average_precision(*by_score.counts(weights)).item(),
        "log_loss": lambda weights: _mean(losses, weights),
    }


@dataclass(frozen=True, slots=True)
class _ByScore:
    """Rows, each with the rank of its score."""

    positive: Booleans
    ranks: NDArray[np.intp]

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return how many negatives and positives there are at each score."""
        positives = _count(self.ranks, weights * self.positive)
        return _count(self.ranks, weights) - positives, positives


def _multiclass(spec: ModelQualitySpec, rows: Batch) -> dict[str, Weighted]:
    labels, predictions, _, unusable = usable_rows(spec, rows)
    _refuse(unusable, len(rows))
    assert predictions is not None  # noqa: S101 - the specification of several classes names their column
    names = {name: place for place, name in enumerate(dict.fromkeys((*labels.names, *predictions.names)))}
    actual = labels.index
    predicted = np.array([names[name] for name in predictions.names], dtype=np.intp)[predictions.index]

    def counts(weights: Floats) -> ClassCounts:
        sides = ((actual, weights * (actual == predicted)), (actual, weights), (predicted, weights))
        return ClassCounts(*(_count(side, given, len(names)) for side, given in sides))

    return {
        "accuracy": lambda weights: of.class_accuracy(counts(weights)).item(),
        "weighted_f1": lambda weights: of.weighted_f_score(counts(weights), 1.0).item(),
        "macro_f1": lambda weights: of.macro_f_score(counts(weights), 1.0).item(),
    }


def _regression(spec: ModelQualitySpec, rows: Batch) -> dict[str, Weighted]:
    labels, predictions = (
        numbers_of(find_column(rows, name)) for name in (label_column(spec), str(spec.inference_attribute))
    )
    errors = predictions - labels
    _refuse(int(np.sum(~np.isfinite(errors))), len(rows))
    absolute, squared = np.abs(errors), np.square(errors)

    def r2(weights: Floats) -> float:
        spread = float(weights @ np.square(labels - _mean(labels, weights)))
        return r2_score(ErrorMoments(int(weights.sum()), squared_mean=_mean(squared, weights), yy=spread))

    return {
        "rmse": lambda weights: root_mean_squared_error(Moments(int(weights.sum()), float(weights @ squared))),
        "mae": lambda weights: _mean(absolute, weights),
        "r2": r2,
    }


_MEASURES: Final[Mapping[ProblemType, Callable[[ModelQualitySpec, Batch], dict[str, Weighted]]]] = {
    ProblemType.BINARY: _binary,
    ProblemType.MULTICLASS: _multiclass,
    ProblemType.REGRESSION: _regression,
}


def _count(places: NDArray[np.intp], weights: Floats, size: int = 0) -> Floats:
    return np.asarray(np.bincount(places, weights, size), dtype=np.float64)


def _mean(values: Floats, weights: Floats) -> float:
    return float(weights @ values / weights.sum())


def _refuse(unusable: int, rows: int) -> None:
    if unusable:
        raise DataError(
            f"{unusable} of {rows} held-out rows have a label or an answer that is missing or no number; a model must "
            "answer each row that it is compared on, in the columns that `schema` names"
        )
