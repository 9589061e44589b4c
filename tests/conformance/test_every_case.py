"""Every case of the corpus in one pass, turned into files and environment by its kind and its keys alone.

The other files of this folder look closer; this one knows no case by name, so it says what becomes of cases that
nobody here has seen.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.comparison import CAPTURE_FORMAT, assert_same_features, csv_format

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze, Run

CORPUS = Path(__file__).parents[3] / "shared" / "conformance"
DEVIATION = re.compile(r" \+/- \S+")
AREA = "auc"
NDCG_TOLERANCE = 1e-6
Case = dict[str, Any]


def cases() -> list[Any]:
    """Read the cases; where the corpus is absent one placeholder, whose fixture skips."""
    index = CORPUS / "cases.json"
    found = json.loads(index.read_bytes()) if index.exists() else []
    return [pytest.param(case, id=case["id"]) for case in found] or [pytest.param({}, id="no-corpus")]


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def table(path: Path, count: int | None = None) -> list[dict[str, str]]:
    """The rows in order, from the first again until there are `count`."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return list(islice(cycle(rows), count or len(rows)))


def write_table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def sentences(violations: list[dict[str, str]]) -> set[tuple[str, ...]]:
    """What was violated and what was said of it, without deviations, which come from random samples."""
    named = ("facet", "facet_value", "feature_name", "metric_name", "constraint_check_type")
    return {
        (*(str(entry.get(name)) for name in named), DEVIATION.sub("", entry["description"])) for entry in violations
    }


def check_completed(run: Run) -> None:
    assert run.exit_code == 0, run.log
    found = run.json("constraint_violations.json")["violations"] if "constraint_violations.json" in run.files else []
    state = f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    assert run.message == (state if found else "Completed: Job completed successfully with no violations.")


