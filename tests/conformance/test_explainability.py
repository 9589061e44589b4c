"""Recorded explainability runs of Clarify, repeated through the container's contract."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conformance.conftest import Analyze, Run

LABEL = "Target"


@pytest.fixture
def configure(tmp_path: Path) -> Any:
    def write(**config: Any) -> Path:
        path = tmp_path / "analysis_config.json"
        path.write_text(json.dumps(config))
        return path

    return write


@pytest.fixture
def adult(corpus: Path) -> dict[str, Any]:
    """The recorded configuration of the run whose attributions were recorded, without its deployment."""
    recorded = json.loads((corpus / "recorded/analysis_config/examples_90d3ea06_c47_16a116.json").read_bytes())
    config: dict[str, Any] = {key: value for key, value in recorded.items() if key != "predictor"}
    config["methods"].pop("report")
    return config


def explained(run: Run) -> dict[str, Any]:
    assert run.exit_code == 0, run.log
    found: dict[str, Any] = run.json("analysis.json")["explanations"]["kernel_shap"]
    return found


def exact(corpus: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads(
        (corpus / "cases/explainability/adult_exact_shapley_mean_abs.json").read_bytes()
    )
    return found


def test_attributions_of_the_recorded_model_are_the_exact_ones(
    adult: dict[str, Any], configure: Any, corpus: Path, analyze: Analyze
) -> None:
    run = analyze(
        analysis_config_file=configure(**adult),
        dataset_source=corpus / "datasets/adult/validation-dataset.json",
        model_source=corpus / "datasets/adult/linear_model.json",
    )

    (label,) = explained(run).items()
    assert label[0] == "label0"
    assert label[1]["expected_value"] == pytest.approx(0.250623226165771, abs=1e-6)
    assert label[1]["global_shap_values"] == pytest.approx(exact(corpus), abs=1e-12)
    assert "constraint_violations.json" not in run.files


@pytest.mark.parametrize("recording", ["adult_endpoint_analysis", "adult_batch_analysis"])
def test_recorded_attributions_are_within_their_sampling_error(
    recording: str, adult: dict[str, Any], configure: Any, corpus: Path, analyze: Analyze
) -> None:
    recorded = json.loads((corpus / f"cases/explainability/{recording}.json").read_bytes())
    adult |= {"dataset_type": "application/jsonlines", "features": "features", "label": "label"}
    adult["methods"]["shap"]["baseline"] = adult["methods"]["shap"]["baseline"]["instances"]

    run = analyze(
        analysis_config_file=configure(**adult, predictor={"model_file": "linear_model.json"}),
        dataset_source=corpus / "datasets/adult/validation-dataset.jsonl",
        model_source=corpus / "datasets/adult",
    )

    expected = recorded["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    assert explained(run)["label0"]["global_shap_values"] == pytest.approx(expected, abs=1.5e-3)


def test_local_attributions_of_log_odds_add_up_to_the_score(
    adult: dict[str, Any], configure: Any, corpus: Path, analyze: Analyze
) -> None:
    adult["methods"]["shap"] |= {"use_logit": True, "save_local_shap_values": True}

    run = analyze(
        analysis_config_file=configure(**adult),
        dataset_source=corpus / "datasets/adult/validation-dataset.json",
        model_source=corpus / "datasets/adult/linear_model.json",
    )

    expected = explained(run)["label0"]["expected_value"]
    with (run.output / "explanations_shap/out.csv").open() as file:
        head, *lines = csv.reader(file)
    model = json.loads((corpus / "datasets/adult/linear_model.json").read_bytes())
    records = json.loads((corpus / "datasets/adult/validation-dataset.json").read_bytes())["instances"]
    rows = np.array([record["features"] for record in records], dtype=float)
    assert head == [f"{feature}_label0" for feature in model["features"]]
    sums = np.array(lines, dtype=float).sum(axis=1)
    assert expected + sums == pytest.approx(rows @ np.array(model["weights"]) + model["bias"], abs=1e-9)


def test_independent_recordings_of_one_model_do_not_drift(configure: Any, corpus: Path, analyze: Analyze) -> None:
    recordings = corpus / "cases/explainability"

    run = analyze(
        analysis_config_file=configure(methods={"shap": {}}),
        dataset_source=recordings / "adult_endpoint_analysis.json",
        baseline_constraints=recordings / "adult_batch_analysis.json",
    )

    assert run.exit_code == 0, run.log
    assert run.json("constraint_violations.json") == {"version": "1.0", "violations": []}
    assert ndcg(run) == pytest.approx(0.999963, abs=1e-6)
    assert run.message == "Completed: Job completed successfully with no violations."


def test_labels_are_matched_by_position_where_their_names_differ(
    configure: Any, corpus: Path, analyze: Analyze
) -> None:
    recordings = corpus / "cases/explainability"

    run = analyze(
        analysis_config_file=configure(methods={"shap": {}}),
        dataset_source=recordings / "adult_json_label_key_bug_analysis.json",
        baseline_constraints=recordings / "adult_batch_analysis.json",
    )

    assert ndcg(run) > 0.999
    assert not run.json("constraint_violations.json")["violations"]


def test_another_order_of_features_violates_in_clarifys_words(
    adult: dict[str, Any], configure: Any, corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    values = exact(corpus)
    reversed_order = dict(
        zip(sorted(values, key=values.__getitem__), sorted(values.values(), reverse=True), strict=True)
    )
    baseline = {"explanations": {"kernel_shap": {"score": {"global_shap_values": reversed_order}}}}
    (tmp_path / "analysis.json").write_text(json.dumps(baseline))

    run = analyze(
        analysis_config_file=configure(**adult),
        dataset_source=corpus / "datasets/adult/validation-dataset.json",
        model_source=corpus / "datasets/adult/linear_model.json",
        baseline_constraints=tmp_path / "analysis.json",
    )

    (violation,) = run.json("constraint_violations.json")["violations"]
    assert violation == {
        "label": "label0",
        "metric_name": "shap",
        "constraint_check_type": "feature_attribution_drift_check",
        "description": f"Feature attribution drift {ndcg(run)} exceeds threshold 0.9",
    }
    assert run.message == "CompletedWithViolations: Job completed successfully with 1 violations."


def ndcg(run: Run) -> float:
    measured = run.json("evaluation.json")["evaluation"]["measurements"]
    (value,) = [entry["value"] for entry in measured if entry["metric"] == "ndcg"]
    return float(value)
