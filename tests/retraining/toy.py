"""A toy endpoint on the local account: a linear model of two features, and everything its retraining reads."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from functions.baseline.request import Properties
from infra.retraining.load import load_definition
from localaws.account import LocalAccount
from monitoring_core.spec import (
    ColumnSelection,
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    SchemaSpec,
)

START: Final = datetime(2013, 4, 1, tzinfo=UTC)
BUCKET: Final = "toy"
PIPELINE: Final = "toy-retraining"
END: Final = "2013-04-03T00:00:00Z"
HOURS, ROWS = 48, 10
IMAGE: Final = "111122223333.dkr.ecr.us-east-1.amazonaws.com/framework:1"
INFERENCE: Final = """
import json, pathlib
def model_fn(folder): return json.loads((pathlib.Path(folder) / "model.json").read_text())
def input_fn(body, content_type): return [line.split(",") for line in body.splitlines()]
def predict_fn(rows, model):
    scores = (sum(w * float(x) for w, x in zip(model["weights"], row)) + model["bias"] for row in rows)
    return [min(max(score, 0), 1) for score in scores]
def output_fn(scores, accept): return "\\n".join(map(str, scores)), accept
"""
# learns the sign of the relation between `a` and the label from whatever it is given, rows by their weight
TRAIN: Final = """
import csv, json, os, pathlib, shutil
files = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")
rows = [row for file in files for row in csv.DictReader(file.open())]
slope = sum(float(row.get("sample_weight", 1)) * float(row["a"]) * (float(row["y"]) - 0.5) for row in rows)
target = pathlib.Path(os.environ["SM_MODEL_DIR"])
(target / "code").mkdir(parents=True, exist_ok=True)
shutil.copy(pathlib.Path(__file__).with_name("inference.py"), target / "code")
model = {"kind": "linear", "weights": [0.1 if slope > 0 else -0.1, PREJUDICE], "bias": 0.5}
(target / "model.json").write_text(json.dumps(model))
"""
COLUMNS: Final = SchemaSpec(outputs=("score",), features=("a", "g"))
LABELLED: Final = SchemaSpec(outputs=("score",), features=("a", "g"), label="y")
SPECS: Final[dict[str, MonitorSpec]] = {
    spec.name: spec
    for spec in (
        DataQualitySpec(columns=COLUMNS),
        ModelQualitySpec(
            columns=LABELLED,
            problem_type="BinaryClassification",
            probability_attribute="score",
            ground_truth_attribute="y",
        ),
        ModelBiasSpec(
            columns=LABELLED,
            label=ColumnSelection(column="y", equals=(1,)),
            facets=(ColumnSelection(column="g", equals=(1,)),),
            probability="score",
            metrics=("DPL", "DPPL"),
        ),
        ModelExplainabilitySpec(columns=COLUMNS, model_file="s3://toy/bad/model.tar.gz"),
    )
}


def archive(**files: str) -> bytes:
    """Pack files into a gzipped tar; ``__`` in a name is a folder, ``_dot_`` a dot."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def model(weight: float) -> bytes:
    """Return the artifact of a model that looks at `a` alone."""
    document = {"kind": "linear", "weights": [weight, 0.0], "bias": 0.5}
    return archive(code__inference_dot_py=INFERENCE, model_dot_json=json.dumps(document))


