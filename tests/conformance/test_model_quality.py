"""Every recorded model-quality case, through the container contract alone."""

from __future__ import annotations

import csv
import json
import re
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.comparison import csv_format

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze

CORPUS = Path(__file__).parents[3] / "shared" / "conformance"
TOLERANCE: dict[str, Any] = {"rel": 1e-12, "abs": 1e-12}
NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
MERGED = '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"],"originalDatasetFormat":null}}'
MESSAGE = re.compile(r"Metric (\S+) with (\S+?)(?: \+/- (\S+))? was (\S+) '(\S+)'")
TO_THE_DIGIT = {
    "precision",
    "truePositiveRate",
    "f1",
    "accuracy",
    "falsePositiveRate",
    "trueNegativeRate",
    "recall",
    "f2",
}
"""Amazon adds the area in an order that depends on how it split the rows."""


def cases(kind: str, needs: str) -> list[Any]:
    """Read the cases that have an input; where the corpus is absent one placeholder, whose fixture skips."""
    index = CORPUS / "cases.json"
    found = json.loads(index.read_bytes()) if index.exists() else []
    selected = [pytest.param(case, id=case["id"]) for case in found if case["kind"] == kind and needs in case["inputs"]]
    return selected or [pytest.param({}, id="no-corpus")]


def attributes(inputs: dict[str, Any], problem: str) -> dict[str, str]:
    given = {name: value for name, value in inputs.items() if name.endswith("_attribute")}
    return {"analysis_type": "MODEL_QUALITY", "problem_type": problem, **given}


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def traffic(case: dict[str, Any], corpus: Path, folder: Path) -> Path:
    """The recorded predictions, sent again and again until there are as many events as in the run."""
    with (corpus / case["inputs"]["predictions"]).open(newline="") as file:
        header, *rows = csv.reader(file)
    path = folder / "events.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *islice(cycle(rows), case["inputs"]["loop_to"])])
    return path


def baseline_constraints(case: dict[str, Any], corpus: Path, folder: Path) -> Path:
    recorded = read(corpus / case["inputs"]["constraints_from"])["binary_classification_constraints"]
    path = folder / "constraints.json"
    path.write_text(json.dumps({"version": 0.0, "binary_classification_constraints": recorded}))
    return path