def data_quality_baseline(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    del folder
    inputs, expected = case["inputs"], case["expected"]
    run = analyze(dataset_source=corpus / inputs["csv"], dataset_format=csv_format(header=inputs["header"]))
    check_completed(run)
    assert_same_features(run.json("statistics.json"), read(corpus / expected["statistics"]))
    assert run.json("constraints.json") == read(corpus / expected["constraints"])


def data_quality_run(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    inputs, expected = case["inputs"], case["expected"]
    if "baseline_constraints" not in inputs:
        pytest.skip("the rows were not recorded; what can be rebuilt of them is in test_recorded_cases.py")
    if "capture" in inputs:
        lines = (corpus / inputs["capture"]).read_text().splitlines()
        warm_up = lines[: inputs.get("warmup", 0)]
        events = [*warm_up, *islice(cycle(lines), inputs.get("loop_to", len(lines)) - len(warm_up))]
        source, data_format = folder / "events.jsonl", CAPTURE_FORMAT
        source.write_text("\n".join(events))
    else:
        text = (corpus / inputs["current_csv"]).read_text()
        header = inputs.get("header", not re.match(r"[-\d.,]+$", text.splitlines()[0]))
        source, data_format = folder / "rows.csv", csv_format(header=header)
        if "statistics" in expected:  # rows that were read back from a sketch spell 88 as 88.0
            text = re.sub(r"\.0(?=[,\n]|$)", "", text)
        source.write_text(text)
    baseline = {name: corpus / inputs[name] for name in ("baseline_constraints", "baseline_statistics")}
    run = analyze(dataset_source=source, dataset_format=data_format, **baseline)
    check_completed(run)
    violated = {feature for feature, _, _ in run.violations}
    if "violations" in expected:
        recorded = read(corpus / expected["violations"])["violations"]
        assert sentences(run.json("constraint_violations.json")["violations"]) == sentences(recorded)
    if "statistics" in expected:
        assert_same_features(run.json("statistics.json"), read(corpus / expected["statistics"]))
    if "expected" in expected:
        recorded = read(corpus / expected["expected"])
        assert run.message == recorded["exit_message"]
        assert violated == set(recorded["data_type_check_features"])
    assert len(run.violations) == expected.get("violation_count", len(run.violations))
    assert len(run.violations) >= expected.get("violation_count_min", 0)
    assert expected.get("feature") in {*violated, None}


def quality_variables(inputs: dict[str, Any], statistics: Any) -> dict[str, Any]:
    problem = "Regression" if "regression" in json.dumps(statistics) else "BinaryClassification"
    given = {name: value for name, value in inputs.items() if name.endswith("_attribute")}
    return {"analysis_type": "MODEL_QUALITY", "problem_type": problem, **given}


def model_quality_baseline(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    del folder
    inputs, expected = case["inputs"], case["expected"]
    recorded = read(corpus / expected.get("statistics", expected.get("file")))
    run = analyze(
        dataset_source=corpus / inputs["csv"],
        dataset_format=csv_format(header=True),
        **quality_variables(inputs, recorded),
    )
    check_completed(run)
    (section,) = (value for name, value in run.json("statistics.json").items() if name.endswith("_metrics"))
    values = recorded.get("statistics_values") or {
        metric: entry["value"] for metric, entry in recorded["regression_metrics"].items()
    }
    for metric, value in values.items():
        found = section[metric] if metric == "confusion_matrix" else section[metric]["value"]
        assert found == (value if isinstance(value, dict) else pytest.approx(value, rel=1e-12)), metric
    limits = read(corpus / expected["constraints"]) if "constraints" in expected else recorded
    (name,) = (name for name in limits if name.endswith("_constraints"))
    found = run.json("constraints.json")[name]
    assert found.keys() == limits[name].keys()
    for metric, limit in limits[name].items():
        assert found[metric] == {**limit, "threshold": pytest.approx(limit["threshold"], abs=5e-7)}, metric


def model_quality_run(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    inputs, expected = case["inputs"], case["expected"]
    limits = corpus / inputs.get("constraints", inputs.get("constraints_from"))
    variables = quality_variables(inputs, read(limits))
    source = corpus / inputs.get("csv", inputs.get("predictions"))
    if "predictions" in inputs:
        source = write_table(folder / "rows.csv", table(source, inputs["loop_to"]))
        variables |= {"probability_attribute": "probability", "ground_truth_attribute": "ground_truth"}
    run = analyze(
        dataset_source=source, dataset_format=csv_format(header=True), baseline_constraints=limits, **variables
    )
    check_completed(run)
    found = run.json("constraint_violations.json")["violations"]
    if "violated_metrics" in expected:
        assert {entry["metric_name"] for entry in found} == set(expected["violated_metrics"])
        return
    recorded = read(corpus / expected["file"])["violations_as_printed"]
    missing_area = AREA not in {entry["metric_name"] for entry in recorded}  # the service once computed 1 for it
    assert [entry["metric_name"] for entry in found if entry["metric_name"] != AREA or not missing_area] == [
        entry["metric_name"] for entry in recorded
    ]
    without_area = [[each for each in entries if each["metric_name"] != AREA] for entries in (found, recorded)]
    assert sentences(without_area[0]) == sentences(without_area[1])


def bias_config(case: Case, folder: Path, columns: list[str] | None) -> Path:
    params = case["params"]
    chosen = params.get("facet_values", [params.get("facet_threshold")])
    methods = ["pre_training_bias"]
    config = {
        "dataset_type": "text/csv",
        "headers": columns,
        "label": params["label"],
        "label_values_or_threshold": params["label_values"],
        "facet": [{"name_or_index": params["facet"], "value_or_threshold": chosen}],
        "group_variable": params.get("group_variable"),
        "predicted_label": params.get("predicted"),
        "probability_threshold": params.get("probability_threshold"),
    }
    if "probability_threshold" in params:
        config["predicted_label"] = "probability"
    if config["predicted_label"]:
        methods.append("post_training_bias")
    config["methods"] = {method: {"methods": "all"} for method in methods}
    path = folder / "analysis_config.json"
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
    return path


def bias_source(case: Case, corpus: Path, folder: Path) -> Path:
    inputs = case["inputs"]
    source: Path = corpus / inputs["csv"]
    if inputs.get("header") is False:
        return source
    rows = table(source, inputs.get("loop_to"))
    if "features_for_FT" in inputs:
        features = table(corpus / inputs["features_for_FT"])
        rows = [{**more, **row} for more, row in zip(features, rows, strict=True)]
    return write_table(folder / "rows.csv", rows)


def bias_baseline(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    run = analyze(
        analysis_config_file=bias_config(case, folder, case["inputs"].get("columns")),
        dataset_source=bias_source(case, corpus, folder),
    )
    check_completed(run)
    expected, found = dict(values_of(read(corpus / case["expected"]["analysis"]))), run.json("analysis.json")
    assert dict(values_of(found)) == {
        key: value if value is None else pytest.approx(value, abs=1e-9) for key, value in expected.items()
    }


def values_of(analysis: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float | None]]:
    for name, section in analysis.items():
        for facet, groups in section["facets"].items() if name.endswith("_metrics") else ():
            for group in groups:
                for metric in group["metrics"]:
                    place = (section["label"], section["label_value_or_threshold"], facet, group["value_or_threshold"])
                    yield (name, *place, metric["name"], str(metric.get("error"))), metric["value"]


def bias_run(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    inputs, expected = case["inputs"], case["expected"]
    if "csv" not in inputs:
        pytest.skip("the rows are not said; test_bias.py finds how many there were")
    run = analyze(
        analysis_config_file=bias_config(case, folder, inputs.get("columns")),
        dataset_source=bias_source(case, corpus, folder),
        baseline_constraints=corpus / inputs["baseline"],
    )
    check_completed(run)
    found = run.json("constraint_violations.json")["violations"]
    if "violated_metrics" in expected:
        assert [entry["metric_name"] for entry in found] == expected["violated_metrics"]
    if "violations" in expected:
        assert sentences(found) == sentences(read(corpus / expected["violations"])["violations"])


def explainability_baseline(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    inputs, expected = case["inputs"], case["expected"]
    (record,) = re.findall(r"\[[\d.,\s-]+\]", case["description"])
    aggregation = re.findall(r"\b(mean_abs|median|mean_sq)\b", case["description"])
    config = {
        "dataset_type": "application/jsonlines",
        "features": "features",
        "headers": read(corpus / inputs["model"])["features"],
        "methods": {"shap": {"baseline": [json.loads(record)], "num_samples": 100, "agg_method": aggregation[0]}},
        "predictor": {"model_file": str(corpus / inputs["model"])},
    }
    path = folder / "analysis_config.json"
    path.write_text(json.dumps(config))
    run = analyze(analysis_config_file=path, dataset_source=corpus / inputs["rows"])
    check_completed(run)
    (found,) = run.json("analysis.json")["explanations"]["kernel_shap"].values()
    tolerance = case["tolerance"]["abs"]
    for name in expected["recorded"]:
        (recorded,) = read(corpus / name)["explanations"]["kernel_shap"].values()
        assert found["global_shap_values"] == pytest.approx(recorded["global_shap_values"], abs=tolerance)
        if not name.endswith("bug_analysis.json"):
            assert found["expected_value"] == pytest.approx(recorded["expected_value"], abs=tolerance)
    assert found["global_shap_values"] == pytest.approx(read(corpus / expected["exact"]), abs=tolerance)


def explainability_run(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    inputs, expected = case["inputs"], case["expected"]
    path = folder / "analysis_config.json"
    path.write_text(json.dumps({"methods": {"shap": {"drift_threshold": case["params"]["threshold"]}}}))
    run = analyze(
        analysis_config_file=path,
        dataset_source=corpus / inputs["current"],
        baseline_constraints=corpus / inputs["baseline"],
    )
    check_completed(run)
    assert len(run.json("constraint_violations.json")["violations"]) == expected["violation_count"]
    measured = run.json("evaluation.json")["evaluation"]["measurements"]
    (found,) = (entry["value"] for entry in measured if entry["metric"] == "ndcg")
    assert found == pytest.approx(expected["ndcg"], abs=NDCG_TOLERANCE)


def model_quality_text(case: Case, corpus: Path, folder: Path, analyze: Analyze) -> None:
    del case, corpus, folder, analyze
    pytest.skip("only sentences were recorded; test_model_quality.py finds rows that give each of them")


DRIVERS: dict[str, Callable[[Case, Path, Path, Analyze], None]] = {
    driver.__name__: driver
    for driver in (
        data_quality_baseline,
        data_quality_run,
        model_quality_baseline,
        model_quality_run,
        model_quality_text,
        bias_baseline,
        bias_run,
        explainability_baseline,
        explainability_run,
    )
}


@pytest.mark.parametrize("case", cases())
def test_case(case: Case, corpus: Path, tmp_path: Path, analyze: Analyze) -> None:
    DRIVERS[case["kind"]](case, corpus, tmp_path, analyze)