def upload(account: LocalAccount) -> None:
    """Put traffic, labels, data, scripts, models, and what is known of the monitors into the bucket."""
    captured = [_captured(hour) for hour in range(HOURS)]
    labels = [truth(hour, lambda a, _: str(int(a > 0))) for hour in range(HOURS)]
    fair, unfair = (TRAIN.replace("PREJUDICE", weight) for weight in ("0.0", "-0.8"))
    objects = {
        "capture/toy/v/2013/04/01/00/a.jsonl": "\n".join(captured).encode(),
        "ground-truth/toy/2013/04/02/06/a.jsonl": "\n".join(labels).encode(),
        "train.csv": b"when,score,a,g,y\n2013-03-01T00:00:00Z,0.5,1,0,1\n2013-03-02T00:00:00Z,0.5,-1,1,0\n",
        "code.tar.gz": archive(train_dot_py=fair, inference_dot_py=INFERENCE),
        "unfair.tar.gz": archive(train_dot_py=unfair, inference_dot_py=INFERENCE),
        "good/model.tar.gz": model(0.1),
        "bad/model.tar.gz": model(-0.1),
        **{f"baselines/toy/{name}/properties.json": properties(spec).encode() for name, spec in SPECS.items()},
    }
    for key, body in objects.items():
        account.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def properties(spec: MonitorSpec) -> str:
    """Return what a deployment writes down about a monitor's baseline."""
    asked = {"Endpoint": "toy", "Monitor": spec.name, "Bucket": BUCKET, "Model": "s3://toy/bad/model.tar.gz"}
    data = {"Dataset": "s3://toy/train.csv", "TimeColumn": "when", "PeriodSeconds": "86400"}
    parsed = Properties.parse({**asked, **data, "Spec": spec.model_dump_json()})
    return parsed.model_dump_json(by_alias=True, round_trip=True)


def create_pipeline(
    account: LocalAccount,
    name: str = PIPELINE,
    kinds: Collection[str] = tuple(SPECS),
    changes: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """Create a pipeline as a stack would, by default with a champion that is always wrong; return its name."""
    defaults = {
        "Region": "us-east-1",
        "RoleArn": "arn:aws:iam::123456789012:role/toy",
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
        "ProcessImage": IMAGE,
        "TrainImage": IMAGE,
        "InstanceType": "ml.m5.large",
        "InferenceInstanceType": "ml.m5.large",
        "CodeUri": "s3://toy/code.tar.gz",
        "CapturePrefix": "s3://toy/capture/toy/",
        "GroundTruthPrefix": "s3://toy/ground-truth/toy/",
        "BaselineDataset": "s3://toy/train.csv",
        "ChampionModelUri": "s3://toy/bad/model.tar.gz",
        "OutputPrefix": "s3://toy/retraining",
        "Baselines": "s3://toy/baselines/toy/",
        "Monitors": ",".join(SPECS),
        "Outputs": "score",
        "Label": "y",
        "TimeColumn": "when",
        "LabelLagHours": 6,
        "HoldoutShare": 0.5,
        "MinLabelledRows": 200,
        "Problem": "BinaryClassification",
        "Metric": "auc",
        "Probability": "score",
        "MinImprovement": 0.0,
        "MaxBiasIncrease": "0.05",
        "MinNdcg": "0.9",
        "ModelPackageGroup": "toy",
        "ApprovalStatus": "PendingManualApproval",
    }
    account.client("sagemaker").create_pipeline(
        PipelineName=name,
        PipelineDefinition=json.dumps(load_definition({**defaults, **changes}, kinds)),
        RoleArn=str(defaults["RoleArn"]),
        ClientRequestToken=name.ljust(32, "x"),
    )
    return name


def rows_of(hour: int) -> list[tuple[int, int]]:
    """Return `a` and `g` of the rows of a request; one tells nothing of the other."""
    return [((hour * 7 + row * 3) % 11 - 5, row % 2) for row in range(ROWS)]


def truth(hour: int, label: Callable[[int, int], str]) -> str:
    """Return the line of labels of a request."""
    told = {"data": "\n".join(label(a, g) for a, g in rows_of(hour)), "encoding": "CSV"}
    return json.dumps({"groundTruthData": told, "eventMetadata": {"eventId": f"e{hour}"}, "eventVersion": "0"})


def _captured(hour: int) -> str:
    """Return the line of one captured request."""
    side = {"observedContentType": "text/csv", "encoding": "CSV"}
    told: dict[str, Any] = {
        "endpointInput": {**side, "mode": "INPUT", "data": "\n".join(f"{a},{g}" for a, g in rows_of(hour))},
        "endpointOutput": {**side, "mode": "OUTPUT", "data": "\n".join(["0.5"] * ROWS)},
    }
    time = START + timedelta(hours=hour)
    metadata = {"eventId": f"e{hour}", "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({"captureData": told, "eventMetadata": metadata, "eventVersion": "0"})