def test_binary_baseline(corpus: Path, analyze: Analyze) -> None:
    (case,) = (case for case in read(corpus / "cases.json") if case["id"] == "mq-churn-baseline")
    expected = read(corpus / case["expected"]["file"])

    run = analyze(
        dataset_source=corpus / case["inputs"]["csv"],
        dataset_format=csv_format(header=True),
        **attributes(case["inputs"], "BinaryClassification"),
    )

    assert (run.exit_code, run.files) == (0, {"statistics.json", "constraints.json"}), run.log
    statistics = run.json("statistics.json")
    assert statistics["dataset"] == {"item_count": 201}
    metrics = statistics["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == expected["statistics_values"].pop("confusion_matrix")
    for metric, value in expected["statistics_values"].items():
        assert metrics[metric]["value"] == pytest.approx(value, **TOLERANCE), metric
    for metric, deviation in expected["standard_deviations_as_printed"].items():
        assert metrics[metric]["standard_deviation"] == pytest.approx(deviation, rel=1.5), metric  # of random samples
    constraints = run.json("constraints.json")["binary_classification_constraints"]
    assert constraints.keys() == expected["binary_classification_constraints"].keys()
    for metric, entry in expected["binary_classification_constraints"].items():
        assert constraints[metric]["comparison_operator"] == entry["comparison_operator"]
        assert constraints[metric]["threshold"] == pytest.approx(entry["threshold"], abs=5e-7)  # one was cut


@pytest.mark.parametrize("case", cases("model_quality_run", "predictions"))
def test_binary_run(case: dict[str, Any], corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    recorded = read(corpus / case["expected"]["file"])

    run = analyze(
        dataset_source=traffic(case, corpus, tmp_path),
        dataset_format=csv_format(header=True),
        baseline_constraints=baseline_constraints(case, corpus, tmp_path),
        probability_attribute="probability",
        ground_truth_attribute="ground_truth",
        probability_threshold_attribute="0.500000",
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
    )

    assert run.exit_code == 0, run.log
    assert run.json("statistics.json")["dataset"]["item_count"] == recorded["events"]
    check_violations(run.json("constraint_violations.json")["violations"], recorded["violations_as_printed"])


def check_violations(got: list[dict[str, str]], recorded: list[dict[str, str]]) -> None:
    # In February 2021 the service computed 1 for every area, so it reported none.
    expected = {entry["metric_name"]: entry for entry in recorded}
    got = [entry for entry in got if entry["metric_name"] in expected or entry["metric_name"] != "auc"]
    assert [entry["metric_name"] for entry in got] == list(expected)
    for entry in got:
        theirs = expected[entry["metric_name"]]
        assert entry["constraint_check_type"] == theirs["constraint_check_type"]
        (name, value, deviation, operator, limit), same = parts(entry), parts(theirs)
        assert (name, operator, limit) == (same[0], same[3], same[4])
        assert float(value) == pytest.approx(float(same[1]), **TOLERANCE)
        assert value == same[1] or name not in TO_THE_DIGIT
        assert 0.1 < float(deviation) / float(same[2]) < 10


def parts(entry: dict[str, str]) -> tuple[str, ...]:
    match = MESSAGE.fullmatch(entry["description"])
    assert match is not None, entry
    return match.groups()


REGRESSIONS = [case for case in cases("model_quality_baseline", "csv") if case.id != "mq-churn-baseline"]


@pytest.mark.parametrize("case", REGRESSIONS)
def test_regression_baseline(case: dict[str, Any], corpus: Path, analyze: Analyze) -> None:
    run = analyze(
        dataset_source=corpus / case["inputs"]["csv"],
        dataset_format=csv_format(header=True),
        **attributes(case["inputs"], "Regression"),
    )

    assert (run.exit_code, run.files) == (0, {"statistics.json", "constraints.json"}), run.log
    recorded = read(corpus / case["expected"]["statistics"])
    metrics = run.json("statistics.json")
    assert metrics["dataset"] == recorded["dataset"]
    assert metrics["regression_metrics"].keys() == recorded["regression_metrics"].keys()
    for metric, expected in recorded["regression_metrics"].items():
        got = metrics["regression_metrics"][metric]
        assert got == {
            "value": pytest.approx(expected["value"], **TOLERANCE),
            "standard_deviation": expected["standard_deviation"],
        }
    constraints = read(corpus / case["expected"]["constraints"])
    got = run.json("constraints.json")
    assert got.keys() == constraints.keys()
    for metric, expected in constraints["regression_constraints"].items():
        threshold = pytest.approx(expected["threshold"], **TOLERANCE)
        assert got["regression_constraints"][metric] == {**expected, "threshold": threshold}


@pytest.mark.parametrize("case", cases("model_quality_run", "constraints"))
def test_regression_run(case: dict[str, Any], corpus: Path, analyze: Analyze) -> None:
    run = analyze(
        dataset_source=corpus / case["inputs"]["csv"],
        dataset_format=csv_format(header=True),
        baseline_constraints=corpus / case["inputs"]["constraints"],
        **attributes(case["inputs"], "Regression"),
    )

    violations = run.json("constraint_violations.json")["violations"]
    assert {entry["metric_name"] for entry in violations} == set(case["expected"]["violated_metrics"])
    count = len(violations)
    assert run.message == f"CompletedWithViolations: Job completed successfully with {count} violations."


def counts_of(recorded: list[dict[str, str]]) -> tuple[int, int, int]:
    """Return rows, positives and false positives that explain the recorded metrics of one run."""
    value = {entry["metric_name"]: float(parts(entry)[1]) for entry in recorded}
    for rows in range(50, 200):
        right = round(value["accuracy"] * rows)
        for positives in range(1, rows):
            tp = round(value["truePositiveRate"] * positives)
            fp = round(tp / value["precision"] - tp) if value["precision"] else 1
            if (
                right / rows == value["accuracy"]
                and tp / positives == value["truePositiveRate"]
                and rows - right == fp + positives - tp
                and tp / (tp + fp) == value["precision"]
            ):
                return rows, positives, fp
    raise AssertionError("no counts explain the recorded values")


def test_texts_below_200_rows(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Recorded are five runs whose rows are unknown; rows with the same counts give the same sentences."""
    for index, entry in enumerate(read(corpus / "cases/model_quality/lt200_runs_as_printed.json")):
        recorded = [row for row in entry["rows"] if row["metric_name"] != "auc"]
        rows, positives, fp = counts_of(recorded)
        limits = {row["metric_name"]: float(parts(row)[4]) for row in recorded}
        limits["true_positive_rate"] = limits.pop("truePositiveRate")
        tp = round(positives * float(parts(recorded[1])[1]))
        outcomes = [(1, 1)] * tp + [(1, 0)] * (positives - tp) + [(0, 1)] * fp + [(0, 0)] * (rows - positives - fp)
        (tmp_path / f"{index}.csv").write_text("".join(f"{actual},{guess}\n" for actual, guess in outcomes))
        constraints = tmp_path / f"{index}.json"
        section = {
            metric: {"threshold": limit, "comparison_operator": "LessThanThreshold"} for metric, limit in limits.items()
        }
        constraints.write_text(json.dumps({"binary_classification_constraints": section}))

        run = analyze(
            dataset_source=tmp_path / f"{index}.csv",
            dataset_format=csv_format(header=False),
            baseline_constraints=constraints,
            analysis_type="MODEL_QUALITY",
            problem_type="BinaryClassification",
            inference_attribute="1",
            ground_truth_attribute="0",
        )

        assert run.json("constraint_violations.json")["violations"] == recorded, run.log


def test_only_the_inference_is_given(corpus: Path, analyze: Analyze) -> None:
    given = {"inference_attribute": "prediction", "ground_truth_attribute": "label"}
    data: dict[str, Any] = {
        "dataset_source": corpus / "datasets/churn/validation_with_predictions.csv",
        "dataset_format": csv_format(header=True),
        "problem_type": "BinaryClassification",
    }

    baseline = analyze(**data, **given, analysis_type="MODEL_QUALITY")
    run = analyze(
        **data, **given, analysis_type="MODEL_QUALITY", baseline_constraints=baseline.output / "constraints.json"
    )

    metrics = baseline.json("statistics.json")["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 173, "1": 0}, "1": {"0": 12, "1": 16}}
    assert "auc" not in metrics
    assert "auc" not in baseline.json("constraints.json")["binary_classification_constraints"]
    assert (run.message, run.json("constraint_violations.json")) == (NO_VIOLATIONS, {"violations": []})


def test_labels_as_words(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """The recorded baseline with other spellings of the same labels."""
    with (corpus / "datasets/churn/validation_with_predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    words = {"0": "False.", "1": "True."}
    path = tmp_path / "words.csv"
    lines = [f"{words[row['label']]},{row['probability']},{words[row['prediction']]}" for row in rows]
    path.write_text("\n".join(["actual,score,guess", *lines]))

    run = analyze(
        dataset_source=path,
        dataset_format=csv_format(header=True),
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        inference_attribute="guess",
        probability_attribute="score",
        ground_truth_attribute="actual",
    )

    metrics = run.json("statistics.json")["binary_classification_metrics"]
    assert metrics["confusion_matrix"]["True."] == {"False.": 12, "True.": 16}
    assert metrics["auc"]["value"] == pytest.approx(0.9395127993393898, **TOLERANCE)


def merged(score: float, label: int, minute: int) -> str:
    time = f"2023-02-13T21:{minute:02}:00Z"
    return json.dumps(
        {
            "eventVersion": "0",
            "groundTruthData": {"data": str(label), "encoding": "CSV"},
            "captureData": {
                "endpointInput": {"data": "51,1,999", "encoding": "CSV", "mode": "INPUT"},
                "endpointOutput": {"data": f"{score}\n", "encoding": "CSV", "mode": "OUTPUT"},
            },
            "eventMetadata": {"eventId": f"{minute}", "inferenceTime": time},
        }
    )


@pytest.mark.parametrize("compat", ["aws", None])
def test_merged_records_need_no_attribute_for_the_label(compat: str | None, analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "merge" / "ep" / "AllTraffic" / "2023" / "02" / "13" / "21"
    folder.mkdir(parents=True)
    lines = [merged(0.2 + 0.6 * (minute % 2), minute % 2, minute) for minute in range(60)]
    (folder / "part-00000.c000.jsonl").write_text("\n".join(lines))
    constraints = tmp_path / "constraints.json"
    limit = {"threshold": 0.99, "comparison_operator": "LessThanThreshold"}
    constraints.write_text(json.dumps({"version": 0.0, "binary_classification_constraints": {"auc": limit}}))

    run = analyze(
        compat=compat,
        dataset_source=tmp_path / "merge",
        dataset_format=MERGED,
        baseline_constraints=constraints,
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        probability_attribute="0",
        probability_threshold_attribute="0.500000",
        start_time="2023-02-13T21:00:00Z",
        end_time="2023-02-13T21:30:00Z",
        publish_cloudwatch_metrics="Enabled",
        sagemaker_endpoint_name="ep",
        sagemaker_monitoring_schedule_name="ep-model-quality",
    )

    assert (run.exit_code, run.message) == (0, NO_VIOLATIONS), run.log
    statistics = run.json("statistics.json")
    assert statistics["dataset"]["item_count"] == 30
    assert statistics["binary_classification_metrics"]["confusion_matrix"]["1"] == {"0": 0, "1": 15}
    (file,) = run.metrics.iterdir()
    metrics = {line["MetricName"]: line for line in map(json.loads, file.read_text().splitlines())}
    assert metrics["auc"]["Value"] == 1.0
    assert metrics["auc"]["Dimensions"] == [
        {"Name": "Endpoint", "Value": "ep"},
        {"Name": "MonitoringSchedule", "Value": "ep-model-quality"},
    ]


def test_our_own_baseline_and_a_window_of_the_same_rows(corpus: Path, analyze: Analyze) -> None:
    data: dict[str, Any] = {
        "dataset_source": corpus / "datasets/churn/validation_with_predictions.csv",
        "dataset_format": csv_format(header=True),
        "analysis_type": "MODEL_QUALITY",
        "problem_type": "BinaryClassification",
        "probability_attribute": "probability",
        "ground_truth_attribute": "label",
        "compat": None,
    }

    baseline = analyze(**data)
    run = analyze(**data, baseline_constraints=baseline.output / "constraints.json")

    assert baseline.files == {"statistics.json", "constraints.json", "model_quality.json", "baseline.json"}
    assert run.files == {"statistics.json", "constraints.json", "constraint_violations.json", "evaluation.json"}
    assert run.message == NO_VIOLATIONS
