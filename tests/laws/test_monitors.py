"""Every monitor: profiling the whole is merging the profiles of its parts, and verdicts behave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch
from monitoring_core.explain import Background, Explainer, LinearModel
from monitoring_core.monitors.base import Monitor, evaluate, fit, judge, profile
from monitoring_core.monitors.column_drift import ColumnDrift
from monitoring_core.monitors.data_integrity import DataIntegrity
from monitoring_core.monitors.data_quality import DataQuality
from monitoring_core.monitors.embedding_drift import EmbeddingDrift
from monitoring_core.monitors.model_bias import ModelBias
from monitoring_core.monitors.model_explainability import FeatureAttribution
from monitoring_core.monitors.model_quality import BinaryQuality, MulticlassQuality, RegressionQuality
from monitoring_core.monitors.segments import Segmented
from monitoring_core.monitors.text import TextDrift
from monitoring_core.spec import (
    ColumnSelection,
    DataIntegritySpec,
    EmbeddingDriftSpec,
    ModelBiasSpec,
    SchemaSpec,
    TextSpec,
)
from monitoring_core.spec.drift_rule import DriftRule
from monitoring_core.spec.embedding_drift import VectorColumns
from monitoring_core.spec.model_quality import ModelQualitySpec, ProblemType
from monitoring_core.stats.mergeable import merge_all
from tests.laws.strategies import CUTS, TEXTS, batches_of, close

BIAS = ModelBiasSpec(
    columns=SchemaSpec(features=("number", "count")),
    label=ColumnSelection(column="class", equals=("a",)),
    facets=(ColumnSelection(column="count", greater_than=3),),
    probability="number",
    group_variable="note",
)
EXPLAINER = Explainer.of(
    LinearModel(np.array([[0.564, 0.3, 1.667]]), np.zeros(1)),
    Background.of(np.array([[0.0, 3.0, 0.5]])),
    rows=0,
)
ALL_MONITORS: dict[str, Any] = {
    "data-quality": DataQuality(),
    "data-quality as Amazon": DataQuality(compat=True),
    "column drift": ColumnDrift("drift", DriftRule()),
    "column drift by PSI": ColumnDrift("drift", DriftRule(numeric="psi", categorical="psi", correction="none")),
    "data-integrity": DataIntegrity(DataIntegritySpec()),
    "embedding-drift": EmbeddingDrift(
        EmbeddingDriftSpec(vectors=(VectorColumns(name="pair", columns=("number", "count")),))
    ),
    "text": TextDrift(TextSpec(texts=("note",))),
    "model-quality, binary": BinaryQuality(
        ModelQualitySpec(
            problem_type=ProblemType.BINARY,
            probability_attribute="number",
            ground_truth_attribute="class",
            positive_label="a",
        )
    ),
    "model-quality, multiclass": MulticlassQuality(
        ModelQualitySpec(
            problem_type=ProblemType.MULTICLASS, inference_attribute="guess", ground_truth_attribute="class"
        )
    ),
    "model-quality, regression": RegressionQuality(
        ModelQualitySpec(
            problem_type=ProblemType.REGRESSION, inference_attribute="number", ground_truth_attribute="count"
        )
    ),
    "model-bias": ModelBias(BIAS),
    "model-explainability": FeatureAttribution(
        EXPLAINER, ("number", "count", "class"), ("label0",), {2: ("a", "b", "c")}
    ),
    "model-explainability by median": FeatureAttribution(
        EXPLAINER, ("number", "count", "class"), ("label0",), {2: ("a", "b", "c")}, "median"
    ),
    "segmented": Segmented(ColumnDrift("drift", DriftRule()), ("class",), min_rows=20),
}

each_monitor = pytest.mark.parametrize("monitor", ALL_MONITORS.values(), ids=ALL_MONITORS.keys())


def table(rows: int, seed: int, *, shift: float = 0.0) -> dict[str, list[str | None]]:
    random = np.random.default_rng(seed)
    columns: dict[str, list[str | None]] = {
        "number": [f"{value:.4f}" for value in random.normal(shift, 1, rows)],
        "count": [str(value) for value in random.poisson(3 + 3 * shift, rows)],
        "class": [str(value) for value in random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])],
        "note": [" ".join(["late", "flight"] * size) for size in random.poisson(2 + 3 * shift, rows) + 1],
    }
    missed = random.random(rows) < 0.1 + 0.3 * shift
    columns["guess"] = ["c" if wrong else name for name, wrong in zip(columns["class"], missed, strict=True)]
    return columns


NAMES = ("number", "count", "class", "note", "guess")
REFERENCE = batches_of(table(300, 99), [100])


@each_monitor
@settings(max_examples=40, deadline=None)
@given(data=st.data(), size=st.integers(0, 80), cuts=CUTS, against_reference=st.booleans())
def test_profiling_is_a_homomorphism(
    monitor: Monitor[Any], data: st.DataObject, size: int, cuts: list[int], against_reference: bool
) -> None:
    columns = {name: data.draw(st.lists(TEXTS, min_size=size, max_size=size)) for name in NAMES}
    reference = fit(monitor, REFERENCE).state if against_reference else None

    whole = profile(monitor, batches_of(columns, []), reference)
    parts = profile(monitor, batches_of(columns, cuts), reference)

    assert close(whole, parts)
    assert close(whole.merge(monitor.empty(reference)), whole)


@each_monitor
@settings(max_examples=10, deadline=None)
@given(cuts=CUTS)
def test_the_verdict_does_not_depend_on_how_the_rows_were_split(monitor: Monitor[Any], cuts: list[int]) -> None:
    baseline = fit(monitor, REFERENCE)
    window = table(150, 3, shift=0.4)
    uncut: list[int] = []

    whole, parts = (evaluate(monitor, batches_of(window, places), baseline) for places in (uncut, cuts))

    assert [(c.constraint, c.outcome) for c in whole.checks] == [(c.constraint, c.outcome) for c in parts.checks]
    assert all(close(x.value, y.value) for x, y in zip(whole.measurements, parts.measurements, strict=True))


@each_monitor
def test_the_verdict_is_the_same_in_any_order_and_in_parallel(monitor: Monitor[Any]) -> None:
    baseline = fit(monitor, REFERENCE)
    window = table(150, 3, shift=0.4)
    order = np.random.default_rng(7).permutation(150)
    shuffled = {name: [values[i] for i in order] for name, values in window.items()}
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda batch: monitor.observe(batch, baseline.state), batches_of(shuffled, [20, 70, 71, 130]))
        state = merge_all(reversed(list(parts)), monitor.empty(baseline.state))

    whole, other = evaluate(monitor, batches_of(window, []), baseline), judge(monitor, state, baseline)

    assert [(c.constraint, c.outcome) for c in whole.checks] == [(c.constraint, c.outcome) for c in other.checks]
    assert all(close(x.value, y.value) for x, y in zip(whole.measurements, other.measurements, strict=True))


@each_monitor
def test_quiet_on_the_same_population_loud_on_another(monitor: Monitor[Any]) -> None:
    baseline = fit(monitor, batches_of(table(4000, 0), [1000, 2500]))

    assert evaluate(monitor, batches_of(table(4000, 1), [7]), baseline).outcome is Outcome.PASSED
    assert evaluate(monitor, batches_of(table(4000, 2, shift=1.5), []), baseline).outcome is Outcome.VIOLATED


@each_monitor
def test_no_rows_are_not_healthy(monitor: Monitor[Any]) -> None:
    baseline = fit(monitor, REFERENCE)
    no_batch: list[Batch] = []

    for nothing in (no_batch, batches_of(table(0, 0), [])):
        evaluation = evaluate(monitor, nothing, baseline)
        assert evaluation.outcome is Outcome.NOT_EVALUATED
        assert all(check.reason for check in evaluation.checks)
