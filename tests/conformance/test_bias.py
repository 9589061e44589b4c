"""Recorded bias analyses, replayed through Clarify's contract with a configuration as its users write it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze, Run

ALL_METHODS = {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}}


def config_file(tmp_path: Path, **keys: Any) -> Path:
    path = tmp_path / "analysis_config.json"
    path.write_text(json.dumps({"dataset_type": "text/csv", **keys}))
    return path


def rows_of(path: Path, count: int | None = None) -> list[dict[str, str]]:
    """The rows in order, from the first again until there are `count`."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return [rows[place % len(rows)] for place in range(count or len(rows))]


def write_csv(path: Path, rows: list[dict[str, str]], *, header: bool = True) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    if header:
        writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue())
    return path


def assert_same_analysis(run: Run, expected: dict[str, Any]) -> None:
    assert run.exit_code == 0, run.log
    found = run.json("analysis.json")
    assert {name for name in found if name.endswith("metrics")} == {n for n in expected if n.endswith("metrics")}
    for name, section in expected.items():
        if name == "version":
            assert found[name] == section
            continue
        assert (found[name]["label"], found[name]["label_value_or_threshold"]) == (
            section["label"],
            section["label_value_or_threshold"],
        )
        assert found[name]["facets"].keys() == section["facets"].keys()
        for facet, groups in section["facets"].items():
            for group, recorded in zip(found[name]["facets"][facet], groups, strict=True):
                assert group["value_or_threshold"] == recorded["value_or_threshold"]
                for metric, wanted in zip(group["metrics"], recorded["metrics"], strict=True):
                    value = wanted["value"]
                    close = value if value is None or isinstance(value, str) else pytest.approx(value, abs=1e-9)
                    assert metric == {**wanted, "value": close}


def traffic(corpus: Path, events: int) -> list[dict[str, str]]:
    rows = rows_of(corpus / "cases/bias/adult_traffic.csv", events)
    return [{name: value for name, value in row.items() if name != "row"} for row in rows]


def traffic_config(tmp_path: Path) -> Path:
    return config_file(
        tmp_path,
        label="ground_truth",
        label_values_or_threshold=[1],
        facet=[{"name_or_index": "Sex", "value_or_threshold": [0]}],
        group_variable="Age",
        predicted_label="predicted_label",
        methods=ALL_METHODS,
    )


def violations_of(run: Run) -> list[dict[str, Any]]:
    assert run.exit_code == 0, run.log
    document = run.json("constraint_violations.json")
    assert document["version"] == "1.0"
    found: list[dict[str, Any]] = document["violations"]
    return found


def test_baseline_with_a_facet_value_and_a_group_variable(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case bias-adult-baseline."""
    config = json.loads((corpus / "recorded/analysis_config/adult_bias_analysis_config.json").read_bytes())
    source = corpus / "cases/bias/adult_baseline_input.csv"

    run = analyze(
        analysis_config_file=config_file(tmp_path, **config, predicted_label="predicted_label"), dataset_source=source
    )

    assert_same_analysis(run, json.loads((corpus / "cases/bias/adult_baseline_analysis.json").read_bytes()))
    assert run.message == "Completed: Job completed successfully with no violations."


def test_baseline_with_a_threshold_and_a_probability(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case bias-churn-baseline: the flip test needs the features, which stand in another file."""
    rows = rows_of(corpus / "datasets/churn/validation-dataset-with-header.csv")
    answers = rows_of(corpus / "cases/bias/churn_baseline_input.csv")
    joined = [{**row, "probability": answer["probability"]} for row, answer in zip(rows, answers, strict=True)]
    keys: dict[str, Any] = {
        "label": "Churn",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "Account Length", "value_or_threshold": [100]}],
        "probability_threshold": 0.8,
        "methods": ALL_METHODS,
    }
    expected = json.loads((corpus / "cases/bias/churn_baseline_analysis.json").read_bytes())
    source = write_csv(tmp_path / "rows.csv", joined)

    for name in ("probability", "predicted_label"):
        run = analyze(
            analysis_config_file=config_file(tmp_path, **keys, **{name: "probability"}), dataset_source=source
        )

        assert_same_analysis(run, expected)


