"""The container contract (contract 3): environment in; files, message, metrics and exit code out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.conformance.comparison import CAPTURE_FORMAT

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze

NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
CONSTRAINTS = {
    "version": 0.0,
    "features": [
        {"name": "score", "inferred_type": "Fractional", "completeness": 1.0},
        {"name": "age", "inferred_type": "Integral", "completeness": 1.0},
    ],
    "monitoring_config": {"evaluate_constraints": "Enabled", "emit_metrics": "Enabled"},
}


def record(time: str, age: str = "42", score: str = "0.5") -> str:
    sides = {"endpointInput": ("INPUT", age), "endpointOutput": ("OUTPUT", score)}
    data = {
        side: {"observedContentType": "text/csv", "mode": mode, "data": text, "encoding": "CSV"}
        for side, (mode, text) in sides.items()
    }
    return json.dumps(
        {"captureData": data, "eventMetadata": {"eventId": time, "inferenceTime": time}, "eventVersion": "0"}
    )


@pytest.fixture
def captured(tmp_path: Path) -> dict[str, str]:
    """Two hours of two events each, in the folders of data capture."""
    for hour in (13, 14):
        folder = tmp_path / "input" / "ep" / "AllTraffic" / "2024" / "03" / "18" / str(hour)
        folder.mkdir(parents=True)
        lines = [record(f"2024-03-18T{hour}:{minute}:00Z", age=str(hour)) for minute in (10, 50)]
        (folder / "10-00-000-a.jsonl").write_text("\n".join(lines))
    return {"dataset_source": str(tmp_path / "input"), "dataset_format": CAPTURE_FORMAT}


@pytest.fixture
def constraints(tmp_path: Path) -> Path:
    path = tmp_path / "constraints.json"
    path.write_text(json.dumps(CONSTRAINTS))
    return path


def test_only_events_of_the_window_are_analysed(captured: dict[str, str], constraints: Path, analyze: Analyze) -> None:
    window = {"start_time": "2024-03-18T13:00:00Z", "end_time": "2024-03-18T14:00:00Z"}

    run = analyze(**captured, **window, baseline_constraints=constraints)

    assert (run.exit_code, run.message) == (0, NO_VIOLATIONS)
    age = run.json("statistics.json")["features"][1]
    assert run.json("statistics.json")["dataset"]["item_count"] == 2
    assert age["numerical_statistics"]["max"] == 13.0


def test_a_window_without_events_is_a_failure_and_not_healthy(
    captured: dict[str, str], constraints: Path, analyze: Analyze
) -> None:
    window = {"start_time": "2024-03-18T15:00:00Z", "end_time": "2024-03-18T16:00:00Z"}

    run = analyze(**captured, **window, baseline_constraints=constraints)

    assert run.exit_code == 255
    assert run.message.endswith("has no record to analyse (0 unreadable, 4 outside the window)")
    assert run.files == set()


def test_metrics_are_written_when_they_are_to_be_published(
    captured: dict[str, str], constraints: Path, analyze: Analyze
) -> None:
    names = {"sagemaker_endpoint_name": "ep", "sagemaker_monitoring_schedule_name": "ep-data-quality"}

    run = analyze(
        **captured,
        **names,
        baseline_constraints=constraints,
        publish_cloudwatch_metrics="Enabled",
        metric_time="2024-03-18T13:00:00Z",
    )

    (file,) = run.metrics.iterdir()
    metrics = {line["MetricName"]: line for line in map(json.loads, file.read_text().splitlines())}
    assert set(metrics) == {"feature_data_score", "feature_non_null_score", "feature_data_age", "feature_non_null_age"}
    assert metrics["feature_data_age"] == {
        "MetricName": "feature_data_age",
        "Timestamp": "2024-03-18T13:00:00Z",
        "Dimensions": [
            {"Name": "Endpoint", "Value": "ep"},
            {"Name": "MonitoringSchedule", "Value": "ep-data-quality"},
        ],
        "StatisticValues": {"SampleCount": 4.0, "Sum": 54.0, "Minimum": 13.0, "Maximum": 14.0},
    }
    assert metrics["feature_non_null_score"]["Value"] == 4.0


def test_drift_metrics_need_a_baseline_of_the_feature(captured: dict[str, str], analyze: Analyze) -> None:
    baseline = analyze(**captured).output

    run = analyze(
        **captured,
        baseline_constraints=baseline / "constraints.json",
        baseline_statistics=baseline / "statistics.json",
        publish_cloudwatch_metrics="Enabled",
    )

    (file,) = run.metrics.iterdir()
    drift = [line for line in map(json.loads, file.read_text().splitlines()) if "_drift_" in line["MetricName"]]
    assert [(line["MetricName"], line["Value"]) for line in drift] == [
        ("feature_baseline_drift__c0", 0.0),
        ("feature_baseline_drift__c1", 0.0),
    ]


def test_no_metrics_when_emission_is_off(captured: dict[str, str], constraints: Path, analyze: Analyze) -> None:
    off = json.loads(constraints.read_text())
    off["monitoring_config"]["emit_metrics"] = "Disabled"
    constraints.write_text(json.dumps(off))

    run = analyze(**captured, baseline_constraints=constraints, publish_cloudwatch_metrics="Enabled")

    assert all(not file.read_bytes() for file in run.metrics.iterdir())


def test_the_job_configuration_stands_in_for_missing_variables(
    captured: dict[str, str], constraints: Path, analyze: Analyze, tmp_path: Path
) -> None:
    config = {"Environment": {**captured, "baseline_constraints": str(constraints)}}
    (tmp_path / "processingjobconfig.json").write_text(json.dumps(config))

    run = analyze(watchkeeper_processing_job_config=tmp_path / "processingjobconfig.json")

    assert (run.exit_code, run.message) == (0, NO_VIOLATIONS)


def test_bad_records_are_set_aside_and_good_ones_counted(
    captured: dict[str, str], constraints: Path, analyze: Analyze
) -> None:
    (file, *_) = sorted(Path(captured["dataset_source"]).rglob("*.jsonl"))
    file.write_text(file.read_text() + "\n{broken\n" + record("2024-03-18T13:55:00Z"))

    run = analyze(**captured, baseline_constraints=constraints, compat=None)

    assert run.json("statistics.json")["dataset"]["item_count"] == 5
    head = json.loads((run.output / "quarantine.jsonl").read_text().splitlines()[0])
    assert head == {"count": 1, "by_reason": {"the record is not valid JSON": 1}}


@pytest.mark.parametrize(
    ("sides", "columns"),
    [(["endpointInput"], [("_c0", 14.0)]), (["endpointOutput"], [("_c0", 0.5)]), (None, [("_c0", 0.5), ("_c1", 14.0)])],
)
def test_one_side_of_the_events_is_read_where_one_is_asked_for(
    sides: list[str] | None, columns: list[tuple[str, float]], captured: dict[str, str], analyze: Analyze
) -> None:
    asked = json.dumps({"sagemakerCaptureJson": {"captureIndexNames": sides}})

    run = analyze(**(captured | {"dataset_format": asked}))

    features = run.json("statistics.json")["features"]
    assert [(feature["name"], feature["numerical_statistics"]["max"]) for feature in features] == columns


@pytest.mark.parametrize("compat", ["aws", None])
def test_records_that_a_baseline_leaves_out_are_told(
    compat: str | None, captured: dict[str, str], analyze: Analyze
) -> None:
    (file, *_) = sorted(Path(captured["dataset_source"]).rglob("*.jsonl"))
    file.write_text(file.read_text() + "\n{broken\n")

    run = analyze(**captured, compat=compat)

    assert run.json("statistics.json")["dataset"]["item_count"] == 4
    assert "1 records could not be read and are left out: 1 because the record is not valid JSON" in run.log


def test_rows_that_do_not_fit_the_header_are_left_out_and_told(analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1\n1,2\n1,2,3\n")

    run = analyze(dataset_source=tmp_path / "rows.csv", dataset_format='{"csv": {"header": true}}')

    assert run.json("statistics.json")["dataset"]["item_count"] == 1
    assert "2 records could not be read" in run.log


def test_a_long_message_is_cut_between_characters(analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("\u00e9" * 2000 + ",x\n1,2\n")
    (tmp_path / "config.json").write_text(
        json.dumps({"label": "y", "label_values_or_threshold": [1], "facet": [{"name_or_index": "x"}]})
    )

    run = analyze(analysis_config_file=tmp_path / "config.json", dataset_source=tmp_path / "rows.csv")

    assert run.exit_code == 255
    assert 1000 < len(run.message.encode()) <= 1024
    assert run.message.startswith("Failed: column 'y' not found; available columns: ")


HOSTILE = {
    "binary": bytes(range(256)) * 40,
    "deep": b"[" * 100_000,
    "truncated": b'{"features": [',
    "a list": b"[1, 2, 3]",
    "wide": b"x" * 200_000,
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_files_that_are_something_else_end_the_job_with_a_sentence(
    data: bytes, captured: dict[str, str], constraints: Path, analyze: Analyze, tmp_path: Path
) -> None:
    """As baseline, as configuration, as data and as SHAP baseline: never a crash, whose name is no help."""
    (tmp_path / "bad").write_bytes(data)
    (tmp_path / "rows.jsonl").write_text('{"features": [1, 2]}\n')
    model = {"kind": "linear", "features": ["a", "b"], "weights": [1, 2]}
    (tmp_path / "model.json").write_text(json.dumps(model))

    def config(**keys: object) -> Path:
        path = tmp_path / f"config{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps({"features": "features", "headers": ["a", "b"], **keys}))
        return path

    bias = {"label": "label", "label_values_or_threshold": [1], "facet": [{"name_or_index": "a"}]}
    explained = config(dataset_type="application/jsonlines", methods={"shap": {"baseline": str(tmp_path / "bad")}})
    runs = [
        analyze(**captured, baseline_constraints=tmp_path / "bad"),
        analyze(**captured, baseline_constraints=constraints, baseline_statistics=tmp_path / "bad"),
        analyze(analysis_config_file=tmp_path / "bad", dataset_source=tmp_path / "rows.jsonl"),
        analyze(analysis_config_file=config(dataset_type="application/json", **bias), dataset_source=tmp_path / "bad"),
        analyze(
            analysis_config_file=explained,
            dataset_source=tmp_path / "rows.jsonl",
            model_source=tmp_path / "model.json",
        ),
    ]

    for run in runs:
        assert run.exit_code == 255
        assert run.message.startswith("Failed: ")
        assert "Traceback" not in run.log
        assert run.files == set()


def test_default_baseline_is_a_complete_one(captured: dict[str, str], analyze: Analyze) -> None:
    run = analyze(**captured, compat=None, sagemaker_endpoint_name="ep")

    assert run.files == {"statistics.json", "constraints.json", "baseline.json"}
    assert run.json("baseline.json")["rows"] == 4


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_other_formats(kind: str, constraints: Path, analyze: Analyze, tmp_path: Path) -> None:
    rows = tmp_path / f"rows.{kind}"
    if kind == "json":
        rows.write_text('{"score": 0.5, "age": 42}\n{"score": 0.25, "age": 41}\n')
    else:
        table = duckdb.sql("select 0.5::double as score, 42 as age union all select 0.25, 41")
        assert table is not None  # as it would be for a statement
        table.write_parquet(str(rows))
    given = {"json": {"json": {"lines": True}}, "parquet": {"parquet": {}}}[kind]

    run = analyze(dataset_source=rows, dataset_format=json.dumps(given), baseline_constraints=constraints)

    assert (run.exit_code, run.message) == (0, NO_VIOLATIONS), run.log


WRONG = {
    "script": (
        {"record_preprocessor_script": "/opt/ml/pre.py"},
        "cannot read the script /opt/ml/pre.py: No such file or directory; check its path",
    ),
    "post": (
        {"post_analytics_processor_script": "/opt/ml/post.py"},
        "cannot read the script /opt/ml/post.py",
    ),
    "analysis": ({"analysis_type": "MODEL_BIAS"}, "analysis_type: Input should be 'DATA_QUALITY' or 'MODEL_QUALITY'"),
    "problem": (
        {"analysis_type": "MODEL_QUALITY", "inference_attribute": "score"},
        "problem_type: Field required; a MODEL_QUALITY analysis needs problem_type (BinaryClassification, ",
    ),
    "prediction": (
        {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification"},
        "BinaryClassification needs inference_attribute or probability_attribute",
    ),
    "format": ({"dataset_format": '{"xml": {}}'}, "unknown dataset_format"),
    "sides": (
        {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["input"]}}'},
        "captureIndexNames ['input'] is not supported; allowed are endpointInput and endpointOutput, one of them, or",
    ),
    "source": ({"dataset_source": "/nowhere"}, "dataset_source /nowhere does not exist; mount the data set there"),
    "baseline": ({"baseline_constraints": "/nowhere.json"}, "cannot read the baseline file /nowhere.json"),
    "half": ({"baseline_statistics": "/nowhere.json"}, "baseline_statistics is given without baseline_constraints"),
    "missing": ({"dataset_source": ""}, "dataset_source: Field required"),
    "time": ({"start_time": "soon"}, "start_time: Input should be a valid datetime"),
}


@pytest.mark.parametrize(("variables", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_and_fails_the_job(
    variables: dict[str, str], message: str, captured: dict[str, str], analyze: Analyze
) -> None:
    run = analyze(**(captured | variables))

    assert run.exit_code == 255
    assert run.message.startswith("Failed: ")
    assert message in run.message
    assert len(run.message.encode()) <= 1024
    assert run.files == set()
