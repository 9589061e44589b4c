"""Embedding drift: vectors from columns, sampled, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from monitoring_core.checks.evaluation import Evaluation, Outcome
from monitoring_core.dataset import Batch, Column, TypeCode
from monitoring_core.errors import ColumnNotFoundError
from monitoring_core.monitors.base import profile
from monitoring_core.monitors.embedding_drift import EmbeddingDrift, make_files
from monitoring_core.monitors.embedding_drift.vectors import project
from monitoring_core.spec import EmbeddingDriftSpec
from tests.unit.analysing import analyse

if TYPE_CHECKING:
    from tests.unit.monitors.conftest import Table

SPEC = EmbeddingDriftSpec.model_validate({"vectors": [{"name": "text", "prefix": "emb"}]})


def embeddings(rows: int, seed: int, *, length: int = 48, moved: float = 0.0, stretched: float = 1.0) -> Batch:
    random = np.random.default_rng(seed)
    vectors = random.normal(0.3, 1, size=(rows, length)) * stretched
    vectors[:, :4] += moved
    codes = np.full(rows, TypeCode.FRACTIONAL, dtype=np.uint8)
    return Batch({f"emb_{i}": Column(codes, vectors[:, i]) for i in reversed(range(length))})


def value(evaluation: Evaluation, metric: str) -> float:
    return next(m.value for m in evaluation.measurements if m.metric == metric)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return make_files(SPEC, [[embeddings(2500, 0), embeddings(2500, 1)]])[0]


def test_quiet_when_nothing_changed(files: dict[str, bytes]) -> None:
    for seed in range(2, 6):
        evaluation = analyse(SPEC, [embeddings(400, seed)], files).evaluation
        assert evaluation.outcome is Outcome.PASSED
        assert value(evaluation, "cosine_distance") < 0.01
        assert value(evaluation, "mmd_p_value") > 0.004


@pytest.mark.parametrize("change", [{"moved": 2.5}, {"stretched": 2.0}])
def test_a_move_and_a_stretch_are_found(files: dict[str, bytes], change: dict[str, float]) -> None:
    evaluation = analyse(SPEC, [embeddings(800, 3, **change)], files).evaluation  # type: ignore[arg-type]

    (violation,) = evaluation.violations
    assert violation.reason.startswith("A classifier tells the vectors text of this window from the baseline's")
    assert value(evaluation, "mmd_p_value") < 0.01
    assert value(evaluation, "domain_auc") > 0.7


def test_the_centroid_moves_by_what_was_added(files: dict[str, bytes]) -> None:
    evaluation = analyse(SPEC, [embeddings(800, 3, moved=2.0)], files).evaluation
    assert value(evaluation, "centroid_shift") == pytest.approx(np.sqrt(4 * 2.0**2 / 48), rel=0.05)


def test_optional_limits(files: dict[str, bytes]) -> None:
    strict = SPEC.model_copy(update={"max_cosine_distance": 0.01, "min_mmd_p_value": 0.01, "max_auc": 1.0})
    reasons = [v.reason for v in analyse(strict, [embeddings(800, 3, moved=1.0)], files).evaluation.violations]
    assert len(reasons) == 2
    assert "cosine distance" in reasons[0]
    assert "maximum mean discrepancy" in reasons[1]


def test_the_state_is_bounded_and_whole(files: dict[str, bytes]) -> None:
    monitor = EmbeddingDrift(SPEC)
    batches = [embeddings(700, seed) for seed in range(3)]
    there, back = profile(monitor, batches), profile(monitor, batches[::-1])

    sample = there.vectors["text"].sample
    assert sample.rows.shape == (500, 32)
    assert sample == back.vectors["text"].sample
    assert there.vectors["text"].moments.count == 2100
    assert len(files["statistics.json"]) < 400_000


def test_rows_without_a_complete_vector_are_counted(table: Table) -> None:
    spec = EmbeddingDriftSpec.model_validate({"vectors": [{"name": "pair", "columns": ["x", "y"]}]})
    state = profile(EmbeddingDrift(spec), [table(x=[1, None, "a", 4], y=[1, 2, 3, 4])])
    assert state.vectors["pair"].incomplete.value == 0.5
    assert state.vectors["pair"].moments.count == 2


def test_features_together_show_what_each_alone_does_not(table: Table) -> None:
    random = np.random.default_rng(0)
    spec = EmbeddingDriftSpec.model_validate({"vectors": [{"name": "pair", "columns": ["x", "xy"]}]})

    def batch(sign: float) -> Batch:
        x, y = random.normal(size=(2, 1500))
        return table(x=x.round(4), xy=(y * sign + 3 * x).round(4) if sign else (np.sqrt(10) * y).round(4))

    files, _ = make_files(spec, [[batch(1.0)]])
    assert analyse(spec, [batch(1.0)], files).evaluation.outcome is Outcome.PASSED
    together = analyse(spec, [batch(0.0)], files).evaluation
    assert value(together, "mmd_p_value") < 0.01


def test_projection_keeps_distances() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(40, 2000))
    projected = project(rows, 256)
    assert np.linalg.norm(projected[:20] - projected[20:], axis=1) == pytest.approx(
        np.linalg.norm(rows[:20] - rows[20:], axis=1), rel=0.25
    )


def test_configuration_errors(table: Table) -> None:
    with pytest.raises(ValidationError, match="give exactly one of them"):
        EmbeddingDriftSpec.model_validate({"vectors": [{"name": "a"}]})
    with pytest.raises(ValidationError, match="`sample_dimensions` is 2"):
        EmbeddingDriftSpec.model_validate({"vectors": [{"name": "a", "columns": list("xyz")}], "sample_dimensions": 2})
    with pytest.raises(ValidationError, match="a name of its own"):
        EmbeddingDriftSpec.model_validate({"vectors": [{"name": "a", "prefix": "p"}, {"name": "a", "prefix": "q"}]})
    with pytest.raises(ColumnNotFoundError, match="emb_0"):
        make_files(SPEC, [[table(x=[1, 2])]])
