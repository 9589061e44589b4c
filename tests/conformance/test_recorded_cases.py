"""Every recorded data-quality case, through the container contract alone."""

from __future__ import annotations

import csv
import io
import json
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.comparison import CAPTURE_FORMAT, assert_same_features, csv_format

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze, Run

CORPUS = Path(__file__).parents[3] / "shared" / "conformance"


def cases(kind: str, needs: str) -> list[Any]:
    """Read the cases that have an input; where the corpus is absent one placeholder, whose fixture skips."""
    index = CORPUS / "cases.json"
    found = json.loads(index.read_bytes()) if index.exists() else []
    selected = [pytest.param(case, id=case["id"]) for case in found if case["kind"] == kind and needs in case["inputs"]]
    return selected or [pytest.param({}, id="no-corpus")]


def first_row_is_header(path: Path) -> bool:
    with path.open(newline="") as file:
        return not any(is_number(field) for field in next(csv.reader(file)))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("case", cases("data_quality_baseline", "csv"))
def test_baseline_case(case: dict[str, Any], corpus: Path, analyze: Analyze) -> None:
    run = analyze(
        dataset_source=corpus / case["inputs"]["csv"], dataset_format=csv_format(header=case["inputs"]["header"])
    )

    assert run.exit_code == 0, run.log
    assert run.message == "Completed: Job completed successfully with no violations."
    assert run.files == {"statistics.json", "constraints.json"}
    assert_same_features(
        run.json("statistics.json"), json.loads((corpus / case["expected"]["statistics"]).read_bytes())
    )
    assert run.json("constraints.json") == json.loads((corpus / case["expected"]["constraints"]).read_bytes())


