"""Feature-attribution drift from files to verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from monitoring_core import fold
from monitoring_core.checks.evaluation import Outcome
from monitoring_core.dataset import Batch, column_from_texts
from monitoring_core.errors import BaselineError, ConfigError, DataError, NoDataError
from monitoring_core.explain import CallableModel
from monitoring_core.monitors.analysis import Analysis
from monitoring_core.monitors.model_explainability import analysis as model_explainability
from monitoring_core.monitors.model_explainability.analysis import compare, make_files
from monitoring_core.monitors.model_explainability.sampling import Sampling
from monitoring_core.monitors.windows import take
from monitoring_core.spec import ModelExplainabilitySpec, SchemaSpec
from tests.unit.analysing import analyse

FEATURES = ("distance", "delay", "hour", "carrier")
SPEC = ModelExplainabilitySpec(columns=SchemaSpec(outputs=("probability",), features=FEATURES))
MODEL = json.dumps(
    {
        "kind": "logistic",
        "features": FEATURES,
        "weights": [1.0, 0.8, 0.3, 0.2],
        "bias": -1.0,
        "levels": {"carrier": ["AA", "UA", "YV"]},
    }
).encode()


def flights(rows: int, seed: int, *, spread: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Batch:
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 3)) * np.array(spread)
    columns = {name: [f"{value:.6f}" for value in numbers[:, place]] for place, name in enumerate(FEATURES[:3])}
    carriers = random.choice(["AA", "UA", "YV"], rows).tolist()
    return batch(probability=["0.5"] * rows, **columns, carrier=carriers)


def batch(**columns: list[str]) -> Batch:
    return Batch({name: column_from_texts(texts) for name, texts in columns.items()})


def baseline(spec: ModelExplainabilitySpec = SPEC, **options: Any) -> dict[str, bytes]:
    files, rows = make_files(spec, [flights(600, 1)], model_file=MODEL, **options)
    assert rows == 600
    return files


def values(analysis: Analysis, metric: str) -> dict[str, float]:
    return {m.subject.column: m.value for m in analysis.evaluation.measurements if m.metric == metric}


DISORDER = (0.02, 0.3, 9.0)
"""Spreads that turn the order of the features round."""


def test_the_same_traffic_passes_and_another_order_of_features_violates() -> None:
    files = baseline()

    same = analyse(SPEC, [flights(500, 2)], files)
    other = analyse(SPEC, [flights(500, 2, spread=DISORDER)], files)

    assert same.evaluation.outcome is Outcome.PASSED
    assert values(same, "ndcg")["label0"] > 0.99
    (violation,) = other.evaluation.violations
    assert violation.reason == f"Feature attribution drift {values(other, 'ndcg')['label0']!r} exceeds threshold 0.9"
    assert violation.constraint.check_type == "feature_attribution_drift_check"
    assert values(other, "rank_move")["hour"] == 2
    assert values(other, "rank_move")["distance"] == -3 or values(other, "rank_move")["distance"] == -2
    (written,) = json.loads(other.files["constraint_violations.json"])["violations"]
    assert written["label"] == "label0"
    assert written["metric_value"] == pytest.approx(values(other, "ndcg")["label0"])


def test_by_default_log_odds_are_explained_and_the_output_as_amazon() -> None:
    ours, amazon = (json.loads(baseline(compat=compat)["analysis.json"]) for compat in (False, True))

    def explained(document: Any) -> Any:
        return document["explanations"]["kernel_shap"]["label0"]

    assert explained(ours)["expected_value"] < 0
    assert 0 < explained(amazon)["expected_value"] < 1
    assert list(explained(ours)["global_shap_values"]) == list(FEATURES)


def test_too_few_rows_are_not_evaluated() -> None:
    found = analyse(SPEC, [flights(50, 2, spread=DISORDER)], baseline())

    assert found.evaluation.outcome is Outcome.NOT_EVALUATED
    assert found.evaluation.checks[0].reason == "needs 100 rows, got 50"


def test_what_chance_may_do_is_no_drift_but_amazon_says_so() -> None:
    """Two features of nearly equal weight, and a threshold that their swapping crosses."""
    spec = SPEC.model_copy(update={"ndcg_threshold": 0.999999, "min_rows": 10})
    files = baseline(spec)
    windows = [flights(30, seed) for seed in range(40)]

    ours = [analyse(spec, [window], files).evaluation for window in windows]
    amazon = [analyse(spec, [window], files, compat=True).evaluation for window in windows]

    assert sum(bool(evaluation.violations) for evaluation in amazon) > 5
    assert sum(bool(evaluation.violations) for evaluation in ours) < sum(bool(e.violations) for e in amazon) / 2
    reasons = {check.reason for evaluation in ours for check in evaluation.checks if "too few to tell" in check.reason}
    assert reasons


def test_no_rows_are_no_verdict_and_no_files() -> None:
    found = analyse(SPEC, [], baseline())

    assert found.evaluation.outcome is Outcome.NOT_EVALUATED
    assert found.evaluation.n == 0
    assert not found.files
    with pytest.raises(NoDataError):
        make_files(SPEC, [], model_file=MODEL)


def test_rows_that_cannot_be_explained_are_counted() -> None:
    window = flights(200, 2)
    broken = {name: [str(value) for value in column.numbers.tolist()] for name, column in columns(window).items()}
    broken["carrier"] = ["AA"] * 200
    broken["distance"][:3] = ["?", "", "?"]

    found = analyse(SPEC, [batch(**broken)], baseline())

    assert values(found, "unexplained_rows")[""] == 3
    assert found.evaluation.n == 197
    with pytest.raises(DataError, match="none of 5 rows could be explained"):
        analyse(SPEC, [batch(**{name: ["?"] * 5 for name in broken})], baseline())


def columns(batch: Batch) -> Mapping[str, Any]:
    return batch.columns


def test_texts_that_the_model_file_has_no_codes_for_are_refused_at_the_baseline() -> None:
    bare = json.dumps({"kind": "linear", "features": FEATURES, "weights": [1, 1, 1, 1]}).encode()

    with pytest.raises(DataError, match="column 'carrier' has texts"):
        make_files(SPEC, [flights(10, 1)], model_file=bare)


def test_a_baseline_holds_no_row_of_the_data() -> None:
    secret = flights(300, 1)
    files, _ = make_files(SPEC, [secret], model_file=MODEL)

    kept = json.loads(files["attributions.json"])["baseline"]
    rows = np.stack([secret[name].numbers for name in FEATURES[:3]], axis=1)
    for record in kept:
        assert not (np.abs(rows - np.array(record[:3])) < 1e-9).all(axis=1).any()
    assert set(files) == {"analysis.json", "attributions.json", "model"}
    assert not json.loads(files["attributions.json"])["state"]["whole"]["ordered"]


def test_the_verdict_does_not_depend_on_order_or_split_even_when_rows_are_left_out() -> None:
    spec = SPEC.model_copy(update={"max_rows": 120})
    files = baseline(SPEC)
    parts = [flights(200, 5), flights(200, 6), flights(1, 7)]

    first, second = (analyse(spec, window, files) for window in (parts, parts[::-1]))

    assert first.evaluation.n == second.evaluation.n == 120
    assert values(first, "ndcg") == pytest.approx(values(second, "ndcg"))
    assert values(first, "attribution") == pytest.approx(values(second, "attribution"))


def test_a_row_that_occurs_often_is_sampled_as_often() -> None:
    column = column_from_texts(["7"] * 4000 + [str(value) for value in range(10, 4010)])
    sample = Sampling("sampling", ("x",), size=1000).observe(Batch({"x": column}))

    kept = sample.chosen()["x"].numbers

    assert kept.size == 1000
    assert 430 < (kept == 7).sum() < 570


def test_a_model_behind_a_function_is_explained_without_a_file() -> None:
    model = CallableModel(lambda rows: 1 / (1 + np.exp(-rows[:, 0] - 0.5 * rows[:, 1])), ("distance", "delay"))
    spec = SPEC.model_copy(update={"columns": SchemaSpec(features=("distance", "delay")), "background_records": 3})

    files, _ = make_files(spec, [flights(200, 1)], model=model)
    found = fold.analyse(model_explainability.fold(spec, files, model=model), [flights(200, 2)])

    assert "model" not in files
    assert values(found, "ndcg")["label0"] == 1.0
    with pytest.raises(BaselineError, match="has no model to explain"):
        analyse(spec, [flights(200, 2)], files)


def test_clarifys_baseline_is_compared_by_label_position() -> None:
    spec = SPEC.model_copy(update={"baseline": ((0.0, 0.0, 0.0, "AA"),), "use_logit": False})
    clarify = {"explanations": {"kernel_shap": {"0.79": {"global_shap_values": shares(0.2, 0.1, 0.05, 0.02)}}}}
    files = {"analysis.json": json.dumps(clarify).encode(), "model": MODEL}

    found = analyse(spec, [flights(300, 2)], files, compat=True)

    assert found.evaluation.outcome is Outcome.PASSED
    assert [metric.name for metric in found.metrics] == [f"feature_{name}" for name in FEATURES] + ["ExpectedValue"]
    assert found.metrics[0].dimensions == {
        "ExplainabilityMethod": "KernelShap",
        "Label": "label0",
        "ValueType": "GlobalShapValues",
    }
    with pytest.raises(BaselineError, match="does not hold the SHAP baseline"):
        analyse(SPEC, [flights(300, 2)], files)


def shares(*amounts: float) -> dict[str, float]:
    return dict(zip(FEATURES, amounts, strict=True))


def document(*labels: Mapping[str, float]) -> bytes:
    entries = {f"label{place}": {"global_shap_values": label} for place, label in enumerate(labels)}
    return json.dumps({"version": "1.0", "explanations": {"kernel_shap": entries}}).encode()


def test_attributions_from_elsewhere_are_compared_in_any_order_of_features() -> None:
    before = {"SAT": 0.70, "GPA": 0.50, "rank": 0.05}
    after = {"rank": 0.70, "GPA": 0.50, "SAT": 0.05}

    found = compare(ModelExplainabilitySpec(), document(after), {"analysis.json": document(before)}, compat=True)

    assert values(found, "ndcg")["label0"] == pytest.approx(0.6876, abs=1e-4)
    assert found.evaluation.outcome is Outcome.VIOLATED
    same = compare(ModelExplainabilitySpec(), document(before), {"analysis.json": document(before)})
    assert values(same, "ndcg")["label0"] == 1.0


def test_other_features_or_outputs_are_refused_by_name() -> None:
    before = {"analysis.json": document(shares(4, 3, 2, 1))}

    with pytest.raises(BaselineError, match="different features: weather"):
        compare(SPEC, document({**shares(4, 3, 2, 1), "weather": 1.0}), before)
    with pytest.raises(BaselineError, match="explains 1 outputs"):
        compare(SPEC, document(shares(1, 2, 3, 4), shares(1, 2, 3, 4)), before)
    with pytest.raises(BaselineError, match="no feature attributions"):
        compare(SPEC, b"{}", before)


@pytest.mark.parametrize("agg_method", ["mean_abs", "median", "mean_sq"])
def test_each_way_of_aggregating(agg_method: str) -> None:
    spec = SPEC.model_copy(update={"agg_method": agg_method})
    files = baseline(spec)
    found = json.loads(files["analysis.json"])["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    weights = np.array([1.0, 0.8, 0.3])
    rows = flights(600, 1)
    background = json.loads(files["attributions.json"])
    centre = np.array(background["weights"]) @ np.array(background["baseline"])[:, :3]
    local = weights * (np.stack([rows[name].numbers for name in FEATURES[:3]], axis=1) - centre)
    expected = {
        "mean_abs": np.abs(local).mean(axis=0),
        "median": np.median(local, axis=0),
        "mean_sq": (local**2).mean(axis=0),
    }[agg_method]

    assert list(found.values())[:3] == pytest.approx(expected.tolist(), abs=1e-9)
    assert analyse(spec, [rows], files).evaluation.outcome is Outcome.PASSED


def test_several_outputs_have_a_label_each() -> None:
    model = json.dumps({"kind": "softmax", "features": FEATURES, "weights": np.eye(3, 4).tolist(), "bias": [0, 0, 0]})
    spec = SPEC.model_copy(update={"label_headers": ("late", "early", "on time")})
    coded = batch(**{name: [f"{v:.3f}" for v in np.random.default_rng(1).normal(size=200)] for name in FEATURES})

    files, _ = make_files(spec, [coded], model_file=model.encode())

    assert list(json.loads(files["analysis.json"])["explanations"]["kernel_shap"]) == ["late", "early", "on time"]
    found = analyse(spec, [coded], files)
    assert [check.constraint.subject.column for check in found.evaluation.checks] == ["late", "early", "on time"]
    assert "hour_late" in values(found, "attribution")
    with pytest.raises(ConfigError, match="label_headers names 2 outputs, the model has 3"):
        make_files(spec.model_copy(update={"label_headers": ("a", "b")}), [coded], model_file=model.encode())


def test_a_slice_that_drifts_alone_is_found() -> None:
    spec = SPEC.model_copy(update={"segments": ("carrier",)})
    files = baseline(spec)
    window = [flights(900, 3), only(flights(900, 4, spread=DISORDER), "YV")]

    found = analyse(spec, [only(window[0], "AA"), only(window[0], "UA"), window[1]], files)

    violated = {check.constraint.subject.segment for check in found.evaluation.violations}
    assert "carrier=YV" in violated
    assert "carrier=AA" not in violated
    assert json.loads(found.files["segments.json"])["segments"][0]["segment"] == "carrier=YV"


def only(data: Batch, carrier: str) -> Batch:
    texts = data["carrier"].texts
    assert texts is not None
    return take(data, np.flatnonzero(texts == carrier))


def test_a_record_of_the_shap_baseline_must_have_a_value_per_feature() -> None:
    spec = SPEC.model_copy(update={"baseline": ((0.0, 1.0),)})

    with pytest.raises(ConfigError, match="has 2 values, the model has the 4 features distance, delay, hour, carrier"):
        make_files(spec, [flights(10, 1)], model_file=MODEL)
