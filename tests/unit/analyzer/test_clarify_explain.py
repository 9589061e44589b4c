"""The method ``shap`` of a Clarify job, from its configuration to its files."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions.analyzer.__main__ import main
from functions.common.clients import client
from functions.common.exit_message import FAILED

FEATURES = ("distance", "delay", "hour")
WEIGHTS = np.array([0.8, -0.5, 0.1])
LINEAR = {"kind": "logistic", "features": FEATURES, "weights": WEIGHTS.tolist(), "bias": 0.2}


def score(rows: Any) -> Any:
    return 1 / (1 + np.exp(-(np.asarray(rows, dtype=float) @ WEIGHTS + 0.2)))


@dataclass
class Job:
    folder: Path
    config: dict[str, Any]
    extra: dict[str, str] = field(default_factory=dict)

    def run(self) -> tuple[int, str]:
        (self.folder / "analysis_config.json").write_text(json.dumps(self.config))
        code = main(
            {
                "analysis_config_file": str(self.folder / "analysis_config.json"),
                "dataset_source": str(self.folder / "data.csv"),
                "model_source": str(self.folder / "model"),
                "output_path": str(self.folder / "output"),
                "output_message_file": str(self.folder / "message"),
                **self.extra,
            }
        )
        return code, (self.folder / "message").read_text()

    def document(self, name: str) -> Any:
        return json.loads((self.folder / "output" / name).read_bytes())

    @property
    def shap_values(self) -> Mapping[str, float]:
        (label,) = self.document("analysis.json")["explanations"]["kernel_shap"].values()
        values: Mapping[str, float] = label["global_shap_values"]
        return values


@pytest.fixture
def job(tmp_path: Path) -> Job:
    rows = np.random.default_rng(0).normal(size=(60, 3)).round(3)
    lines = [",".join(("target", *FEATURES)), *(",".join(map(str, (1, *row))) for row in rows.tolist())]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "linear.json").write_text(json.dumps(LINEAR))
    config = {
        "dataset_type": "text/csv",
        "headers": ["target", *FEATURES],
        "label": "target",
        "methods": {"shap": {"baseline": [[0, 0, 0]], "agg_method": "mean_abs"}},
        "predictor": {"model_file": "linear.json"},
    }
    return Job(tmp_path, config)


def test_expected_value_is_the_models_output_of_the_baseline(job: Job) -> None:
    assert job.run() == (0, "Completed: Job completed successfully with no violations.")

    (label,) = job.document("analysis.json")["explanations"]["kernel_shap"].values()
    assert label["expected_value"] == pytest.approx(float(score([0, 0, 0])))
    assert list(label["global_shap_values"]) == list(FEATURES)


def test_a_run_is_held_against_the_baseline_of_an_earlier_one(job: Job) -> None:
    job.run()
    job.extra = {"baseline_constraints": str(job.folder / "output" / "analysis.json")}

    assert job.run()[1] == "Completed: Job completed successfully with no violations."

    (job.folder / "model" / "linear.json").write_text(json.dumps(LINEAR | {"weights": [0.01, 0.1, 2.0]}))
    assert job.run()[1] == "CompletedWithViolations: Job completed successfully with 1 violations."
    (violation,) = job.document("constraint_violations.json")["violations"]
    assert violation["constraint_check_type"] == "feature_attribution_drift_check"


def test_the_order_of_the_datas_columns_does_not_matter_when_the_model_names_its_own(job: Job) -> None:
    job.run()
    before = dict(job.shap_values)
    header, *lines = (job.folder / "data.csv").read_text().splitlines()
    turned = [",".join(reversed(line.split(","))) for line in (header, *lines)]
    (job.folder / "data.csv").write_text("\n".join(turned) + "\n")
    job.config["headers"] = list(reversed(job.config["headers"]))
    job.config["methods"]["shap"]["baseline"] = [[0, 0, 0]]

    job.run()

    assert job.shap_values == pytest.approx(before)


@pytest.mark.parametrize(
    "baseline",
    [
        {"instances": [{"features": [0, 0, 0]}]},
        [{"features": [0, 0, 0]}],
        [{"hour": 0, "delay": 0, "distance": 0}],
        [0, 0, 0],
        "distance,delay,hour\n0,0,0\n",
        "0,0,0\n",
        '{"features": [0, 0, 0]}\n',
        "[[0, 0, 0]]",
    ],
)
def test_every_spelling_of_the_shap_baseline(job: Job, baseline: Any) -> None:
    job.run()
    before = dict(job.shap_values)
    if isinstance(baseline, str):
        (job.folder / "baseline").write_text(baseline)
        baseline = str(job.folder / "baseline")
    job.config["methods"]["shap"]["baseline"] = baseline
    job.config["features"] = "instances[*].features" if isinstance(baseline, dict) else "features"
    data = [json.loads(f"[{line}]") for line in (job.folder / "data.csv").read_text().splitlines()[1:]]
    if isinstance(baseline, dict):
        job.config |= {"dataset_type": "application/json", "label": "instances[*].label"}
        text = json.dumps({"instances": [{"features": row[1:], "label": row[0]} for row in data]})
    else:
        job.config |= {"dataset_type": "application/jsonlines", "label": "label"}
        text = "".join(json.dumps({"features": row[1:], "label": row[0]}) + "\n" for row in data)
    job.config["headers"] = [*FEATURES, "target"]
    (job.folder / "data.csv").write_text(text)

    assert job.run()[0] == 0, (job.folder / "message").read_text()
    assert job.shap_values == pytest.approx(before)


def test_without_a_shap_baseline_the_data_set_is_summarised(job: Job) -> None:
    del job.config["methods"]["shap"]["baseline"]
    job.config["methods"]["shap"]["num_clusters"] = 3

    assert job.run()[0] == 0
    assert len(job.document("attributions.json")["baseline"]) <= 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"predictor": {"model_name": "m", "model_file": "other.json"}}, "other.json does not exist"),
        ({"predictor": {"modle_file": "x"}}, "predictor.modle_file: this key is unknown or not supported"),
        ({"methods": {"shap": {"num_samples": 0}}}, "methods.shap.num_samples"),
        ({"methods": {"shap": {"baseline": [[0, 0]]}}}, "one value for each of the 3 features distance, delay, hour"),
        ({"methods": {"shap": {"baseline": "s3://b/k.csv"}}}, "cannot read s3://b/k.csv"),
        ({"methods": {"shap": {"baseline": 7}}}, "expected a list of records"),
        ({"methods": {"shap": {"text_config": {}}}}, "methods.shap.text_config"),
        ({"predictor": {"label_headers": ["a", "b"], "model_file": "linear.json"}}, "label_headers names 2 outputs"),
    ],
)
def test_what_is_wrong_is_said(job: Job, changes: dict[str, Any], said: str) -> None:
    job.config |= changes

    code, message = job.run()

    assert code == FAILED
    assert said in message


def test_a_deployment_alone_is_no_model(job: Job) -> None:
    job.config["predictor"] = {"model_name": "flights", "instance_type": "ml.m5.xlarge", "initial_instance_count": 1}
    (job.folder / "model" / "linear.json").unlink()

    code, message = job.run()

    assert code == FAILED
    assert "The model's file is needed: no endpoint is deployed for predictor.model_name" in message
    assert str(job.folder / "model") in message


def test_an_analysis_alone_needs_a_baseline(job: Job) -> None:
    job.run()
    job.extra = {"dataset_source": str(job.folder / "output" / "analysis.json")}

    code, message = job.run()

    assert code == FAILED
    assert "name the baseline's in baseline_constraints" in message


@dataclass
class Serving:
    """An endpoint on loopback that speaks CSV and JSON."""

    rows: list[int]


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    asked: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind = self.headers["Content-Type"]
            if kind == "text/csv":
                rows = [[float(cell) for cell in line.split(",")] for line in body.splitlines()]
                answer = "\n".join(f"{int(s > 0.5)},{s}" for s in score(rows))
            elif kind == "application/jsonlines":
                rows = [json.loads(line)["features"] for line in body.splitlines()]
                answer = "\n".join(json.dumps({"score": s}) for s in score(rows))
            else:
                rows = [record["features"] for record in json.loads(body)["instances"]]
                answer = json.dumps({"predictions": [{"score": s} for s in score(rows)]})
            asked.append(len(rows))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{server.server_port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    yield Serving(asked)
    client.cache_clear()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "predictor",
    [
        {"content_type": "text/csv", "label": 0, "probability": 1},
        {"content_type": "application/jsonlines", "content_template": '{"features":$features}', "label": "score"},
        {
            "content_type": "application/json",
            "content_template": '{"instances":$records}',
            "record_template": '{"features":$features}',
            "label": "predictions[*].score",
        },
    ],
    ids=lambda predictor: predictor["content_type"],
)
def test_an_endpoint_is_asked_in_batches_and_explained_like_its_file(
    job: Job, serving: Serving, predictor: dict[str, Any]
) -> None:
    job.run()
    before = dict(job.shap_values)
    job.config["predictor"] = {"endpoint_name": "flights-prod", **predictor}

    code, message = job.run()

    assert code == 0, message
    assert job.shap_values == pytest.approx(before, abs=1e-9)
    assert len(serving.rows) < 10
    assert sum(serving.rows) <= 60 * 6 + 60 + 10


def bias(job: Job, **predictor: Any) -> dict[str, float]:
    """Run bias after training on the job's data, in which no column holds predictions."""
    job.config |= {
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "hour", "value_or_threshold": [0.0]}],
        "methods": {"post_training_bias": {"methods": ["DI", "DPPL"]}},
        "predictor": predictor,
    }
    code, message = job.run()
    assert code == 0, message
    (group,) = job.document("analysis.json")["post_training_bias_metrics"]["facets"]["hour"]
    return {metric["name"]: metric["value"] for metric in group["metrics"]}