@pytest.mark.parametrize("case", cases("data_quality_run", "baseline_constraints"))
def test_run_case(case: dict[str, Any], corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    inputs = case["inputs"]
    run = analyze(
        baseline_statistics=corpus / inputs["baseline_statistics"],
        baseline_constraints=corpus / inputs["baseline_constraints"],
        **current_data(case, corpus, tmp_path),
    )

    assert run.exit_code == 0, run.log
    assert run.files == {"statistics.json", "constraints.json", "constraint_violations.json"}
    check_expectations(run, case["expected"], corpus)
    count = len(run.violations)
    state = f"CompletedWithViolations: Job completed successfully with {count} violations."
    assert run.message == (state if count else "Completed: Job completed successfully with no violations.")


def current_data(case: dict[str, Any], corpus: Path, folder: Path) -> dict[str, str]:
    inputs = case["inputs"]
    if "capture" in inputs:
        lines = (corpus / inputs["capture"]).read_text().splitlines()
        warm_up = lines[: inputs.get("warmup", 0)]
        events = [*warm_up, *islice(cycle(lines), inputs.get("loop_to", len(lines)) - len(warm_up))]
        return {"dataset_source": write_capture(folder, events), "dataset_format": CAPTURE_FORMAT}
    path = corpus / inputs["current_csv"]
    header = inputs.get("header", first_row_is_header(path))
    if case["id"] == "dq-cookbook-x9":
        path = as_sent(path, folder)
    return {"dataset_source": str(path), "dataset_format": csv_format(header=header)}


def write_capture(folder: Path, events: list[str]) -> str:
    hour = folder / "captured" / "endpoint" / "AllTraffic" / "2022" / "03" / "24" / "00"
    hour.mkdir(parents=True)
    for index, start in enumerate(range(0, len(events), 500)):
        (hour / f"{index:02}-00-000-file.jsonl").write_text("\n".join(events[start : start + 500]) + "\n")
    return str(folder / "captured")


def as_sent(path: Path, folder: Path) -> Path:
    """Undo what reading the rows back from a sketch did: it spells 88 as 88.0."""
    sent = folder / "current.csv"
    sent.write_text(path.read_text().replace(".0\n", "\n").replace(".0,", ","))
    return sent


def check_expectations(run: Run, expected: dict[str, Any], corpus: Path) -> None:
    if "violations" in expected:
        recorded = json.loads((corpus / expected["violations"]).read_bytes())["violations"]
        assert run.violations == {
            (entry["feature_name"], entry["constraint_check_type"], entry["description"]) for entry in recorded
        }
    if "statistics" in expected:
        assert_same_features(run.json("statistics.json"), json.loads((corpus / expected["statistics"]).read_bytes()))
    if "expected" in expected:
        recorded = json.loads((corpus / expected["expected"]).read_bytes())
        assert run.message == recorded["exit_message"]
        assert run.violations == {
            (
                feature,
                "data_type_check",
                "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. "
                f"Observed: Only {percent}% of data is Integral.",
            )
            for feature, percent in recorded["data_type_check_features"].items()
        }
    if "violation_count" in expected:
        assert len(run.violations) == expected["violation_count"]
    if "violation_count_min" in expected:
        assert len(run.violations) >= expected["violation_count_min"]
        assert expected["feature"] in {feature for feature, _, _ in run.violations}


def recorded_lengths() -> list[Any]:
    """Runs of the same traffic whose order was found out: events, and how many of them came before the loop."""
    path = CORPUS / "cases/data_quality_runs/churn_1919/expected.json"
    found = json.loads(path.read_bytes())["other_recorded_runs"] if path.exists() else []
    orders = {"180 warm-up + loop": 180, "loop only": 0}
    return [
        pytest.param(run["events"], orders[run["how"]], run["percent"], id=str(run["events"]))
        for run in found
        if run["how"] in orders
    ] or [pytest.param(0, 0, 0.0, id="no-corpus")]


@pytest.mark.parametrize(("events", "warm_up", "percent"), recorded_lengths())
def test_other_recorded_lengths_of_the_churn_traffic(
    events: int, warm_up: int, percent: float, corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    lines = (corpus / "captured/reconstructed_churn_334.jsonl").read_text().splitlines()
    traffic = [*lines[:warm_up], *islice(cycle(lines), events - warm_up)]
    baseline = corpus / "cases/statistics/churn_baseline"

    run = analyze(
        dataset_source=write_capture(tmp_path, traffic),
        dataset_format=CAPTURE_FORMAT,
        baseline_constraints=baseline / "expected_constraints.json",
        baseline_statistics=baseline / "expected_statistics_first33.json",
    )

    observed = {text for feature, _, text in run.violations if feature == "State_HI"}
    assert len(run.violations) == 60
    assert f"Observed: Only {percent}% of data is Integral." in observed.pop()


def test_another_number_of_columns_is_one_violation_and_nothing_else(
    corpus: Path, analyze: Analyze, tmp_path: Path
) -> None:
    recorded = json.loads((corpus / "cases/data_quality_runs/schema_mismatch/recorded.json").read_bytes())
    for index, entry in enumerate(recorded):
        (row,) = entry["rows"]
        current, expected = (int(part.split(":")[1]) for part in row["description"].split(". ")[1].split(","))
        constraints = tmp_path / f"constraints{index}.json"
        constraints.write_text(json.dumps({"features": [feature(f"f{i}") for i in range(expected)]}))
        rows = tmp_path / f"rows{index}.csv"
        rows.write_text(("x," * (current - 1) + "x\n") * 3)

        run = analyze(dataset_source=rows, dataset_format=csv_format(header=False), baseline_constraints=constraints)

        assert run.files == {"constraint_violations.json"}
        assert run.violations == {(row["feature_name"], row["constraint_check_type"], row["description"])}
        assert run.message == "CompletedWithViolations: Job completed successfully with 1 violations."


def feature(name: str) -> dict[str, Any]:
    return {"name": name, "inferred_type": "Integral", "completeness": 1.0}


def test_one_run_with_type_and_completeness_violations(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case dq-aim362: rebuilt from its sketches; its drift cannot be, for the baseline's sketch was not recorded."""
    folder = corpus / "cases/data_quality_runs/aim362"
    statistics = json.loads((folder / "current_statistics_partial.json").read_bytes())
    names = [entry["name"] for entry in statistics["features"]]
    constraints = json.loads((folder / "current_constraints.json").read_bytes())
    constraints["features"] = [entry for entry in constraints["features"] if entry["name"] in names]
    by_name = {entry["name"]: entry for entry in constraints["features"]}
    by_name["Tot Fwd Pkts"]["inferred_type"] = "Integral"
    by_name["Flow Duration"]["completeness"] = 1.0
    (tmp_path / "constraints.json").write_text(json.dumps(constraints))
    (tmp_path / "rows.csv").write_text(rows_of(statistics))

    run = analyze(
        dataset_source=tmp_path / "rows.csv",
        dataset_format=csv_format(header=True),
        baseline_constraints=tmp_path / "constraints.json",
        baseline_statistics=folder / "current_statistics_partial.json",
    )

    recorded = json.loads((folder / "expected_violations.json").read_bytes())["violations"]
    assert run.violations == {
        (entry["feature_name"], entry["constraint_check_type"], entry["description"])
        for entry in recorded
        if entry["constraint_check_type"] != "baseline_drift_check"
    }


def rows_of(statistics: dict[str, Any]) -> str:
    """Rows whose statistics these are: below 2,050 values a sketch is the column itself."""
    rows = statistics["dataset"]["item_count"]
    columns = {}
    for entry in statistics["features"]:
        (values,) = entry["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"]
        spelled = [str(int(value)) if value == int(value) else repr(value) for value in values]
        if entry["inferred_type"] == "Fractional" and entry["name"] != "Tot Fwd Pkts":
            spelled = [repr(value) for value in values]
        columns[entry["name"]] = spelled + [""] * (rows - len(spelled))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def test_correct_distances_find_the_drift_that_amazon_missed(corpus: Path, analyze: Analyze, tmp_path: Path) -> None:
    """Case dq-cookbook-x9 in the default mode: 18 rows of two distinct values against 3,000."""
    folder = corpus / "cases/data_quality_runs/cookbook_x9"

    run = analyze(
        compat=None,
        dataset_source=as_sent(folder / "current_rows.csv", tmp_path),
        dataset_format=csv_format(header=True),
        baseline_statistics=folder / "baseline_statistics.json",
        baseline_constraints=folder / "baseline_constraints.json",
    )

    entries = run.json("constraint_violations.json")["violations"]
    drifts = {
        e["feature_name"]: e["metric_value"] for e in entries if e["constraint_check_type"] == "baseline_drift_check"
    }
    assert drifts["a"] == pytest.approx(0.3818, abs=5e-5)
    assert drifts["b"] == pytest.approx(0.2278, abs=5e-5)
    assert all(e["threshold"] == 0.1 for e in entries if e["feature_name"] in {"a", "b"})
