"""Clarify's contract: how a configuration finds its columns, and what is said when it cannot."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from functions.analyzer.__main__ import main

ROWS = [(1, "f", 30, 1, 0.9), (0, "m", 40, 0, 0.2), (1, "m", 50, 1, 0.7), (0, "f", 60, 1, 0.6), (1, "f", 35, 0, 0.1)]
NAMES = ["hired", "sex", "age", "predicted", "score"]
CONFIG: dict[str, Any] = {
    "label": "hired",
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "sex", "value_or_threshold": ["f"]}],
    "methods": {"pre_training_bias": {"methods": ["DPL", "CI"]}},
}


class Job:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "data").mkdir()

    def write(self, name: str, text: str) -> None:
        (self.folder / "data" / name).write_text(text)

    def run(self, *, environment: dict[str, str] | None = None, **changes: Any) -> str:
        config = {key: value for key, value in (CONFIG | changes).items() if value is not None}
        (self.folder / "config.json").write_text(json.dumps(config))
        given = {
            "analysis_config_file": str(self.folder / "config.json"),
            "dataset_source": str(self.folder / "data"),
            "output_path": str(self.folder / "output"),
            "output_message_file": str(self.folder / "message"),
            "cloudwatch_metrics_directory": str(self.folder / "metrics"),
        }
        self.code = main(given | (environment or {}))
        return (self.folder / "message").read_text()

    def values(self, stage: str = "pre_training", facet: str = "sex") -> dict[str, float]:
        section = json.loads((self.folder / "output" / "analysis.json").read_bytes())[f"{stage}_bias_metrics"]
        return {metric["name"]: metric["value"] for metric in section["facets"][facet][0]["metrics"]}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def csv_of(rows: list[tuple[Any, ...]], *, header: bool) -> str:
    lines = [",".join(map(str, row)) for row in rows]
    return "\n".join([",".join(NAMES), *lines] if header else lines) + "\n"


EXPECTED = {"CI": -0.2, "DPL": 0.5 - 2 / 3}


@pytest.mark.parametrize(("header", "headers"), [(True, None), (True, NAMES), (False, NAMES)])
def test_names_come_from_the_file_or_from_the_configuration(job: Job, header: bool, headers: list[str] | None) -> None:
    job.write("rows.csv", csv_of(ROWS, header=header))

    assert job.run(headers=headers) == "Completed: Job completed successfully with no violations."
    assert job.values() == pytest.approx(EXPECTED)


def test_columns_may_be_given_by_position(job: Job) -> None:
    numeric = [(label, int(sex == "f"), *others) for label, sex, *others in ROWS]
    job.write("rows.csv", csv_of(numeric, header=False))

    job.run(label=0, facet=[{"name_or_index": 1, "value_or_threshold": [1, 7]}])

    assert job.values(facet="_c1") == pytest.approx(EXPECTED)


def test_several_files_are_one_data_set(job: Job) -> None:
    job.write("a.csv", csv_of(ROWS[:2], header=True))
    job.write("b.csv", csv_of(ROWS[2:], header=True))

    job.run()

    assert job.values() == pytest.approx(EXPECTED)


def test_json_lines_of_plain_objects_and_of_feature_lists(job: Job) -> None:
    plain = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    job.write("rows.jsonl", "\n".join(map(json.dumps, plain)))
    job.run(dataset_type="application/jsonlines")
    assert job.values() == pytest.approx(EXPECTED)

    nested = [{"inputs": {"x": [sex, age]}, "answer": {"label": label}} for label, sex, age, *_ in ROWS]
    job.write("rows.jsonl", "\n".join(map(json.dumps, nested)))
    job.run(
        dataset_type="application/jsonlines", features="inputs.x", label="answer.label", headers=["sex", "age", "hired"]
    )
    assert job.values() == pytest.approx(EXPECTED)


def test_parquet(job: Job) -> None:
    job.write("rows.csv", csv_of(ROWS, header=True))
    source, target = job.folder / "data/rows.csv", job.folder / "data/rows.parquet"
    duckdb.sql(f"copy (from '{source}') to '{target}'")
    source.unlink()

    job.run(dataset_type="application/x-parquet")

    assert job.values() == pytest.approx(EXPECTED)


@pytest.mark.parametrize(
    "answer",
    [
        {"predicted_label": "predicted"},
        {"probability": "score"},
        {"probability": "score", "probability_threshold": 0.5},
        {"predicted_label": "score", "probability_threshold": 0.5},
    ],
)
def test_predictions_are_labels_or_probabilities_of_the_data_set(job: Job, answer: dict[str, Any]) -> None:
    job.write("rows.csv", csv_of(ROWS, header=True))

    job.run(methods={"post_training_bias": {"methods": ["DPPL"]}}, **answer)

    assert job.values("post_training") == pytest.approx({"DPPL": 0.5 - 2 / 3})


def test_a_monitoring_run_names_violations_and_writes_metrics(job: Job) -> None:
    job.write("rows.csv", csv_of(ROWS, header=True))
    job.run(environment={"watchkeeper_compat": "aws"})
    baseline = job.folder / "baseline.json"
    baseline.write_bytes((job.folder / "output/analysis.json").read_bytes())
    job.write("rows.csv", csv_of([*ROWS, (0, "f", 20, 0, 0.1), (0, "f", 25, 0, 0.2)], header=True))
    environment = {
        "watchkeeper_compat": "aws",
        "baseline_constraints": str(baseline),
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": "people",
        "sagemaker_monitoring_schedule_name": "people-bias",
        "metric_time": "2024-03-18T13:00:00Z",
    }

    message = job.run(environment=environment)

    assert message == "CompletedWithViolations: Job completed successfully with 1 violations."
    (violation,) = json.loads((job.folder / "output/constraint_violations.json").read_bytes())["violations"]
    assert (violation["metric_name"], violation["facet_value"]) == ("CI", "f")
    lines = (job.folder / "metrics/cloudwatch_metrics.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert (first["MetricName"], first["Timestamp"]) == ("bias_metric_CI", "2024-03-18T13:00:00Z")
    assert {d["Name"] for d in first["Dimensions"]} == {
        "Endpoint",
        "MonitoringSchedule",
        "BiasStage",
        "Label",
        "LabelValue",
        "Facet",
        "FacetValue",
    }


def test_merged_records_of_a_schedule(job: Job) -> None:
    """The configuration names the features; the answer's column comes from the environment."""
    job.write("part-00000.jsonl", "\n".join(map(merged, range(len(ROWS)), ROWS)))
    environment = {
        "dataset_format": '{"sagemakerMergeJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}',
        "probability_attribute": "0",
    }

    message = job.run(
        environment=environment,
        headers=["hired", "sex", "age"],
        methods={"pre_training_bias": {"methods": ["DPL", "CI"]}, "post_training_bias": {"methods": ["DPPL"]}},
    )

    assert job.code == 0, message
    assert job.values() == pytest.approx(EXPECTED)
    assert job.values("post_training") == pytest.approx({"DPPL": 0.5 - 2 / 3})


