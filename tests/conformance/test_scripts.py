"""Pre- and postprocessing scripts, as the container contract has them (contract 3.9)."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.comparison import CAPTURE_FORMAT

if TYPE_CHECKING:
    from tests.conformance.conftest import Analyze, Run


def event(n: int, age: str = "42", **metadata: object) -> str:
    sides = {"endpointInput": ("INPUT", age), "endpointOutput": ("OUTPUT", "0.5\n")}
    data = {
        side: {"observedContentType": "text/csv", "mode": mode, "data": text, "encoding": "CSV"}
        for side, (mode, text) in sides.items()
    }
    identity = {"eventId": f"event-{n}", "inferenceTime": "2024-03-18T13:00:00Z", **metadata}
    return json.dumps({"captureData": data, "eventMetadata": identity, "eventVersion": "0"})


class Lab:
    """Runs a script over some captured events and gives what the analyzer says of them."""

    def __init__(self, folder: Path, analyze: Analyze) -> None:
        self._folder, self._analyze = folder, analyze
        self.given = {"dataset_source": str(folder / "input"), "dataset_format": CAPTURE_FORMAT}
        self.write([event(n, str(40 + n)) for n in range(3)])

    def write(self, lines: list[str], name: str = "a.jsonl") -> None:
        (self._folder / "input").mkdir(exist_ok=True)
        (self._folder / "input" / name).write_text("\n".join(lines) + "\n")

    def run(self, script: str, variable: str = "record_preprocessor_script", **more: Any) -> Run:
        path = self._folder / "script.py"
        path.write_text(dedent(script))
        return self._analyze(**self.given, **{variable: path}, **more)


@pytest.fixture
def lab(tmp_path: Path, analyze: Analyze) -> Lab:
    return Lab(tmp_path, analyze)


def columns(run: Run) -> dict[str, tuple[str, int, int]]:
    """Return type, present and missing values of every column."""
    assert run.exit_code == 0, run.message
    return {
        feature["name"]: (feature["inferred_type"], common["num_present"], common["num_missing"])
        for feature in run.json("statistics.json")["features"]
        for common in [next(iter(feature[key] for key in feature if key.endswith("_statistics")))["common"]]
    }


def test_the_handler_makes_the_columns_in_the_order_of_their_keys(lab: Lab) -> None:
    run = lab.run("""
        def preprocess_handler(inference_record):
            data = inference_record.endpoint_output.data.rstrip("\\n") + "," + inference_record.endpoint_input.data
            row = {str(i).zfill(20): d for i, d in enumerate(data.split(","))}
            return row | {"zone": "a", "empty": None}
    """)
    assert columns(run) == {
        "_c0": ("Fractional", 3, 0),
        "_c1": ("Integral", 3, 0),
        "empty": ("Unknown", 0, 3),
        "zone": ("String", 3, 0),
    }


def test_integer_keys_are_in_the_order_of_numbers(lab: Lab) -> None:
    run = lab.run("""
        def preprocess_handler(inference_record):
            return {10: "ten", 9: 9, 2: None}
    """)
    assert columns(run) == {"_c0": ("Unknown", 0, 3), "_c1": ("Integral", 3, 0), "_c2": ("String", 3, 0)}


def test_an_empty_list_drops_the_record_and_several_dicts_are_several_rows(lab: Lab) -> None:
    run = lab.run("""
        def preprocess_handler(inference_record):
            n = int(inference_record.event_metadata.event_id[-1])
            return [{"n": n}] * n
    """)
    assert columns(run) == {"n": ("Integral", 3, 0)}
    (feature,) = run.json("statistics.json")["features"]
    assert feature["numerical_statistics"]["sum"] == 5.0


def test_the_record_has_amazons_attributes(lab: Lab) -> None:
    lab.write([event(0, "1,2", inferenceId="order-7", customAttributes=["trace=1"])])
    run = lab.run("""
        def preprocess_handler(inference_record, logger):
            logger.info("handling %s", inference_record.event_metadata.event_id)
            given, answer, event = (
                inference_record.endpoint_input, inference_record.endpoint_output, inference_record.event_metadata
            )
            assert inference_record.batch_transform_output is None and inference_record.ground_truth is None
            assert (given.encoding, given.mode, given.observedContentType, given.data) == (
                "CSV", "INPUT", "text/csv", "1,2"
            )
            assert answer.as_dict() == {
                "encoding": "CSV", "data": "0.5\\n", "observedContentType": "text/csv", "mode": "OUTPUT"
            }
            assert event.event_time == "2024-03-18T13:00:00Z" and event.custom_attribute == ["trace=1"]
            assert inference_record.event_version == "0"
            assert inference_record.event_dict["eventMetadata"]["inferenceId"] == "order-7"
            assert inference_record.as_dict()["captureData"]["endpointInput"]["mode"] == "INPUT"
            return {"seen": 1}
    """)
    assert columns(run) == {"seen": ("Integral", 1, 0)}
    assert "handling event-0" in run.log


def test_a_record_that_is_returned_stays_as_it_is(lab: Lab) -> None:
    run = lab.run("""
        def preprocess_handler(inference_record):
            return inference_record if inference_record.event_metadata.event_id != "event-1" else []
    """)
    assert columns(run) == {"_c0": ("Fractional", 2, 0), "_c1": ("Integral", 2, 0)}


def test_rows_of_a_script_are_held_against_a_baseline_by_position(lab: Lab, tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.json"
    features = [{"name": name, "inferred_type": "Integral", "completeness": 1.0} for name in ("age", "weight")]
    constraints.write_text(json.dumps({"version": 0.0, "features": features}))
    run = lab.run(
        """
        def preprocess_handler(inference_record):
            return {"0": inference_record.endpoint_input.data, "1": "heavy"}
        """,
        baseline_constraints=constraints,
    )
    ((feature, check, _),) = run.violations
    assert (feature, check) == ("weight", "data_type_check")


CSV_FORMAT = '{"csv": {"header": true}}'


@pytest.mark.parametrize(
    ("lines", "data_format", "value"),
    [
        (["x,y", "1,a", "2,b", "3,c"], CSV_FORMAT, 'row.split(",")[0]'),
        (['{"x": 1}', '{"x": 2}', '{"x": 3}'], '{"json": {"line": true}}', 'row["x"]'),
    ],
)
def test_rows_of_a_batch_data_set_are_strings_or_dicts(
    lab: Lab, lines: list[str], data_format: str, value: str
) -> None:
    lab.write(lines)
    lab.given["dataset_format"] = data_format
    run = lab.run(f"""
        def preprocess_handler(row):
            return {{"x": {value}}}
    """)
    assert columns(run) == {"x": ("Integral", 3, 0)}


def test_a_record_on_which_the_handler_fails_is_set_aside_with_the_line_of_the_script(lab: Lab, tmp_path: Path) -> None:
    script = """
        def preprocess_handler(inference_record):
            if inference_record.event_metadata.event_id == "event-1":
                return {"age": int("forty")}
            return {"age": inference_record.endpoint_input.data}
    """
    run = lab.run(script)
    assert columns(run) == {"age": ("Integral", 2, 0)}
    assert "failed on 1 of 3 records, which are left out, first with script.py:4: ValueError" in run.log
    constraints = tmp_path / "constraints.json"
    constraints.write_text('{"version": 0.0, "features": [{"name": "age", "inferred_type": "Integral"}]}')
    run = lab.run(script, compat=None, baseline_constraints=constraints)
    summary, bad = map(json.loads, (run.output / "quarantine.jsonl").read_text().splitlines())
    assert summary["by_reason"] == {"the preprocessing script failed on the record": 1}
    assert bad["detail"].startswith("script.py:4: ValueError: invalid literal for int()")
    assert (bad["line"], bad["excerpt"][:8]) == (2, "event-1:")


FAILING = {
    "syntax": ("def preprocess_handler(:", "cannot be run: script.py:1: SyntaxError"),
    "import": ("import nothing_of_the_kind", "cannot be run: script.py:1: ModuleNotFoundError"),
    "exit": ("import sys\nsys.exit(3)", "cannot be run: script.py:2: SystemExit: 3"),
    "no handler": ("def preprocess(record): ...", "has no function preprocess_handler; define it"),
    "arguments": ("def preprocess_handler(): ...", "it must take (inference_record) or (inference_record, logger)"),
    "always": (
        "def preprocess_handler(r):\n    return r.no_such_thing",
        "failed on every one of 3 records, first with script.py:2: AttributeError",
    ),
    "none": (
        "def preprocess_handler(r):\n    print(r)",
        "TypeError: preprocess_handler returned a NoneType; return a dict, a list of dicts, or [] to drop the record",
    ),
    "nested": (
        'def preprocess_handler(r):\n    return {"x": [1, 2]}',
        "TypeError: preprocess_handler returned a list for 'x'; give one value per key",
    ),
    "key": ("def preprocess_handler(r):\n    return {1.5: 1}", "returned a key 1.5; keys must be int or str"),
}


@pytest.mark.parametrize(("script", "message"), FAILING.values(), ids=FAILING.keys())
def test_a_script_that_cannot_work_ends_the_job_with_its_reason(lab: Lab, script: str, message: str) -> None:
    run = lab.run(script)
    assert run.exit_code == 255
    assert run.message.startswith("Failed: ")
    assert message in run.message
    assert run.files == set()


def test_the_postprocessing_script_runs_last_and_sees_the_report(lab: Lab) -> None:
    run = lab.run(
        """
        import json, os, pathlib

        def postprocess_handler():
            output = pathlib.Path(os.environ["output_path"])
            rows = json.loads((output / "statistics.json").read_text())["dataset"]["item_count"]
            (output / "mine.json").write_text(json.dumps({"rows": rows}))
        """,
        "post_analytics_processor_script",
    )
    assert run.json("mine.json") == {"rows": 3}
    assert run.message == "Completed: Job completed successfully with no violations."


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def postprocess_handler():\n    1 / 0", "postprocess_handler failed: script.py:2: ZeroDivisionError"),
        ("def postprocess_handler(x): ...", "defines postprocess_handler(x); it must take ()"),
        ("x = 1", "has no function postprocess_handler; define it"),
    ],
)
def test_a_postprocessing_script_that_fails_fails_the_job(lab: Lab, script: str, message: str) -> None:
    run = lab.run(script, "post_analytics_processor_script")
    assert (run.exit_code, "statistics.json" in run.files) == (255, True)
    assert message in run.message


MERGED = '{"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"], "originalDatasetFormat": null}}'
QUALITY = {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "positive_label": "1"}


def merged(n: int, score: float, label: str) -> str:
    document = json.loads(event(n))
    document["captureData"]["endpointOutput"]["data"] = json.dumps({"scores": [1 - score, score]})
    document["captureData"]["endpointOutput"]["encoding"] = "JSON"
    return json.dumps(document | {"groundTruthData": {"data": label, "encoding": "CSV"}})


@pytest.mark.parametrize(
    ("label", "attributes"),
    [
        ("", {}),
        ('"truth": record.ground_truth.data.upper() == "1"', {"ground_truth_attribute": "truth"}),
    ],
)
def test_model_quality_is_measured_on_what_the_script_makes_of_merged_records(
    lab: Lab, label: str, attributes: dict[str, str]
) -> None:
    lab.write([merged(n, 0.1 + n / 10, str(n % 2)) for n in range(8)])
    lab.given |= {"dataset_format": MERGED, **QUALITY, **attributes}
    run = lab.run(
        f"""
        import json

        def preprocess_handler(record):
            score = json.loads(record.endpoint_output.data)["scores"][1]
            assert record.endpoint_input.data == "42"
            return {{"prediction": int(score > 0.45), {label}}}
        """,
        inference_attribute="prediction",
    )
    assert run.exit_code == 0, run.message
    matrix = run.json("statistics.json")["binary_classification_metrics"]["confusion_matrix"]
    assert matrix == {"0": {"0": 2, "1": 2}, "1": {"0": 2, "1": 2}}


def test_a_script_may_make_one_row_of_an_event_with_several_labels(lab: Lab) -> None:
    lab.write([merged(n, 0.5, "0\n1\n1") for n in range(4)] + [merged(n, 0.5, "0,1,1") for n in range(4)])
    lab.given |= {"dataset_format": MERGED, **QUALITY}
    run = lab.run(
        """
        def preprocess_handler(record):
            labels = record.ground_truth.data.replace(",", "\\n").split("\\n")
            return {"prediction": 1, "first": labels[0], "last": labels[-1]}
        """,
        inference_attribute="prediction",
        ground_truth_attribute="last",
    )
    assert run.exit_code == 0, run.message
    matrix = run.json("statistics.json")["binary_classification_metrics"]["confusion_matrix"]
    assert matrix["1"]["1"] == 8