def shares(job: Job) -> dict[str, float]:
    lines = (job.folder / "data.csv").read_text().splitlines()[1:]
    rows = np.array([line.split(",") for line in lines], dtype=float)[:, 1:]
    accepted, late = score(rows) > 0.5, rows[:, 2] > 0
    there, rest = float(accepted[late].mean()), float(accepted[~late].mean())
    return {"DI": there / rest, "DPPL": rest - there}


@pytest.mark.parametrize(
    "predictor",
    [
        {"content_type": "text/csv", "label": 0},
        {"content_type": "text/csv", "label": 0, "probability": 1},
        {
            "content_type": "application/jsonlines",
            "content_template": '{"features":$features}',
            "probability": "score",
        },
    ],
    ids=["labels", "probabilities", "json"],
)
def test_bias_asks_the_endpoint_for_what_the_data_does_not_hold(
    job: Job, serving: Serving, predictor: dict[str, Any]
) -> None:
    assert bias(job, endpoint_name="flights", **predictor) == pytest.approx(shares(job))
    assert sum(serving.rows) == 60


def test_bias_takes_the_largest_of_several_scores(job: Job) -> None:
    softmax = {
        "kind": "softmax",
        "features": FEATURES,
        "weights": [(-WEIGHTS / 2).tolist(), (WEIGHTS / 2).tolist()],
        "bias": [-0.1, 0.1],
    }
    (job.folder / "model" / "linear.json").write_text(json.dumps(softmax))

    assert bias(job) == pytest.approx(shares(job))
    job.config["label_values_or_threshold"] = ["1"]
    assert bias(job, label_headers=["0", "1"]) == pytest.approx(shares(job))


def test_label_headers_must_name_every_score(job: Job) -> None:
    softmax = {"kind": "softmax", "features": FEATURES, "weights": [[1, 0, 0], [0, 1, 0]], "bias": [0, 0]}
    (job.folder / "model" / "linear.json").write_text(json.dumps(softmax))
    job.config |= {
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "hour", "value_or_threshold": [0.0]}],
        "methods": {"post_training_bias": {"methods": "all"}},
        "predictor": {"label_headers": ["no", "yes", "maybe"]},
    }

    code, message = job.run()

    assert code == FAILED
    assert "predictor.label_headers names 3 outputs, the model has 2; name each, or none" in message