@pytest.mark.parametrize(
    ("events", "recorded"),
    [
        (1806, "cases/bias/adult_run_endpoint_jsonl_1806_expected_violations.json"),
        (334, "recorded/violations/examples_6c4e6d8f_c80_6d947f.json"),
    ],
)
def test_runs_against_a_baseline(events: int, recorded: str, corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case bias-adult-endpoint_jsonl_1806 and a recorded run of 334 events, to the last digit of every sentence."""
    config, rows = traffic_config(tmp_path), traffic(corpus, events)

    run = analyze(
        analysis_config_file=config,
        dataset_source=write_csv(tmp_path / "rows.csv", rows),
        baseline_constraints=corpus / "cases/bias/adult_baseline_analysis.json",
    )

    expected = json.loads((corpus / recorded).read_bytes())["violations"]
    assert violations_of(run) == expected
    assert run.message == f"CompletedWithViolations: Job completed successfully with {len(expected)} violations."


def test_the_run_whose_number_of_events_was_not_recorded(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case bias-adult-endpoint_json: its values are those of the 334 rows sent three times, so 1002 events."""
    config, rows = traffic_config(tmp_path), traffic(corpus, 1002)

    run = analyze(
        analysis_config_file=config,
        dataset_source=write_csv(tmp_path / "rows.csv", rows),
        baseline_constraints=corpus / "cases/bias/adult_baseline_analysis.json",
    )

    recorded = corpus / "cases/bias/adult_run_endpoint_json_expected_violations.json"
    expected = json.loads(recorded.read_bytes())["violations"]
    found = violations_of(run)
    assert [values_in(entry["description"]) for entry in found] == [
        pytest.approx(values_in(entry["description"]), rel=1e-12) for entry in expected
    ]
    assert [{**entry, "description": ""} for entry in found] == [{**entry, "description": ""} for entry in expected]


def values_in(sentence: str) -> list[float]:
    words = sentence.removeprefix("Metric value ").split(" doesn't meet the baseline constraint requirement ")
    return [float(word) for word in words]


@pytest.mark.parametrize(("case", "violated"), [("good_cases", []), ("bad_cases", ["KS"])])
def test_labels_before_training_without_a_header(
    case: str, violated: list[str], corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    """Cases bias-sdk-good and bias-sdk-bad."""
    folder = corpus / "sdk_test_data/pipeline/clarify_check_step"
    config = config_file(
        tmp_path,
        headers=["Label", "F1", "F2", "F3", "F4"],
        label="Label",
        label_values_or_threshold=[1],
        facet=[{"name_or_index": "F1", "value_or_threshold": [0.5]}],
        group_variable="F2",
        methods={"pre_training_bias": {"methods": "all"}},
    )
    baseline = folder / "data_bias" / case / "analysis.json"

    run = analyze(analysis_config_file=config, dataset_source=folder / "dataset.csv", baseline_constraints=baseline)

    assert [entry["metric_name"] for entry in violations_of(run)] == violated
    good = json.loads((folder / "data_bias/good_cases/analysis.json").read_bytes())
    assert_same_analysis(run, good)


def test_json_lines_and_json_give_what_csv_gives(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """The recorded configurations of both formats, on the recorded data set, with its predictions beside it."""
    expected = json.loads((corpus / "cases/bias/adult_baseline_analysis.json").read_bytes())
    rows = rows_of(corpus / "cases/bias/adult_baseline_input.csv")
    features = [name for name in rows[0] if name not in {"Target", "predicted_label", "score"}]
    records = [
        {
            "features": [float(row[name]) if "." in row[name] else int(row[name]) for name in features],
            "label": int(row["Target"]),
            "predicted_label": int(row["predicted_label"]),
        }
        for row in rows
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, records)))
    (tmp_path / "rows.json").write_text(json.dumps({"instances": records}))
    configs = corpus / "recorded/analysis_config"
    lines = json.loads((configs / "examples_007a7308_c39_04cfc2.json").read_bytes())
    whole = json.loads((configs / "examples_6c4e6d8f_c56_7f95a8.json").read_bytes())

    for name, config, label in (
        ("rows.jsonl", lines, "predicted_label"),
        ("rows.json", whole, "instances[*].predicted_label"),
    ):
        run = analyze(
            analysis_config_file=config_file(tmp_path, **config, predicted_label=label), dataset_source=tmp_path / name
        )

        assert_same_analysis(run, expected)


THRESHOLD = 0.46301859617233276
"""Of the recorded model: the predictions in its recorded answers are the scores that reach it."""
CONFIGS = [
    "adult_bias_analysis_config",
    "examples_007a7308_c39_04cfc2",
    "examples_1e872559_c75_e080a1",
    "examples_22a45ced_c35_917901",
    "examples_4dbf7042_c35_4e4259",
    "examples_6c4e6d8f_c56_7f95a8",
]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_model_answers_where_the_data_set_holds_no_predictions(
    name: str, corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    """Every recorded configuration of bias after training, with the model that was recorded, in a file."""
    config = json.loads((corpus / f"recorded/analysis_config/{name}.json").read_bytes())
    rows = rows_of(corpus / "cases/bias/adult_baseline_input.csv")
    columns = [column for column in rows[0] if column not in {"predicted_label", "score"}]
    plain = write_csv(tmp_path / "rows.csv", [{c: row[c] for c in columns} for row in rows], header=False)
    folder = corpus / "datasets/adult"
    sources = {
        "text/csv": plain,
        "application/json": folder / "validation-dataset.json",
        "application/jsonlines": folder / "validation-dataset.jsonl",
    }

    run = analyze(
        analysis_config_file=config_file(tmp_path, **{**config, "probability_threshold": THRESHOLD}),
        dataset_source=sources[config["dataset_type"]],
        model_source=folder / "linear_model.json",
    )

    assert_same_analysis(run, json.loads((corpus / "cases/bias/adult_baseline_analysis.json").read_bytes()))


def test_without_predictions_and_without_a_model_the_job_says_what_to_give(
    corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    run = analyze(
        analysis_config_file=corpus / "recorded/analysis_config/examples_007a7308_c39_04cfc2.json",
        dataset_source=corpus / "datasets/adult/validation-dataset.jsonl",
        model_source=tmp_path / "nothing",
    )

    assert run.exit_code == 255
    assert "name a column of the data set in predicted_label or probability, or give the model" in run.message


def test_a_baseline_of_other_facets_is_no_clean_run(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Columns by position have other names than those of the baseline: nothing would be compared."""
    folder = corpus / "sdk_test_data/pipeline/clarify_check_step"
    config = config_file(
        tmp_path,
        label=0,
        label_values_or_threshold=[1],
        facet=[{"name_or_index": 1, "value_or_threshold": [0.5]}],
        methods={"pre_training_bias": {"methods": "all"}},
    )

    run = analyze(
        analysis_config_file=config,
        dataset_source=folder / "dataset.csv",
        baseline_constraints=folder / "data_bias/bad_cases/analysis.json",
    )

    assert run.exit_code == 255
    assert "the baseline has the facets F1, and this analysis _c1: nothing can be compared" in run.message


def test_a_baseline_with_bare_infinities_is_read(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Python writes them so, and without blanks where it is told to."""
    baseline = json.loads((corpus / "cases/bias/adult_baseline_analysis.json").read_bytes())
    for metric in baseline["post_training_bias_metrics"]["facets"]["Sex"][0]["metrics"]:
        metric["value"] = float("inf")
    (tmp_path / "analysis.json").write_text(json.dumps(baseline, separators=(",", ":")))

    run = analyze(
        analysis_config_file=traffic_config(tmp_path),
        dataset_source=write_csv(tmp_path / "rows.csv", traffic(corpus, 334)),
        baseline_constraints=tmp_path / "analysis.json",
    )

    assert {entry["metric_name"] for entry in violations_of(run)} <= {
        "CDDL",
        "CI",
        "DPL",
        "JS",
        "KL",
        "KS",
        "LP",
        "TVD",
    }


REFUSED = {
    "pdp": "methods.pdp is not supported",
    "text_config": "methods.shap.text_config: this key is unknown or not supported; leave it out",
}


def test_what_recorded_configurations_ask_for_and_is_not_supported_is_named(
    corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    (tmp_path / "texts.csv").write_text("a nice dress\nnot a dress\n")
    for path in sorted((corpus / "recorded/analysis_config").iterdir()):
        text = path.read_text()
        reason = next((said for key, said in REFUSED.items() if f'"{key}"' in text), None)
        if reason is None:
            continue
        run = analyze(
            analysis_config_file=path,
            dataset_source=tmp_path / "texts.csv" if "text_config" in text else csv_without_header(corpus, tmp_path),
            model_source=corpus / "datasets/adult/linear_model.json",
        )
        assert (run.exit_code, reason in run.message) == (255, True), (path.name, run.message)


def csv_without_header(corpus: Path, tmp_path: Path) -> Path:
    """The recorded rows as the configurations with headers expect them, the label last."""
    rows = rows_of(corpus / "cases/bias/adult_baseline_input.csv")
    columns = [*(c for c in rows[0] if c not in {"Target", "predicted_label", "score"}), "Target"]
    return write_csv(tmp_path / "rows.csv", [{c: row[c] for c in columns} for row in rows], header=False)


def test_clarify_places_are_the_defaults(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Without variables the job looks where the platform mounts things, and says what it misses."""
    run = analyze(analysis_config_file=tmp_path / "missing.json", dataset_source=corpus / "datasets")

    assert run.exit_code == 255
    assert "missing.json" in run.message
