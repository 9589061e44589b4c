"""Games: the score of a coalition - features of it from a row, the others from one background record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from monitoring_core.explain.linear import LinearModel
from monitoring_core.explain.model import Floats, Model
from monitoring_core.explain.row_hashes import distinct_rows

MAX_VALUES: Final = 4_000_000
"""Values of a matrix given to a model at once."""

Bools = NDArray[np.bool_]


class Game(Protocol):
    """Scores of coalitions."""

    def scores(self, rows: Floats, record: Floats, present: Bools, /) -> Floats:
        """Return scores, shape (n_rows, n_coalitions, n_outputs)."""
        ...


@dataclass(frozen=True, slots=True)
class PredictGame:
    """Asks the model; each distinct row of features is asked for once per call."""

    model: Model

    def scores(self, rows: Floats, record: Floats, present: Bools, /) -> Floats:
        """Return scores, shape (n_rows, n_coalitions, n_outputs)."""
        step = max(1, MAX_VALUES // present.size)
        parts = [self._scores(rows[start : start + step], record, present) for start in range(0, len(rows), step)]
        return np.concatenate(parts)

    def _scores(self, rows: Floats, record: Floats, present: Bools) -> Floats:
        mixed = np.where(present[None, :, :], rows[:, None, :], record).reshape(-1, rows.shape[1])
        distinct, places = distinct_rows(mixed)
        return self.model.predict(mixed[distinct])[places].reshape(len(rows), len(present), -1)


@dataclass(frozen=True, slots=True)
class LinearGame:
    """Uses that the raw score of a linear model is a sum: one matrix product scores every coalition."""

    model: LinearModel

    def scores(self, rows: Floats, record: Floats, present: Bools, /) -> Floats:
        """Return scores, shape (n_rows, n_coalitions, n_outputs)."""
        change = self.model.weights[None, :, :] * (rows - record)[:, None, :]
        raw = np.einsum("rof,cf->rco", change, present.astype(np.float64), optimize=True)
        raw += self.model.raw(record[None, :])[0]
        return self.model.link.apply(raw)


def game_of(model: Model) -> Game:
    """Return the fastest game there is for a model."""
    return LinearGame(model) if isinstance(model, LinearModel) else PredictGame(model)
