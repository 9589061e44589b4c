"""What a model is to an explainer: a matrix in, scores out; and what its raw scores become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitoring_core.errors import DataError

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
"""Scores of rows: shape (n_rows, n_features) to (n_rows,) or (n_rows, n_outputs)."""


class Link(StrEnum):
    """What turns a model's raw score into its output."""

    IDENTITY = "identity"
    LOGISTIC = "logistic"
    SOFTMAX = "softmax"
    EXPONENTIAL = "exponential"

    def apply(self, raw: Floats) -> Floats:
        """Return the output; the last axis holds the outputs of one row.

        Examples
        --------
        >>> Link.LOGISTIC.apply(np.array([0.0])), Link.SOFTMAX.apply(np.array([0.0, 0.0]))
        (array([0.5]), array([0.5, 0.5]))
        """
        return _LINKS[self](raw)


def logistic(raw: Floats) -> Floats:
    """Return 1 / (1 + exp(-raw)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * raw)))


def logit(probability: Floats) -> Floats:
    r"""Log-odds, :math:`\ln(p / (1 - p))`.

    Probabilities of exactly 0 or 1, and those beyond, are taken as the nearest double inside.

    Examples
    --------
    >>> logit(np.array([0.5, 0.9])).round(4).tolist()
    [0.0, 2.1972]
    """
    epsilon = np.finfo(np.float64).eps
    inside = np.clip(probability, epsilon, 1 - epsilon)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _softmax(raw: Floats) -> Floats:
    powers = np.exp(raw - raw.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _exponential(raw: Floats) -> Floats:
    return np.asarray(np.exp(raw))


_LINKS: dict[Link, Predict] = {
    Link.IDENTITY: np.asarray,
    Link.LOGISTIC: logistic,
    Link.SOFTMAX: _softmax,
    Link.EXPONENTIAL: _exponential,
}


def numbered(features: int) -> tuple[str, ...]:
    """Return names for features that have none.

    Examples
    --------
    >>> numbered(2)
    ('f0', 'f1')
    """
    return tuple(f"f{index}" for index in range(features))


class Model(Protocol):
    """Anything that gives scores.

    Attributes
    ----------
    features : tuple of str
        Names of the columns of its matrix; ``f0``, ``f1`` ... where the file has none; empty for a function.
    """

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns, or nothing."""
        ...

    def predict(self, rows: Floats, /) -> Floats:
        """Return outputs, shape (n_rows, n_outputs)."""
        ...


@dataclass(frozen=True, slots=True)
class CallableModel:
    """A model behind a function: an endpoint, a library, anything.

    Examples
    --------
    >>> CallableModel(lambda rows: rows.sum(axis=1)).predict(np.ones((2, 3))).tolist()
    [[3.0], [3.0]]
    """

    function: Predict
    features: tuple[str, ...] = ()

    def predict(self, rows: Floats, /) -> Floats:
        """Return outputs, shape (n_rows, n_outputs).

        Raises
        ------
        DataError
            If the function does not answer with one score, or one row of scores, per row.
        """
        scores = np.asarray(self.function(rows), dtype=np.float64)
        if scores.ndim not in {1, 2} or len(scores) != len(rows):
            raise DataError(
                f"the model answered {len(rows)} rows with scores of shape {scores.shape}; "
                f"expected ({len(rows)},) or ({len(rows)}, n_outputs)"
            )
        return scores[:, None] if scores.ndim == 1 else scores