def merged(number: int, row: tuple[Any, ...]) -> str:
    label, sex, age, _, score = row
    sides = {"endpointInput": f"{sex},{age}", "endpointOutput": str(score)}
    capture = {
        side: {"observedContentType": "text/csv", "mode": side[8:].upper(), "data": data, "encoding": "CSV"}
        for side, data in sides.items()
    }
    return json.dumps(
        {
            "eventVersion": "0",
            "groundTruthData": {"data": str(label), "encoding": "CSV"},
            "captureData": capture,
            "eventMetadata": {"eventId": f"event-{number}", "inferenceTime": "2024-03-18T13:00:00Z"},
        }
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "hire"}, "column 'hire' not found; available columns: hired, sex"),
        ({"facet": None}, "bias needs a facet"),
        ({"label_values_or_threshold": None}, "Positive label values or thresholds are empty"),
        ({"methods": {"pre_training_bias": {"methods": ["DPPL"]}}}, "pre_training_bias has no metric DPPL"),
        ({"methods": {"post_training_bias": {"methods": "all"}}}, "name a column of the data set in predicted_label"),
        ({"headers": ["hired", "gender"]}, "5 columns, but headers has 2 names"),
        ({"labels": "hired"}, "labels: this key is unknown or not supported"),
        ({"dataset_uri": "s3://bucket/x.csv"}, "mount the data set"),
        ({"dataset_type": "application/jsonlines", "features": "[[", "headers": NAMES}, "no JMESPath expression"),
    ],
)
def test_a_wrong_configuration_is_told_what_to_do(job: Job, changes: dict[str, Any], words: str) -> None:
    job.write("rows.csv", csv_of(ROWS, header=True))

    message = job.run(**changes)

    assert job.code == 255
    assert message.startswith("Failed: ")
    assert words in message


def test_no_rows_are_a_failure_not_a_verdict(job: Job) -> None:
    job.write("rows.csv", ",".join(NAMES) + "\n")

    assert "no row to analyse" in job.run()


def test_without_a_configuration_the_job_is_model_monitors(tmp_path: Path) -> None:
    message = tmp_path / "message"

    assert main({"output_message_file": str(message), "PATH": os.environ["PATH"]}) == 255
    assert "dataset_source" in message.read_text()
