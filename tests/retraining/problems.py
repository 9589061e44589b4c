"""The toy endpoint once more, with a model of several classes and with one of numbers: same traffic, other labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from localaws.account import LocalAccount
from monitoring_core.spec import (
    ColumnSelection,
    DataQualitySpec,
    ModelBiasSpec,
    ModelExplainabilitySpec,
    ModelQualitySpec,
    MonitorSpec,
    ProblemType,
    SchemaSpec,
)

from .toy import BUCKET, HOURS, archive, create_pipeline, properties, rows_of, truth

OUTPUTS: Final = SchemaSpec(outputs=("answer",), features=("a", "g"))
LABELLED: Final = SchemaSpec(outputs=("answer",), features=("a", "g"), label="y")
INFERENCE: Final = """
import json, pathlib
def model_fn(folder): return json.loads((pathlib.Path(folder) / "model.json").read_text())
def input_fn(body, content_type): return [line.split(",") for line in body.splitlines()]
def predict_fn(rows, model): return [sum(w * float(x) for w, x in zip(model["weights"], row)) + 1 for row in rows]
def output_fn(sums, accept): return "\\n".join(str(ANSWER) for x in sums), accept
"""
# the weight of `a` by least squares
TRAIN: Final = """
import csv, json, os, pathlib, shutil
files = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")
rows = [(float(row["a"]), VALUE) for file in files for row in csv.DictReader(file.open())]
weight = sum(a * (y - 1) for a, y in rows) / sum(a * a for a, _ in rows)
target = pathlib.Path(os.environ["SM_MODEL_DIR"])
(target / "code").mkdir(parents=True, exist_ok=True)
shutil.copy(pathlib.Path(__file__).with_name("inference.py"), target / "code")
(target / "model.json").write_text(json.dumps({"kind": "linear", "weights": [weight, 0.0], "bias": 1.0}))
"""


@dataclass(frozen=True)
class Problem:
    """What a model predicts, and everything that its retraining reads beside the traffic.

    Attributes
    ----------
    label : callable
        The truth of a row, of `a` and `g`.
    answer, value : str
        Python for the model's answer, given ``x``, and for the number that a label stands for, given ``row``.
    """

    name: str
    label: Callable[[int, int], str]
    answer: str
    value: str
    specs: tuple[MonitorSpec, ...]
    parameters: dict[str, Any]

    def model(self, weight: float) -> bytes:
        """Return the artifact of a model."""
        document = json.dumps({"kind": "linear", "weights": [weight, 0.0], "bias": 1.0})
        return archive(code__inference_dot_py=self._inference, model_dot_json=document)

    def deploy(self, account: LocalAccount) -> str:
        """Upload what is read and create the pipeline, with a champion that underrates `a`; return its name."""
        place = f"s3://{BUCKET}/{self.name}"
        train = "".join(f"2013-03-01T00:00:00Z,{self.label(a, g)},{a},{g},{self.label(a, g)}\n" for a, g in rows_of(0))
        objects = {
            "labels/2013/04/02/06/a.jsonl": "\n".join(truth(hour, self.label) for hour in range(HOURS)).encode(),
            "train.csv": f"when,answer,a,g,y\n{train}".encode(),
            "code.tar.gz": archive(train_dot_py=TRAIN.replace("VALUE", self.value), inference_dot_py=self._inference),
            "old/model.tar.gz": self.model(0.2),
            "same/model.tar.gz": self.model(2.0),
            **{f"baselines/{spec.name}/properties.json": properties(spec).encode() for spec in self.specs},
        }
        for key, body in objects.items():
            account.client("s3").put_object(Bucket=BUCKET, Key=f"{self.name}/{key}", Body=body)
        given = {
            "CodeUri": f"{place}/code.tar.gz",
            "GroundTruthPrefix": f"{place}/labels/",
            "BaselineDataset": f"{place}/train.csv",
            "ChampionModelUri": f"{place}/old/model.tar.gz",
            "Baselines": f"{place}/baselines/",
            "Monitors": ",".join(spec.name for spec in self.specs),
            "Outputs": "answer",
            "Prediction": "answer",
            "Probability": "-",
            "MaxBiasIncrease": "-",
            "MinNdcg": "-",
            **self.parameters,
        }
        return create_pipeline(account, self.name, {spec.kind for spec in self.specs}, given)

    @property
    def _inference(self) -> str:
        return INFERENCE.replace("ANSWER", self.answer)


def quality(problem: ProblemType) -> ModelQualitySpec:
    """Return the monitor of model quality."""
    return ModelQualitySpec(
        columns=LABELLED, problem_type=problem, inference_attribute="answer", ground_truth_attribute="y"
    )


SIZES: Final = Problem(
    name="sizes",
    label=lambda a, _: "high" if a > 1 else "low" if a < -1 else "mid",
    answer='"high" if x > 3 else "low" if x < -1 else "mid"',
    value='{"low": -5, "mid": 1, "high": 7}[row["y"]]',
    specs=(
        DataQualitySpec(columns=OUTPUTS),
        quality(ProblemType.MULTICLASS),
        ModelBiasSpec(
            columns=LABELLED,
            label=ColumnSelection(column="y", equals=("high",)),
            facets=(ColumnSelection(column="g", equals=(1,)),),
            predicted_label="answer",
            metrics=("DPL", "DPPL"),
        ),
    ),
    parameters={"Problem": "MulticlassClassification", "Metric": "weighted_f1", "MaxBiasIncrease": "0.05"},
)
NUMBERS: Final = Problem(
    name="numbers",
    label=lambda a, g: str(2 * a + 1 + (g - 0.5) / 2),
    answer="x",
    value='float(row["y"])',
    specs=(
        DataQualitySpec(columns=OUTPUTS),
        quality(ProblemType.REGRESSION),
        ModelExplainabilitySpec(columns=OUTPUTS, model_file=f"s3://{BUCKET}/numbers/old/model.tar.gz"),
    ),
    parameters={"Problem": "Regression", "Metric": "rmse", "MinImprovement": 1.0},
)
