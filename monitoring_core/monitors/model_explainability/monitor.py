"""The explainability monitor: global attributions, their order against the baseline's, and rank moves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from monitoring_core.checks.evaluation import Bound, Check, Constraint, Measurement, Subject
from monitoring_core.checks.java_double import java_double
from monitoring_core.dataset.batch import Batch
from monitoring_core.errors import IncompatibleStatesError
from monitoring_core.explain.encode import encode, unreadable
from monitoring_core.explain.explainer import Explainer
from monitoring_core.explain.model import Floats
from monitoring_core.measures.attribution import ndcg_interval, normalised_discounted_cumulative_gain, rank_moves
from monitoring_core.monitors.windows import take
from monitoring_core.stats.attribution import Attributions

NDCG: Final = "ndcg"
ATTRIBUTION: Final = "attribution"
RANK_MOVE: Final = "rank_move"
UNEXPLAINED: Final = "unexplained_rows"
CHECK_TYPE: Final = "feature_attribution_drift_check"

_CONFIDENCE: Final = 1.96

AggMethod = Literal["mean_abs", "median", "mean_sq"]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureAttribution:
    """Explains rows and compares the order of features with the baseline's (contract 7).

    Attributes
    ----------
    explainer : Explainer or None
        None compares attributions that were computed elsewhere; it cannot observe.
    features : tuple of str
        Columns in the order of the model's input.
    labels : tuple of str
        Names of the model's outputs.
    levels : mapping of column index to texts
        Codes of texts, from the model file.
    """

    explainer: Explainer | None
    features: tuple[str, ...]
    labels: tuple[str, ...]
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    agg_method: AggMethod = "mean_abs"
    ndcg_threshold: float = 0.9
    min_rows: int = 1
    name: str = "model-explainability"

    def empty(self, reference: Attributions | None = None, /) -> Attributions:  # noqa: ARG002
        """Return the attributions of no rows."""
        return Attributions()

    def observe(self, batch: Batch, reference: Attributions | None = None, /) -> Attributions:  # noqa: ARG002
        """Explain the rows of one batch; each row's attributions depend on nothing but the row.

        Rows with a text where a number belongs, or whose score is no number, are counted as unexplained.
        """
        return self.added_up(self.local(batch))

    def local(self, batch: Batch) -> Floats:
        """Return Shapley values of the rows of one batch, shape (n_rows, n_outputs, n_features).

        ``nan`` where a row has a text in place of a number.
        """
        values = np.full((len(batch), len(self.labels), len(self.features)), math.nan)
        readable = np.flatnonzero(~unreadable(batch, self.features, self.levels))
        if self.explainer is not None and readable.size:
            rows = encode(take(batch, readable), self.features, self.levels)
            values[readable] = self.explainer.explain(rows).values
        return values

    def added_up(self, values: Floats) -> Attributions:
        """Return the state of rows with these Shapley values."""
        finite = np.isfinite(values).all(axis=(1, 2))
        return Attributions.of(
            values[finite], unexplained=len(values) - int(finite.sum()), keep=self.agg_method == "median"
        )

    def known(self, overall: Floats) -> Attributions:
        """Return a state with these global attributions, of which no row is known."""
        return Attributions.fixed(np.sqrt(np.abs(overall)) if self.agg_method == "mean_sq" else overall)

    def as_reference(self, state: Attributions, /) -> Attributions:
        """Leave out local attributions, which would tell of single rows."""
        return state.summarised()

    def overall(self, state: Attributions) -> Floats:
        """Return global attributions as the file has them, shape (n_outputs, n_features); ``nan`` without rows."""
        if not state.rows:
            return np.full((len(self.labels), len(self.features)), math.nan)
        if self.agg_method == "median":
            return state.median()
        return state.mean() if self.agg_method == "mean_abs" else state.mean_square()

    def measure(self, state: Attributions, reference: Attributions | None = None, /) -> Sequence[Measurement]:
        """Return NDCG of every label, every feature's attribution and rank move, and the rows left unexplained."""
        found = [Measurement(UNEXPLAINED, float(state.unexplained), state.rows + state.unexplained)]
        for output, label in enumerate(self.labels):
            names = [feature if len(self.labels) == 1 else f"{feature}_{label}" for feature in self.features]
            found += self._uncertain(state, output, names)
            if reference is not None:
                found += self._compare(state, reference, output, names)
        return found

    def suggest(self, reference: Attributions, /) -> Sequence[Constraint]:  # noqa: ARG002
        """Return the one check of each label."""
        bound = Bound(lower=self.ndcg_threshold)
        return [
            Constraint(NDCG, bound, Subject(label), min_n=self.min_rows, check_type=CHECK_TYPE) for label in self.labels
        ]

    def explain(self, violation: Check, /) -> str:
        """Return Clarify's sentence, which says "exceeds" though lower is worse."""
        value = violation.measurement.value if violation.measurement is not None else math.nan
        limit = violation.constraint.bound.lower
        threshold = java_double(math.nan if limit is None else limit)
        return f"Feature attribution drift {java_double(value)} exceeds threshold {threshold}"

    def _uncertain(self, state: Attributions, output: int, names: Sequence[str]) -> Iterator[Measurement]:
        """Yield attributions; a mean has a 95 % interval."""
        values = self.overall(state)[output]
        known = state.rows > 1 and self.agg_method == "mean_abs"
        errors = _CONFIDENCE * np.sqrt(np.diag(state.covariance(output)).clip(min=0)) if known else None
        for index, name in enumerate(names):
            value = float(values[index])
            interval = None if errors is None else (value - float(errors[index]), value + float(errors[index]))
            yield Measurement(ATTRIBUTION, value, state.rows, Subject(name), interval)

    def _compare(
        self, state: Attributions, reference: Attributions, output: int, names: Sequence[str]
    ) -> Iterator[Measurement]:
        before, now = self.overall(reference), self.overall(state)
        if before.shape != now.shape:
            raise IncompatibleStatesError(
                "the attributions have different outputs and features", expected=before.shape, got=now.shape
            )
        score = normalised_discounted_cumulative_gain(before[output], now[output])
        known = self.agg_method == "mean_abs" and state.rows
        interval = ndcg_interval(reference, state, output) if known else None
        yield Measurement(NDCG, score, state.rows, Subject(self.labels[output]), interval)
        if state.rows:
            moves = rank_moves(before[output], now[output])
            for name, move in zip(names, moves.tolist(), strict=True):
                yield Measurement(RANK_MOVE, float(move), state.rows, Subject(name))
