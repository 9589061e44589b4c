"""The numbers that an experiment compares, out of captured rows: one per row and metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring_core.dataset.batch import Batch, Column
from monitoring_core.errors import ConfigError
from monitoring_core.experiments.plan import Predictions
from monitoring_core.measures.calibration import log_losses, squared_errors
from monitoring_core.monitors.model_quality.columns import classes_of, find_column, normalise, numbers_of
from monitoring_core.stats.moments import Moments

Floats = NDArray[np.float64]


def observe(batch: Batch, metrics: Iterable[str], predictions: Predictions) -> dict[str, Moments]:
    """Return the moments of each metric in a batch.

    Parameters
    ----------
    batch : Batch
        Captured rows; with their labels where a metric needs them.
    metrics : iterable of str
        One of `monitoring_core.experiments.plan.DERIVED`, or the name of a column that holds numbers.
    predictions : Predictions
        Where prediction and label are.

    Returns
    -------
    dict of str to Moments
        Of the rows that have a finite value.

    Raises
    ------
    ColumnNotFoundError
        If a column is not there.
    ConfigError
        If a metric needs a prediction or probability and none is named.

    Examples
    --------
    >>> from monitoring_core.dataset.types import column_from_texts
    >>> batch = Batch({"p": column_from_texts(["0.9", "0.2"]), "y": column_from_texts(["1", "1"])})
    >>> found = observe(batch, ["correct", "brier", "p"], Predictions(probability="p", label="y"))
    >>> {name: round(moments.mean, 3) for name, moments in found.items()}
    {'correct': 0.5, 'brier': 0.325, 'p': 0.55}
    """
    values = {
        name: _DERIVED[name](batch, predictions) if name in _DERIVED else _column(batch, name) for name in metrics
    }
    return {name: Moments.of(numbers[np.isfinite(numbers)]) for name, numbers in values.items()}


def _column(batch: Batch, name: str) -> Floats:
    return numbers_of(find_column(batch, name))


def _correct(batch: Batch, where: Predictions) -> Floats:
    """Return 1 where the prediction is the label, else 0."""
    labels = find_column(batch, where.label)
    if where.prediction is None:
        chances, positive, known = _chances(batch, where, "correct")
        return np.where(known, ((chances > where.threshold) == positive).astype(np.float64), np.nan)
    said, seen = classes_of(find_column(batch, where.prediction)), classes_of(labels)
    places = {name: place for place, name in enumerate(seen.names)}
    as_label = np.array([*(places.get(name, -2) for name in said.names), -1], dtype=np.intp)[said.index]
    known = (said.index >= 0) & (seen.index >= 0)
    return np.where(known, (as_label == seen.index).astype(np.float64), np.nan)


def _brier(batch: Batch, where: Predictions) -> Floats:
    chances, positive, known = _chances(batch, where, "brier")
    return np.where(known, squared_errors(chances, positive), np.nan)


def _log_loss(batch: Batch, where: Predictions) -> Floats:
    chances, positive, known = _chances(batch, where, "log_loss")
    return np.where(known, log_losses(np.where(known, chances, 0.5), positive), np.nan)


def _absolute_error(batch: Batch, where: Predictions) -> Floats:
    return np.abs(_error(batch, where, "absolute_error"))


def _squared_error(batch: Batch, where: Predictions) -> Floats:
    return np.square(_error(batch, where, "squared_error"))


def _error(batch: Batch, where: Predictions, metric: str) -> Floats:
    if where.prediction is None:
        raise ConfigError(f"{metric} needs the column that holds the prediction; name it in `schema.prediction`")
    return _column(batch, where.prediction) - _column(batch, where.label)


def _chances(batch: Batch, where: Predictions, metric: str) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the probabilities, whether the positive class came true, and which rows have both."""
    if where.probability is None:
        raise ConfigError(f"{metric} needs the column that holds the probability; name it in `schema.probability`")
    chances, labels = _column(batch, where.probability), _classes(find_column(batch, where.label))
    positive = labels == normalise(where.positive_label)
    return chances, positive, (labels != "") & (chances >= 0) & (chances <= 1)


def _classes(column: Column) -> NDArray[np.object_]:
    """Return the class of each row as text; empty where there is none."""
    classes = classes_of(column)
    return np.array([*classes.names, ""], dtype=object)[classes.index]


_DERIVED: Final[Mapping[str, Callable[[Batch, Predictions], Floats]]] = {
    "correct": _correct,
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "log_loss": _log_loss,
    "brier": _brier,
}
