"""Explanation: the Shapley values of some rows."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring_core.explain.model import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Local attributions; a row's sum up to what the model says of it, less what it says of the background.

    Attributes
    ----------
    values : ndarray, shape (n_rows, n_outputs, n_features)
        Shapley values, in the units of the explained score.
    expected : ndarray, shape (n_outputs,)
        Mean score of the background (AWS: ``expected_value``).
    """

    values: Floats
    expected: Floats
