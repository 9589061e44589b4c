"""LinearModel: weights and a link; its Shapley values are a product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitoring_core.explain.background import Background
from monitoring_core.explain.explanation import Explanation
from monitoring_core.explain.model import Floats, Link


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    r"""Generalised linear model :math:`f(x) = g^{-1}(W x + b)`.

    Attributes
    ----------
    weights : ndarray, shape (n_outputs, n_features)
    bias : ndarray, shape (n_outputs,)
    link : Link
        LOGISTIC turns each raw score into a probability on its own.

    Examples
    --------
    >>> model = LinearModel(np.array([[1.0, -2.0]]), np.array([0.5]), Link.LOGISTIC)
    >>> model.predict(np.array([[1.5, 1.0]])).tolist()
    [[0.5]]
    """

    weights: Floats
    bias: Floats
    link: Link = Link.IDENTITY
    features: tuple[str, ...] = ()

    def raw(self, rows: Floats, /) -> Floats:
        """Return raw scores, before the link."""
        return np.asarray(rows @ self.weights.T + self.bias)

    def predict(self, rows: Floats, /) -> Floats:
        """Return outputs, shape (n_rows, n_outputs)."""
        return self.link.apply(self.raw(rows))

    def explain_raw(self, rows: Floats, background: Background, /) -> Explanation:
        r"""Return exact Shapley values of the raw scores: :math:`\phi_j = w_j (x_j - E[z_j])`."""
        mean = background.weights @ background.rows
        values = self.weights[None, :, :] * (rows - mean)[:, None, :]
        return Explanation(values, self.raw(mean[None, :])[0])
